import type { QuotaUsage } from '../model/decision.js';
import { quote } from '../model/quote.js';
import type { QuotaLimit } from '../model/quota.js';
import type { Asked } from './asked.js';
import { failedFinding, finding, type Finding } from './evaluation.js';
import type { Policy } from './policy-set.js';
import { quotaLimits } from './quota-limits.js';

/** Whether one more certificate stays within each bound. What was not counted exceeds it. */
export function checkQuota({ name, quota }: Policy, { request, requester, facts }: Asked): readonly Finding[] {
  const { username, groups } = request;
  const subject = { cluster: facts.cluster, username, groups, requester: requester.name };
  return quotaLimits(quota, subject).map(({ limit, atMost }) => {
    const check = `quota.${limit.kind}`;
    const expected = `less than ${atMost} ${whoseOf(limit)}`;
    const used = facts.usage && usedOf(limit, facts.usage);
    if (used === undefined)
      return failedFinding(check, expected, `${check} of policy "${name}" could not be evaluated`);
    const exceeded = `${used} ${whoseOf(limit)}, and policy "${name}" permits at most ${atMost}`;
    return finding(check, expected, `${used}`, 'QuotaExceeded', used < atMost ? [] : [exceeded]);
  });
}

function usedOf(limit: QuotaLimit, usage: QuotaUsage): number | undefined {
  if (limit.kind !== 'livePerGroup') return usage[limit.kind];
  return Object.hasOwn(usage.livePerGroup, limit.group) ? usage.livePerGroup[limit.group] : undefined;
}

function whoseOf(limit: QuotaLimit): string {
  switch (limit.kind) {
    case 'livePerUsername':
      return `live for username ${quote(limit.username)}`;
    case 'livePerGroup':
      return `live with group ${quote(limit.group)}`;
    case 'livePerRequester':
      return `live that ${quote(limit.requester)} asked for`;
    case 'issuancesPerHour':
      return `issued to ${quote(limit.requester)} within an hour`;
  }
}
