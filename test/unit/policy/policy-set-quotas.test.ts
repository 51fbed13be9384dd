// Tests src/policy/policy-set.ts
import { describe, expect, it } from 'vitest';
import { quotaLimits } from '../../../src/policy/policy-set.js';

const subject = { cluster: 'dev', username: 'jane', groups: ['a', 'b'], requester: 'hr' };

describe('quotaLimits', () => {
  it('has one limit for each bound, and one for each group', () => {
    const quota = { livePerUsername: 1, livePerGroup: 2, livePerRequester: 3, issuancesPerHour: 4 };
    expect(quotaLimits(quota, subject)).toEqual([
      { limit: { kind: 'livePerUsername', cluster: 'dev', username: 'jane' }, atMost: 1 },
      { limit: { kind: 'livePerGroup', cluster: 'dev', group: 'a' }, atMost: 2 },
      { limit: { kind: 'livePerGroup', cluster: 'dev', group: 'b' }, atMost: 2 },
      { limit: { kind: 'livePerRequester', cluster: 'dev', requester: 'hr' }, atMost: 3 },
      { limit: { kind: 'issuancesPerHour', cluster: 'dev', requester: 'hr' }, atMost: 4 },
    ]);
  });

  it('has none where there is no bound', () => {
    expect(quotaLimits({}, subject)).toEqual([]);
    expect(quotaLimits({ livePerGroup: 1 }, { ...subject, groups: [] })).toEqual([]);
  });
});
