import type { Quota, QuotaLimit } from '../model/decision.js';

/** A count with its limit. Once it reaches `atMost`, one more is too many. */
interface BoundedLimit {
  readonly limit: QuotaLimit;
  readonly atMost: number;
}

/** The parts of a request that quotas count certificates by. */
interface QuotaSubject {
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
  /** The name of the requester. */
  readonly requester: string;
  /** Given where the bound of a lineage, which no policy sets, counts too. */
  readonly lineage?: string;
}

/**
 * How many certificates of a lineage may be valid at once, the new one counted: the one in use, one that is being rolled
 * out, and one more. So a client that renews in a loop fills no disk.
 */
export const mostLivePerLineage = 3;

/** The counts that a quota limits for a request: `livePerGroup` gives one for each group. */
export function quotaLimits(
  quota: Quota,
  { cluster, username, groups, requester, lineage }: QuotaSubject,
): readonly BoundedLimit[] {
  const { livePerUsername, livePerGroup, livePerRequester, issuancesPerHour } = quota;
  const limits: BoundedLimit[] = [];
  if (livePerUsername !== undefined)
    limits.push({ limit: { kind: 'livePerUsername', cluster, username }, atMost: livePerUsername });
  if (livePerGroup !== undefined)
    for (const group of groups) limits.push({ limit: { kind: 'livePerGroup', cluster, group }, atMost: livePerGroup });
  if (livePerRequester !== undefined)
    limits.push({ limit: { kind: 'livePerRequester', cluster, requester }, atMost: livePerRequester });
  if (issuancesPerHour !== undefined)
    limits.push({ limit: { kind: 'issuancesPerHour', cluster, requester }, atMost: issuancesPerHour });
  if (lineage !== undefined)
    limits.push({ limit: { kind: 'livePerLineage', cluster, lineage }, atMost: mostLivePerLineage });
  return limits;
}
