import type { CertificateRequest } from '../model/certificate-request.js';
import type { BlockedParty, Decision, DecisionFacts } from '../model/decision.js';
import { StoreBusyError } from '../model/errors.js';
import { decide } from '../policy/decide.js';
import type { PolicySet, RequestToDecide } from '../policy/policy-set.js';
import { quotaLimits } from '../policy/quota-limits.js';
import type { Operation } from '../store/steps/step.js';
import { type IssuanceContext, phase } from '../context/context.js';
import { unlessBlocked, type PartiesOfRequest } from '../context/standing.js';
import { gatherFacts, type FactsSubject, type UsedUpQuota } from './gather-facts.js';

/** A decision, and what it rests on. */
export interface DecidedNow {
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly policySet: PolicySet;
  readonly now: Date;
}

/** Decides under the policies in force, with facts as they are now. `usedUp` as in `gatherFacts`. */
export async function decideNow(
  context: IssuanceContext,
  asked: RequestToDecide & FactsSubject,
  usedUp: readonly UsedUpQuota[] = [],
  now = context.clock(),
): Promise<DecidedNow> {
  const basis = await basisOf(context, asked, usedUp, now);
  return decideOn(basis, asked, await context.identityBlocks.of(asked, now));
}

/**
 * The same for a step that requires that nobody is blocked. So it looks that up only for a name that was blocked before, and
 * for a request that is denied anyway: the caller is told every reason at once.
 */
async function decideForCommit(
  context: IssuanceContext,
  asked: RequestToDecide & FactsSubject,
  usedUp: readonly UsedUpQuota[],
): Promise<DecidedNow> {
  if (context.identityBlocks.isSuspect(asked)) return decideNow(context, asked, usedUp);
  const now = context.clock();
  const basis = await basisOf(context, asked, usedUp, now);
  const decided = decideOn(basis, asked, []);
  if (decided.decision.outcome === 'permitted') return decided;
  const blocked = await context.identityBlocks.of(asked, now);
  return blocked.length === 0 ? decided : decideOn(basis, asked, blocked);
}

type DecisionBasis = Omit<DecidedNow, 'decision'>;

async function basisOf(
  context: IssuanceContext,
  asked: FactsSubject,
  usedUp: readonly UsedUpQuota[],
  now: Date,
): Promise<DecisionBasis> {
  // Read once: other policies may come into force before the decision is recorded.
  const policySet = context.policySet();
  return { facts: await gatherFacts(context, asked, policySet, now, usedUp), policySet, now };
}

function decideOn(
  basis: DecisionBasis,
  asked: RequestToDecide & FactsSubject,
  blocked: readonly BlockedParty[],
): DecidedNow {
  const { policySet, now } = basis;
  const facts = withBlocked(basis.facts, blocked);
  return { decision: decide(asked, asked.requester, facts, policySet, now), facts, policySet, now };
}

export const withBlocked = (facts: DecisionFacts, blocked: readonly BlockedParty[]): DecisionFacts =>
  blocked.length === 0 ? facts : { ...facts, blocked };

/**
 * The end of a round: an answer, a quota that was used up since facts were gathered, or that one of the conditions of
 * `conditionsOf` does not hold.
 */
export type QuotaRound<T> = { readonly end: T } | { readonly usedUp: UsedUpQuota } | { readonly outdated: true };

const rounds = 3;

/**
 * Decides and commits. Where the writer finds a quota used up that was not when facts were gathered, another round
 * decides with what the writer found. The policy whose quota that is then permits no more, so most often the second
 * round records a denial; the third is for another policy with a quota of its own. It is the same where the writer finds
 * that one of the parties is blocked, or that the certificate to renew is revoked. Throws `StoreBusyError` where that goes on for longer.
 */
export async function decideWithinQuotas<T>(
  context: IssuanceContext,
  asked: RequestToDecide & FactsSubject,
  commit: (decided: DecidedNow) => Promise<QuotaRound<T>>,
): Promise<T> {
  const usedUp: UsedUpQuota[] = [];
  let outdated = 0;
  while (usedUp.length < rounds && outdated < rounds) {
    const decideAgain = outdated === 0 ? decideForCommit : decideNow;
    const decided = await phase(context, 'decide', asked.cluster, () => decideAgain(context, asked, usedUp));
    const round = await commit(decided);
    if ('end' in round) return round.end;
    if ('usedUp' in round) usedUp.push(round.usedUp);
    else outdated += 1;
  }
  throw new StoreBusyError('quotas are used up faster than requests can be decided on');
}

/**
 * The conditions of each step that records a request or begins an attempt: none of the parties is blocked, and the
 * certificate to renew is not revoked. So nothing is begun once a block or a revocation is committed.
 */
export const conditionsOf = (
  request: PartiesOfRequest & Pick<CertificateRequest, 'renewal'>,
  now: Date,
): readonly Operation[] => [
  unlessBlocked(request, now),
  ...(request.renewal ? [{ op: 'requireUnrevoked' as const, fingerprintSha256: request.renewal.of }] : []),
];

/**
 * Operations that check the deciding policy's quota, and that of a lineage, once more, before the one that makes the request's certificate
 * count.
 */
export function quotaOperations(
  decision: Decision,
  request: Pick<CertificateRequest, 'id' | 'cluster' | 'username' | 'groups' | 'requester' | 'renewal'>,
  now: Date,
): readonly Operation[] {
  if (decision.outcome === 'denied') return [];
  const { id, cluster, username, groups, requester, renewal } = request;
  const except = { exceptRequest: id, ...(renewal && { exceptLineage: renewal.lineage }) };
  const subject = {
    cluster,
    username,
    groups,
    requester: requester.name,
    ...(renewal && { lineage: renewal.lineage }),
  };
  return quotaLimits(decision.quota, subject).map(({ limit, atMost }) => ({
    op: 'requireQuota',
    limit,
    atMost,
    ...except,
    now,
  }));
}
