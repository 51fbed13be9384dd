import { foldedName } from '@kubepass/inspect/formats';
import type { Context } from '../context/context.js';
import { actsFor, whyNotPermitted } from '../callers/permissions.js';
import {
  type BlockAsk,
  type IdentityBlock,
  type IdentityDetails,
  type UnblockAsk,
  inForce,
  plainBlock,
} from '../model/identity.js';
import { type FieldError, type Outcome, type Refused, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import {
  requestsOf,
  blockingStep,
  endAccess,
  findAccess,
  liftingStep,
  nothingToEnd,
  sortedOnce,
  spellingsOf,
  widenedByAsking,
} from './blocks.js';
import { readIdentity } from './read-identities.js';

/**
 * How long the answer waits for a certificate that is being signed. The certificate is revoked once it is recorded,
 * however long that takes.
 */
const waitSeconds = 5;
/** After so many conflicts the block is committed alone. The access that it takes away ends after that commit. */
const mostTogether = 3;

/**
 * Blocks a name. The name gets no certificate any more, its requests end, its certificates are revoked, and its
 * sessions of browsers end. The block and the first hundreds of sessions, requests and certificates are one commit. The
 * others follow before the answer.
 */
export async function blockIdentity(
  context: Context,
  principal: Principal,
  username: string,
  ask: BlockAsk,
): Promise<Outcome<IdentityDetails>> {
  const refusal = whyNotPermitted(principal, 'block-identities') ?? whyNotAsked(context, ask);
  if (refusal !== null) return refusal;
  const { name } = principal;
  const block = await commitBlock(context, name, username, ask);
  await endAccess(context, block, name);
  await Promise.all((await issuingFor(context, username)).map((id) => context.attempts.waitForEnd(id, waitSeconds)));
  return done(await readIdentity(context, username));
}

/** The ids of requests for the name, in every spelling, whose certificates are being signed. */
async function issuingFor(context: Context, username: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of await spellingsOf(context, username))
    for await (const { id } of requestsOf(context, name, ['issuing'], 50)) ids.push(id);
  return ids;
}

/** Commits the block, unless the name is blocked in this way already. Answers the part of it whose access ends. */
async function commitBlock(context: Context, actor: string, username: string, ask: BlockAsk): Promise<IdentityBlock> {
  const { store, clock } = context;
  const { reason, comment = null, until = null } = ask;
  const clusters = ask.clusters ? sortedOnce(ask.clusters) : null;
  for (let tried = 0; ; tried++) {
    const now = clock();
    const [stored = null] = await store.identityBlocks.find([foldedName(username)]);
    const asked = { username, reason, comment, clusters, until, blockedAt: now, blockedBy: actor };
    const { block, leaving, part } = widenedByAsking(stored, asked, now);
    if (block === null) return part;
    const ended = tried < mostTogether ? await findAccess(context, part) : nothingToEnd;
    const step = blockingStep(context, { username, stored, block, leaving, part, ended, actor, now });
    if ((await store.writer.commit(step)).committed) return part;
  }
}

/** Lets a blocked name ask again. It revives nothing. */
export async function unblockIdentity(
  context: Context,
  principal: Principal,
  username: string,
  ask: UnblockAsk,
): Promise<Outcome<IdentityDetails>> {
  const refusal = whyNotPermitted(principal, 'block-identities');
  if (refusal !== null) return refusal;
  if (actsFor(principal, username))
    return refused({ kind: 'not-permitted', message: 'nobody unblocks themselves: somebody else must do it' });
  const { store, clock } = context;
  const { clusters, comment = null } = ask;
  for (;;) {
    const now = clock();
    const [found = null] = await store.identityBlocks.find([foldedName(username)]);
    const stored = inForce(found, now);
    if (stored === null) break;
    const block = plainBlock(stored);
    if (clusters !== undefined && block.clusters === null)
      return invalid(
        '/clusters',
        'it is blocked on every cluster: leave this out, then block it where it is to stay blocked',
      );
    const kept = clusters === undefined ? [] : (block.clusters?.filter((name) => !clusters.includes(name)) ?? []);
    const freed = block.clusters?.filter((name) => !kept.includes(name)) ?? null;
    if (freed?.length === 0) break;
    const rest = kept.length > 0 ? { ...block, clusters: kept } : null;
    const lifting = { username, stored, rest, freed, actor: principal.name, now, comment };
    if ((await store.writer.commit(liftingStep(context, lifting))).committed) break;
  }
  return done(await readIdentity(context, username));
}

/** An answer has at most 100 errors. */
const errorsAtMost = 50;

function whyNotAsked(context: Context, { clusters = [], until }: BlockAsk): Refused | null {
  const errors: FieldError[] = clusters
    .flatMap((name, i) =>
      context.clusters.has(name)
        ? []
        : [{ pointer: `/clusters/${String(i)}`, message: `${JSON.stringify(name)} is not configured` }],
    )
    .slice(0, errorsAtMost);
  if (until !== undefined && until <= context.clock())
    errors.push({ pointer: '/until', message: 'must lie in the future' });
  return errors.length === 0 ? null : refused({ kind: 'invalid-request', errors });
}

const invalid = (pointer: string, message: string): Refused =>
  refused({ kind: 'invalid-request', errors: [{ pointer, message }] });
