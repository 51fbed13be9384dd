import type { Quota, QuotaLimit } from '../model/decision.js';

/** A count with its bound: one more is too many once `atMost` is reached. */
export interface BoundedLimit {
  readonly limit: QuotaLimit;
  readonly atMost: number;
}

/** Whose certificates a quota counts for a request. */
export interface QuotaSubject {
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
  /** The requester's name. */
  readonly requester: string;
}

/** Every count that a request must stay within under a quota: one for each group, one for each of the others. */
export function quotaLimits(
  quota: Quota,
  { cluster, username, groups, requester }: QuotaSubject,
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
  return limits;
}
