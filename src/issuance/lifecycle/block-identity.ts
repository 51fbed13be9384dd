import { actsFor, whyNotPermitted } from '../../identity/permissions.js';
import { auditEvent } from '../../model/audit-event.js';
import { foldedName } from '../../model/folded-name.js';
import {
  plainBlock,
  type IdentityBlock,
  type LeavingPart,
  type StoredIdentityBlock,
} from '../../model/identity-block.js';
import type { BlockAsk, IdentityDetails, UnblockAsk } from '../../model/identity.js';
import { done, refused, type FieldError, type Outcome, type Refused } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { LeftOver } from '../../model/webhook-delivery.js';
import type { Operation, Step } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';
import { announce } from '../events.js';
import { partOfOthers, sorted, widenedByAsking, widenedByLeaving } from './block-steps.js';
import { endAccess, endingStep, findAccess, nothingToEnd, spellingsOf, type AccessToEnd } from './end-access.js';
import { readIdentity } from './read-identity.js';

/** How long the answer waits for a certificate that is being signed; it is revoked once it is recorded, however long that takes. */
const waitSeconds = 5;
/** After so many conflicts the block is committed alone, and what it ends comes after it. */
const mostTogether = 3;

/**
 * Blocks a name: it gets no certificate, and loses what it has; whoever came by it through a browser is signed out. The
 * block, and the first hundreds of sessions, requests and certificates, are one commit; the others follow before the answer.
 */
export async function blockIdentity(
  context: IssuanceContext,
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
async function issuingFor(context: IssuanceContext, username: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of await spellingsOf(context, username)) {
    const filter = { state: 'issuing', username: name } as const;
    const { items } = await context.store.requests.list(filter, { limit: 50, cursor: null });
    ids.push(...items.map(({ id }) => id));
  }
  return ids;
}

/** Commits the block as it is to be, unless it is that already. Answers the part of it whose access ends. */
async function commitBlock(
  context: IssuanceContext,
  actor: string,
  username: string,
  ask: BlockAsk,
): Promise<IdentityBlock> {
  for (let tried = 0; ; tried++) {
    const prepared = await prepareBlock(context, actor, username, ask, {
      now: context.clock(),
      together: tried < mostTogether,
    });
    if (prepared.step === null) return prepared.part;
    const { committed } = await context.store.writer.commit(prepared.step);
    if (committed) return prepared.part;
  }
}

/** A block with everything that is committed together with it. */
export interface PreparedBlock {
  /** The part of it that was asked for. */
  readonly part: IdentityBlock;
  readonly leaving: LeavingPart | null;
  /** Null where the name is blocked in this way already. */
  readonly step: Step | null;
  /** The access that the step ends: the first part of it. */
  readonly ended: AccessToEnd;
}

export interface BlockOptions {
  readonly now: Date;
  /** Whether the step ends the first part of the access too. */
  readonly together: boolean;
  /** Whether the directory asks, because somebody left; default false. */
  readonly isLeaving?: boolean;
  /** Whether requests that wait are cancelled; default true. */
  readonly cancelRequests?: boolean;
  /** The access that is left when the step is committed, for the message to webhooks. */
  readonly leftOver?: (ended: AccessToEnd) => Promise<LeftOver>;
}

/** The step that blocks a name and ends its access; it conflicts where the block or the access has changed meanwhile. */
export async function prepareBlock(
  context: IssuanceContext,
  actor: string,
  username: string,
  ask: BlockAsk,
  { now, together, isLeaving = false, cancelRequests = true, leftOver }: BlockOptions,
): Promise<PreparedBlock> {
  const folded = foldedName(username);
  const [stored = null] = await context.store.identityBlocks.find([folded]);
  const { reason, comment = null, clusters: named = null, until = null } = ask;
  const clusters = named && sorted(named);
  const asked = { username, reason, comment, clusters, until, blockedAt: now, blockedBy: actor };
  const after = (isLeaving ? widenedByLeaving : widenedByAsking)(stored, asked, now);
  if (after === null) {
    if (stored === null) throw new Error('a name that is not blocked is blocked already');
    const part = (isLeaving ? null : partOfOthers(stored, now)) ?? plainBlock(stored);
    return { part, leaving: stored.leaving, step: null, ended: nothingToEnd };
  }
  const { block, leaving, part } = after;
  const found = together ? await findAccess(context, part) : nothingToEnd;
  const ended = cancelRequests ? found : { ...found, requests: [] };
  const left = leftOver && (await leftOver(ended));
  const ending = endingStep(context, ended, part, actor, now);
  const counts = { revokedCertificates: ended.certificates.length, cancelledRequests: ended.requests.length };
  const end = part.until && part.until.toISOString();
  const details = { username, clusters: part.clusters, reason, comment, until: end, ...counts };
  const step: Step = {
    operations: [
      ...(stored ? [remove(stored, folded)] : []),
      { op: 'insertIdentityBlock', block, folded, leaving },
      ...ending.operations,
      ...announce(context, { event: 'identity.blocked', at: now, block: part, ...counts, ...(left && { left }) }),
    ],
    events: [auditEvent('IdentityBlocked', now, actor, details), ...ending.events],
  };
  return { part, leaving, step, ended };
}

const remove = ({ n }: StoredIdentityBlock, folded: string): Operation => ({ op: 'removeIdentityBlock', folded, n });

/** Lets a blocked name ask again. It revives nothing. */
export async function unblockIdentity(
  context: IssuanceContext,
  principal: Principal,
  username: string,
  ask: UnblockAsk,
): Promise<Outcome<IdentityDetails>> {
  const refusal = whyNotPermitted(principal, 'block-identities');
  if (refusal !== null) return refusal;
  if (actsFor(principal, username))
    return refused({ kind: 'not-permitted', message: 'nobody unblocks themselves: somebody else must do it' });
  const { clusters, comment = null } = ask;
  const folded = foldedName(username);
  for (;;) {
    const at = context.clock();
    const [stored] = await context.store.identityBlocks.find([folded]);
    if (stored === undefined || (stored.until !== null && stored.until <= at)) break;
    const block = plainBlock(stored);
    if (clusters !== undefined && block.clusters === null)
      return invalid(
        '/clusters',
        'it is blocked on every cluster: leave this out, then block it where it is to stay blocked',
      );
    const kept = clusters === undefined ? [] : (block.clusters?.filter((name) => !clusters.includes(name)) ?? []);
    const freed = block.clusters?.filter((name) => !kept.includes(name)) ?? null;
    if (freed?.length === 0) break;
    const { name: unblockedBy } = principal;
    const ended = { ...block, clusters: freed };
    const { committed } = await context.store.writer.commit({
      operations: [
        remove(stored, folded),
        ...(kept.length > 0
          ? [{ op: 'insertIdentityBlock', block: { ...block, clusters: kept }, folded } as const]
          : []),
        ...announce(context, { event: 'identity.unblocked', at, block: ended, unblockedBy, comment }),
      ],
      events: [auditEvent('IdentityUnblocked', at, unblockedBy, { username, clusters: freed, comment })],
    });
    if (committed) break;
  }
  return done(await readIdentity(context, username));
}

/** The step that ends the part of the directory. The part of others stays, as far as it is not over. */
export function liftingStep(
  context: IssuanceContext,
  actor: string,
  stored: StoredIdentityBlock,
  now: Date,
  comment: string,
): Step {
  const rest = partOfOthers(stored, now);
  const { username } = stored;
  const folded = foldedName(username);
  const { clusters: blocked = [] } = rest ?? {};
  const freed = rest === null ? null : [...context.clusters.keys()].filter((name) => blocked?.includes(name) === false);
  const isFreed = freed === null || freed.length > 0;
  const block = { ...plainBlock(stored), clusters: freed };
  return {
    operations: [
      remove(stored, folded),
      ...(rest === null ? [] : [{ op: 'insertIdentityBlock', block: rest, folded } as const]),
      ...(isFreed
        ? announce(context, { event: 'identity.unblocked', at: now, block, unblockedBy: actor, comment })
        : []),
    ],
    events: isFreed ? [auditEvent('IdentityUnblocked', now, actor, { username, clusters: freed, comment })] : [],
  };
}

/** An answer has at most 100 errors. */
const errorsAtMost = 50;

function whyNotAsked(context: IssuanceContext, { clusters = [], until }: BlockAsk): Refused | null {
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
