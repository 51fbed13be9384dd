import type { CertificateRequest } from '../../model/certificate-request.js';
import type { Decision, DecisionFacts } from '../../model/decision.js';
import { StoreBusyError } from '../../model/errors.js';
import { decide } from '../../policy/decide.js';
import type { PolicySet, RequestToDecide } from '../../policy/policy-set.js';
import { quotaLimits } from '../../policy/quota-limits.js';
import type { Operation } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';
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
  // Read once: other policies may come into force before the decision is recorded.
  const policySet = context.policySet();
  const facts = await gatherFacts(context, asked, policySet, now, usedUp);
  return { decision: decide(asked, asked.requester, facts, policySet, now), facts, policySet, now };
}

/** The end of a round: an answer, or a quota that was used up since facts were gathered. */
export type QuotaRound<T> = { readonly end: T } | { readonly usedUp: UsedUpQuota };

const rounds = 3;

/**
 * Decides and commits. Where the writer finds a quota used up that was not when facts were gathered, another round
 * decides with what the writer found. The policy whose quota that is then permits no more, so most often the second
 * round records a denial; the third is for another policy with a quota of its own. Throws `StoreBusyError` where a
 * quota was used up in each of three rounds.
 */
export async function decideWithinQuotas<T>(
  context: IssuanceContext,
  asked: RequestToDecide & FactsSubject,
  commit: (decided: DecidedNow) => Promise<QuotaRound<T>>,
): Promise<T> {
  const usedUp: UsedUpQuota[] = [];
  while (usedUp.length < rounds) {
    const round = await commit(await decideNow(context, asked, usedUp));
    if ('end' in round) return round.end;
    usedUp.push(round.usedUp);
  }
  throw new StoreBusyError('quotas are used up faster than requests can be decided on');
}

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
    ...{ cluster, username, groups, requester: requester.name },
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
