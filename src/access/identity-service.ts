import { actsFor, whyNotPermitted } from '../identity/permissions.js';
import {
  type BindingsOfIdentity,
  type BlockAsk,
  type Identity,
  type IdentityBlock,
  type IdentityDetails,
  type IdentityFilter,
  type UnblockAsk,
  inForce,
  listedAtMost,
  plainBlock,
} from '../model/identity.js';
import {
  type FieldError,
  type Outcome,
  type Page,
  type PageQuery,
  type Refused,
  done,
  refused,
} from '../model/outcome.js';
import { foldedName } from '@kubepass/inspect/formats';
import { enforcementOn } from './revocations.js';
import type { Principal } from '../model/principal.js';
import type { IssuanceContext } from '../context/context.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { inPortions } from '../context/in-portions.js';
import { exposedAmong, identityOf, readExposed } from './exposed-identities.js';
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

export type IdentityService = ReturnType<typeof identityService>;

/** The identities that have access, and whoever must not have any. */
export function identityService(context: IssuanceContext) {
  return {
    /** By username; with `blocked: true` in the order of the usernames as names are compared. */
    async list(principal: Principal, filter: IdentityFilter, page: PageQuery): Promise<Outcome<Page<Identity>>> {
      const refusal = whyNotPermitted(principal, 'read-identities');
      if (refusal !== null) return refusal;
      const { items, nextCursor } = await context.store.identities.list(filter, context.clock(), page);
      return done({ items: items.map((one) => identityOf(context, one)), nextCursor });
    },

    /** By username: the certificates that are live, or revoked and not refused everywhere. */
    async timeline(principal: Principal, filter: IdentityFilter, page: PageQuery) {
      const works = (cluster: string) => enforcementOn(context, cluster).continues.length > 0;
      return (
        whyNotPermitted(principal, 'read-identities') ??
        done(await context.store.timeline.list(filter, context.clock(), page, works))
      );
    },

    listExposed: async (principal: Principal, filter: IdentityFilter, page: PageQuery) =>
      whyNotPermitted(principal, 'read-identities') ?? done(await (await readExposed(context, filter))(page)),

    /** All of them, in portions, each of which is read when it is taken. */
    exportExposed: (principal: Principal, filter: IdentityFilter) =>
      whyNotPermitted(principal, 'read-identities') ?? done(inPortions(() => readExposed(context, filter))),

    async find(principal: Principal, username: string): Promise<Outcome<IdentityDetails>> {
      const refusal = whyNotPermitted(principal, 'read-identities');
      if (refusal !== null) return refusal;
      const identity = await readIdentity(context, username);
      const { blocked, waitingRequests, requestedForOthers } = identity;
      const isKnown = blocked !== null || waitingRequests.length > 0 || requestedForOthers.length > 0;
      if (!isKnown && !(await context.store.identities.isKnown(username))) return refused({ kind: 'not-found' });
      return done(identity);
    },

    block: blockIdentity.bind(null, context),
    unblock: unblockIdentity.bind(null, context),
  };
}

/** Everything that certificates, requests, blocks, the directory and role bindings say about one username. */
export async function readIdentity(context: IssuanceContext, username: string): Promise<IdentityDetails> {
  const { store } = context;
  const now = context.clock();
  const limit = listedAtMost + 1;
  const names = await spellingsOf(context, username);
  const [live, requestedForOthers, waitingRequests, [stored = null]] = await Promise.all([
    store.certificates.unexpiredOf(username, { clusters: null, now, limit, revoked: false }),
    store.certificates.requestedForOthers(names, { revokedToo: false, now, limit }),
    waitingFor(context, username, limit),
    store.identityBlocks.find([foldedName(username)]),
  ]);
  const block = inForce(stored, now);
  // A block holds for the name in every spelling.
  const exposed = [...(await exposedAmong(context, block === null ? [username] : names)).values()];
  const residualExposure = exposed.flatMap((one) => one.residualExposure);
  const lists = [live, residualExposure, requestedForOthers, waitingRequests];
  return {
    ...identityOf(context, { username, live: live.slice(0, listedAtMost), block: block && plainBlock(block) }),
    certificates: live.slice(0, listedAtMost),
    waitingRequests: waitingRequests.slice(0, listedAtMost),
    residualExposure: residualExposure.slice(0, listedAtMost),
    requestedForOthers: requestedForOthers.slice(0, listedAtMost),
    roleBindings: bindingsOf(context, username),
    omitted: lists.some(({ length }) => length > listedAtMost) || exposed.some(({ omitted }) => omitted),
  };
}

async function waitingFor(context: IssuanceContext, username: string, limit: number) {
  const found: CertificateRequest[] = [];
  for await (const request of requestsOf(context, username, ['pending', 'approved'], limit))
    if (found.push(request) === limit) break;
  return found;
}

function bindingsOf({ clusters }: IssuanceContext, username: string): readonly BindingsOfIdentity[] {
  return [...clusters.values()]
    .filter(({ cluster }) => cluster.readsRoleBindings)
    .map((issuing) => {
      const { cluster } = issuing;
      const grants = issuing.roleBindings?.blastRadius(username, [])?.grants ?? null;
      const own = grants?.filter(({ subject }) => subject.kind === 'User' && subject.name === username) ?? null;
      return {
        cluster: cluster.name,
        bindings: own && own.map(({ kind, name, namespace, role }) => ({ kind, name, namespace, role })),
      };
    });
}

/**
 * How long the answer waits for a certificate that is being signed; it is revoked once it is recorded, however long
 * that takes.
 */
const waitSeconds = 5;
/** After so many conflicts the block is committed alone, and what it ends comes after it. */
const mostTogether = 3;

/**
 * Blocks a name: it gets no certificate, and loses what it has; whoever came by it through a browser is signed out. The
 * block, and the first hundreds of sessions, requests and certificates, are one commit; the others follow before the
 * answer.
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
  for (const name of await spellingsOf(context, username))
    for await (const { id } of requestsOf(context, name, ['issuing'], 50)) ids.push(id);
  return ids;
}

/** Commits the block, unless the name is blocked in this way already. Answers the part of it whose access ends. */
async function commitBlock(
  context: IssuanceContext,
  actor: string,
  username: string,
  ask: BlockAsk,
): Promise<IdentityBlock> {
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
  context: IssuanceContext,
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
