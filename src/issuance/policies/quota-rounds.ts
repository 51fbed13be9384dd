import type { CertificateRequest } from '../../model/certificate-request.js';
import type { Decision } from '../../model/decision.js';
import { StoreBusyError } from '../../model/errors.js';
import { quotaLimits } from '../../policy/quota-limits.js';
import type { Conflict, Operation } from '../../store/step.js';

/** What the writer counted when it found a quota used up: at least as true as what was read before. */
export type UsedUpQuota = Extract<Conflict, { readonly kind: 'quota' }>;

/** How a round ended: with something to answer, or with a quota that was used up since facts were gathered. */
export type QuotaRound<T> = { readonly end: T } | { readonly usedUp: UsedUpQuota };

const rounds = 3;

/**
 * Decides and commits, and does so anew where the writer finds a quota used up that was not when facts were gathered:
 * the next round knows what the writer found. The policy whose quota that is permits no more, so most often the second
 * round records a denial; a third is for another policy with a quota of its own. Throws `StoreBusyError` where each of
 * three was used up meanwhile.
 */
export async function inQuotaRounds<T>(
  decideAndCommit: (usedUp: readonly UsedUpQuota[]) => Promise<QuotaRound<T>>,
): Promise<T> {
  const usedUp: UsedUpQuota[] = [];
  while (usedUp.length < rounds) {
    const round = await decideAndCommit(usedUp);
    if ('end' in round) return round.end;
    usedUp.push(round.usedUp);
  }
  throw new StoreBusyError('quotas are used up faster than requests can be decided on');
}

/** The operations that stand before the one that makes a request's certificate count: each holds the quota once more. */
export function quotaOperations(
  decision: Decision,
  request: Pick<CertificateRequest, 'id' | 'cluster' | 'username' | 'groups' | 'requester'>,
  now: Date,
): readonly Operation[] {
  if (decision.outcome === 'denied') return [];
  const { id, cluster, username, groups, requester } = request;
  return quotaLimits(decision.quota, { cluster, username, groups, requester: requester.name }).map(
    ({ limit, atMost }) => ({ op: 'requireQuota', limit, atMost, exceptRequest: id, now }),
  );
}
