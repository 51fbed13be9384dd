import type { QuotaLimit, QuotaUsage } from '../model/decision.js';
import { quote } from '../model/quote.js';
import type { Asked } from './asked.js';
import type { Findings } from './evaluation.js';
import type { Policy } from './policy-set.js';
import { quotaLimits } from './quota-limits.js';

/** Whether one more certificate stays within each bound. What was not counted exceeds it. */
export function checkQuota({ name, quota }: Policy, asked: Asked, findings: Findings): void {
  const { request, requester, facts, found } = asked;
  const { username, groups } = request;
  const subject = { cluster: facts.cluster, username, groups, requester: requester.name };
  for (const { limit, atMost } of quotaLimits(quota, subject)) {
    const check = `quota.${limit.kind}`;
    const whose = whoseOf(limit, found);
    const expected = `less than ${atMost} ${whose}`;
    const used = facts.usage && usedOf(limit, facts.usage);
    if (used === undefined) findings.cannotTell(check, expected, `${check} of policy "${name}" could not be evaluated`);
    else if (used < atMost) findings.holds(check, expected, `${used}`);
    else {
      const message = `${used} ${whose}, and policy "${name}" permits at most ${atMost}`;
      findings.fails(check, expected, `${used}`, 'QuotaExceeded', message);
    }
  }
}

function usedOf(limit: QuotaLimit, usage: QuotaUsage): number | undefined {
  if (limit.kind !== 'livePerGroup') return usage[limit.kind];
  return Object.hasOwn(usage.livePerGroup, limit.group) ? usage.livePerGroup[limit.group] : undefined;
}

function whoseOf(limit: QuotaLimit, found: Asked['found']): string {
  switch (limit.kind) {
    case 'livePerUsername':
      return `live for username ${found.username}`;
    case 'livePerGroup':
      return `live with group ${quote(limit.group)}`;
    case 'livePerRequester':
      return `live that ${found.requester.name} asked for`;
    case 'issuancesPerHour':
      return `issued to ${found.requester.name} within an hour`;
  }
}
