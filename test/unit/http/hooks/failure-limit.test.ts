// Tests src/http/hooks/failed-credentials.ts
import { describe, expect, it } from 'vitest';
import { FailureLimit } from '../../../../src/http/hooks/failed-credentials.js';

function setUp(max: number) {
  let now = 0;
  const limit = new FailureLimit(max, 60_000, () => now);
  return { limit, advance: (milliseconds: number) => (now += milliseconds) };
}

describe('FailureLimit', () => {
  it('lets so many failures pass in a minute, and says once that there was one too many', () => {
    const { limit, advance } = setUp(2);
    expect([1, 2, 3, 4].map(() => limit.count('10.0.0.1'))).toEqual([false, false, true, false]);
    advance(20_500);
    expect(limit.secondsLeft('10.0.0.1')).toBe(40);
    expect(limit.secondsLeft('10.0.0.2')).toBeNull();
    advance(39_500);
    expect(limit.secondsLeft('10.0.0.1')).toBeNull();
    expect(limit.count('10.0.0.1')).toBe(false);
  });

  it('may allow none', () => {
    const { limit } = setUp(0);
    expect([limit.count('10.0.0.1'), limit.count('10.0.0.1')]).toEqual([true, false]);
    expect(limit.secondsLeft('10.0.0.1')).toBe(60);
  });

  it('counts the addresses of one IPv6 network together', () => {
    const { limit } = setUp(1);
    expect(limit.count('2001:db8::1')).toBe(false);
    expect(limit.count('2001:db8::2')).toBe(true);
    expect(limit.secondsLeft('2001:db8::3')).toBe(60);
    expect(limit.secondsLeft('2001:db8:0:1::3')).toBeNull();
  });

  it('remembers a bounded number of addresses', () => {
    const { limit } = setUp(0);
    for (let i = 0; i < 10_001; i += 1) limit.count(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(limit.secondsLeft('10.0.0.0')).toBeNull();
    expect(limit.secondsLeft('10.0.0.1')).toBe(60);
  });
});
