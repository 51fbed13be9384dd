import { foldedName } from '@kubepass/inspect/formats';
import { auditEvent } from '../model/audit-event.js';
import {
  type IdentityBlock,
  type LeavingPart,
  type StoredIdentityBlock,
  inForce,
  partOfOthers,
  plainBlock,
} from '../model/identity.js';
import type { LeftOver } from '../model/webhook-delivery.js';
import type { Step, Write } from '../store/steps/step.js';
import { insertIdentityBlock, removeIdentityBlock } from '../store/tables/identity-block-table.js';
import { endSession } from '../store/tables/session-table.js';
import type { Context } from '../context/context.js';
import { announce, moveRequest, requestEvent } from '../context/request-steps.js';
import { sessionEnded } from '../callers/sessions.js';
import type { ListedCertificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { Page } from '../model/outcome.js';
import type { Session } from '../model/session.js';
import { endTokens } from './leavers-tokens.js';
import { revocationBy, revocationStep } from './revoke-certificate.js';

/** The block of a name once another one is asked for. */
interface WidenedBlock {
  /** The block to store in place of the one that there is; null: that one holds all of it already. */
  readonly block: IdentityBlock | null;
  readonly leaving: LeavingPart | null;
  /** The part of it that was asked for: the access on its clusters ends with it. */
  readonly part: IdentityBlock;
}

/** The block once somebody has asked for this one. The directory's part of it stays. */
export function widenedByAsking(stored: StoredIdentityBlock | null, asked: IdentityBlock, now: Date): WidenedBlock {
  const before = partOfOthers(stored, now);
  const leaving = stored?.leaving ?? null;
  const part = before === null ? asked : widened(before, asked);
  if (before !== null && isSame(part, before)) return { block: null, leaving, part: before };
  if (leaving === null) return { block: part, leaving, part };
  return { block: { ...part, ...everywhere }, leaving: { ...leaving, besides: part }, part };
}

/** The block once somebody has left: on every cluster until they return. The part of others is kept beside it. */
export function widenedByLeaving(stored: StoredIdentityBlock | null, asked: IdentityBlock, now: Date): WidenedBlock {
  if (stored !== null && stored.leaving !== null && isSame(asked, stored))
    return { block: null, leaving: stored.leaving, part: plainBlock(stored) };
  const block = { ...asked, ...everywhere, username: inForce(stored, now)?.username ?? asked.username };
  return { block, leaving: { at: now, besides: partOfOthers(stored, now) }, part: block };
}

const everywhere = { clusters: null, until: null };

/**
 * A block only grows: to the clusters of both, until the later end. So nobody who blocks a name on one cluster lets it
 * in on another one.
 */
function widened(before: IdentityBlock, asked: IdentityBlock): IdentityBlock {
  const clusters = asked.clusters && before.clusters && sortedOnce([...asked.clusters, ...before.clusters]);
  const until = asked.until && before.until && (asked.until > before.until ? asked.until : before.until);
  return { ...asked, username: before.username, clusters, until };
}

/** The names in their order, each of them once. */
export const sortedOnce = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

/** Whether the block changes nothing but who says so when. */
const isSame = (block: IdentityBlock, stored: IdentityBlock): boolean =>
  block.reason === stored.reason &&
  block.comment === stored.comment &&
  block.until?.getTime() === stored.until?.getTime() &&
  JSON.stringify(block.clusters) === JSON.stringify(stored.clusters);

/** A block that takes the place of the one that there is, and the access that ends in the same commit. */
interface Blocking {
  /** The name as it was asked for. */
  readonly username: string;
  readonly stored: StoredIdentityBlock | null;
  readonly block: IdentityBlock;
  readonly leaving: LeavingPart | null;
  readonly part: IdentityBlock;
  readonly ended: AccessToEnd;
  readonly actor: string;
  readonly now: Date;
  /** The access that goes on although somebody left, for the message to webhooks. */
  readonly left?: LeftOver;
}

/**
 * The step that blocks a name and ends its access. It conflicts where the block or the access has changed meanwhile.
 */
export function blockingStep(context: Context, blocking: Blocking): Step {
  const { username, stored, block, leaving, part, ended, actor, now, left } = blocking;
  const { clusters, reason, comment, until } = part;
  const folded = foldedName(username);
  const ending = endingStep(context, ended, part, actor, now);
  const counts = { revokedCertificates: ended.certificates.length, cancelledRequests: ended.requests.length };
  const details = { username, clusters, reason, comment, until: until && until.toISOString(), ...counts };
  return {
    operations: [
      ...(stored ? [removal(stored)] : []),
      insertIdentityBlock({ block, folded, leaving }),
      ...ending.operations,
      ...announce(context, { event: 'identity.blocked', at: now, block: part, ...counts, ...(left && { left }) }),
    ],
    events: [auditEvent('IdentityBlocked', now, actor, details), ...ending.events],
  };
}

/** A lifted block, in part or as a whole. */
interface Lifting {
  /** The name as it was asked for. */
  readonly username: string;
  readonly stored: StoredIdentityBlock;
  /** The block that takes its place; null: the name is free. */
  readonly rest: IdentityBlock | null;
  /** The clusters on which the name is free now; null: on every cluster. */
  readonly freed: readonly string[] | null;
  readonly actor: string;
  readonly now: Date;
  readonly comment: string | null;
}

/**
 * The step that lifts a block. It revives nothing, and tells of nothing where the name stays blocked on every cluster.
 */
export function liftingStep(context: Context, { username, stored, rest, freed, actor, now, comment }: Lifting): Step {
  const isFreed = freed === null || freed.length > 0;
  const block = { ...plainBlock(stored), clusters: freed };
  const unblocked = { event: 'identity.unblocked', at: now, block, unblockedBy: actor, comment } as const;
  return {
    operations: [
      removal(stored),
      ...(rest === null ? [] : [insertIdentityBlock({ block: rest, folded: foldedName(username) })]),
      ...(isFreed ? announce(context, unblocked) : []),
    ],
    events: isFreed ? [auditEvent('IdentityUnblocked', now, actor, { username, clusters: freed, comment })] : [],
  };
}

/** The step that ends the directory's part of a block. The part of others stays, as far as it is not over. */
export function liftLeaving(
  context: Context,
  actor: string,
  stored: StoredIdentityBlock,
  now: Date,
  comment: string,
): Step {
  const rest = partOfOthers(stored, now);
  const { clusters: blocked = [] } = rest ?? {};
  const freed = rest === null ? null : [...context.clusters.keys()].filter((name) => blocked?.includes(name) === false);
  return liftingStep(context, { username: stored.username, stored, rest, freed, actor, now, comment });
}

const removal = ({ n, username }: StoredIdentityBlock): Write =>
  removeIdentityBlock({ folded: foldedName(username), n });

/** How many certificates, requests and sessions are ended in one commit: others wait for it a few milliseconds. */
const endedAtOnce = 200;

/** The access that a blocked identity still has: on the clusters of its block, and to kubepass. */
export interface AccessToEnd {
  readonly sessions: readonly Session[];
  readonly requests: readonly CertificateRequest[];
  readonly certificates: readonly ListedCertificate[];
}

export const nothingToEnd: AccessToEnd = { sessions: [], requests: [], certificates: [] };

/** Every way in which requests write the name. */
export async function spellingsOf({ store }: Context, username: string): Promise<readonly string[]> {
  const folded = foldedName(username);
  return [...new Set([username, folded, ...(await store.identities.spellings([folded]))])];
}

/** The requests of a username in these states. */
export async function* requestsOf(
  { store }: Context,
  username: string,
  states: readonly CertificateRequest['state'][],
  atOnce: number,
): AsyncGenerator<CertificateRequest> {
  for (const state of states) {
    let cursor: string | null = null;
    do {
      const page: Page<CertificateRequest> = await store.requests.list({ state, username }, { limit: atOnce, cursor });
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
}

/**
 * The first part of it, in every spelling of the name; of certificates those that end at `endsAtMost` or earlier. A
 * block of some clusters ends the sessions that there were: whoever is blocked there signs in anew, and may do so.
 */
export async function findAccess(
  context: Context,
  { clusters, blockedAt, username }: Pick<IdentityBlock, 'clusters' | 'username' | 'blockedAt'>,
  endsAtMost?: Date,
): Promise<AccessToEnd> {
  const { store, clock } = context;
  const now = clock();
  const names = await spellingsOf(context, username);
  const wanted = { revoked: false, clusters, now, endsAtMost, limit: endedAtOnce };
  const begunUntil = clusters === null ? null : blockedAt;
  const [sessions, requests, ...certificates] = await Promise.all([
    store.sessions.openOf(foldedName(username), now, begunUntil, endedAtOnce),
    store.requests.waitingOf(names, clusters, endedAtOnce),
    ...names.map((name) => store.certificates.unexpiredOf(name, wanted)),
  ]);
  return { sessions, requests, certificates: certificates.flat().sort(endingLast).slice(0, endedAtOnce) };
}

const endingLast = (one: ListedCertificate, other: ListedCertificate): number =>
  other.notAfter.getTime() - one.notAfter.getTime();

/** The step that ends, cancels and revokes it. */
function endingStep(
  context: Context,
  { sessions, requests, certificates }: AccessToEnd,
  block: IdentityBlock,
  actor: string,
  now: Date,
): Step {
  const reason = 'IdentityBlocked';
  const revoked = revocationStep(context, certificates, { ...revocationBy(block, now), revokedBy: actor });
  return {
    operations: [
      ...sessions.map(({ id }) => endSession({ id, at: now })),
      ...requests.map(({ id, state }) => moveRequest(id, { state }, { state: 'cancelled', waitsUntil: null })),
      ...revoked.operations,
    ],
    events: [
      ...sessions.map((session) => sessionEnded(session, now, actor, reason)),
      ...requests.map((request) => requestEvent('RequestCancelled', now, actor, request, { reason })),
      ...revoked.events,
    ],
  };
}

/** How often a part is tried again because something of it has moved on. */
const mostConflicts = 10;

/**
 * Ends whatever is left, part by part, until nothing is. It comes after the commit of the block: nothing is added then,
 * and what was added before is found. Repeating it does no harm, so it may be cut off at any place.
 */
export async function endAccess(
  context: Context,
  block: IdentityBlock,
  actor: string,
  { cancelRequests = true }: { readonly cancelRequests?: boolean } = {},
): Promise<void> {
  // Certificates that end last come first. Where there are thousands, the next part need not pass by all that are
  // revoked already.
  let endsAtMost: Date | undefined;
  for (let conflicts = 0; conflicts < mostConflicts;) {
    const found = await findAccess(context, block, endsAtMost);
    const left = cancelRequests ? found : { ...found, requests: [] };
    const isEmpty = left.sessions.length + left.requests.length + left.certificates.length === 0;
    if (isEmpty && endsAtMost === undefined) return;
    endsAtMost = left.certificates.at(-1)?.notAfter;
    if (isEmpty) continue;
    const { committed } = await context.store.writer.commit(endingStep(context, left, block, actor, context.clock()));
    if (!committed) conflicts += 1;
  }
}

/** How many blocks one round looks at. */
const blocksAtOnce = 50;

/** Ends the access that a process left to blocked identities when it died. Each call looks at the next blocks. */
export class BlockedAccess {
  #after = '';

  constructor(private readonly context: Context) {}

  async endNext(): Promise<void> {
    const { store, clock, directory } = this.context;
    const now = clock();
    const found = await store.identityBlocks.chunk(this.#after, blocksAtOnce);
    this.#after = found.length < blocksAtOnce ? '' : (found.at(-1)?.folded ?? '');
    const inForce = found.filter(({ until }) => until === null || until > now);
    const leavers = inForce.filter(({ leaving }) => leaving !== null);
    const bearers = await store.directory.bearersOf(leavers.map(({ folded }) => folded));
    const kept = new Set(bearers.flatMap(({ left }) => left?.keptTokens ?? []));
    for (const actor of new Set(leavers.map(({ blockedBy }) => blockedBy))) {
      const theirs = leavers.filter(({ blockedBy }) => blockedBy === actor).map(({ folded }) => folded);
      await endTokens(this.context, actor, theirs, kept);
    }
    for (const block of inForce) {
      const besides = block.leaving === null ? null : partOfOthers(block, now);
      // Requests of somebody whom the directory let go wait where the configuration says so, and others blocked nobody
      // there.
      const cancelRequests = block.leaving === null || directory.cancelRequests;
      await endAccess(this.context, block, block.blockedBy, { cancelRequests });
      if (besides !== null && !cancelRequests) await endAccess(this.context, besides, besides.blockedBy);
    }
  }
}
