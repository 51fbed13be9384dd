import { sessionEnded } from '../identity/sessions.js';
import { foldedName } from '@kubepass/inspect/formats';
import { partOfOthers, type IdentityBlock } from '../model/identity-block.js';
import type { ListedCertificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { Session } from '../model/session.js';
import type { Step } from '../store/steps/step.js';
import type { IssuanceContext } from '../context/context.js';
import { requestEvent } from '../context/events.js';
import { moveRequest } from '../context/request-states.js';
import { endTokens } from './roles-lost.js';
import { revocationBy, revocationSteps } from './revocation-steps.js';

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
export async function spellingsOf({ store }: IssuanceContext, username: string): Promise<readonly string[]> {
  const folded = foldedName(username);
  return [...new Set([username, folded, ...(await store.identities.spellings(folded))])];
}

/**
 * The first part of it, in every spelling of the name; of certificates those that end at `endsAtMost` or earlier. A
 * block of some clusters ends the sessions that there were: whoever is blocked there signs in anew, and may do so.
 */
export async function findAccess(
  context: IssuanceContext,
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
export function endingStep(
  context: IssuanceContext,
  { sessions, requests, certificates }: AccessToEnd,
  block: IdentityBlock,
  actor: string,
  now: Date,
): Step {
  const reason = 'IdentityBlocked';
  const revoked = revocationSteps(context, certificates, { ...revocationBy(block, now), revokedBy: actor });
  return {
    operations: [
      ...sessions.map(({ id }) => ({ op: 'endSession', id, at: now }) as const),
      ...requests.map(({ id, state }) => moveRequest(id, { state }, { state: 'cancelled', expiresAt: null })),
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
  context: IssuanceContext,
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

/**
 * Ends what blocked identities still have: a process may have died before it was done. Each call looks at the next
 * blocks.
 */
export class BlockedAccess {
  #after = '';

  constructor(private readonly context: IssuanceContext) {}

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
