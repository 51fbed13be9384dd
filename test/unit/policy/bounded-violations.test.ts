// Tests src/policy/decide.ts
import { describe, expect, it } from 'vitest';
import type { Violation } from '../../../src/model/decision.js';
import { boundedViolations } from '../../../src/policy/decide.js';

const some = (count: number, message = 'group "ops" is not permitted by policy "developers"'): Violation[] =>
  Array.from({ length: count }, (_, i) => ({ source: `policy-${i}`, reason: 'GroupNotPermitted', message }));

const octetsOf = (violations: readonly Violation[]) => Buffer.byteLength(JSON.stringify(violations));

describe('boundedViolations', () => {
  it.each([0, 1, 33, 100])('leaves %i violations of usual length as they are', (count) => {
    const violations = some(count);
    expect(boundedViolations(violations)).toBe(violations);
  });

  it('keeps the first ones, and says how many others there are', () => {
    const violations = some(10_000);
    const bounded = boundedViolations(violations);
    const kept = bounded.length - 1;
    expect(kept).toBeGreaterThan(100);
    expect(bounded.slice(0, kept)).toEqual(violations.slice(0, kept));
    expect(bounded.at(-1)).toEqual({
      source: 'built-in/violations',
      reason: 'MoreViolations',
      message: `and ${10_000 - kept} more; the trace of a dry run shows every check`,
    });
    expect(octetsOf(bounded)).toBeLessThan(17_000);
  });

  it('counts octets, and keeps one violation however long', () => {
    expect(octetsOf(boundedViolations(some(1000, '😀'.repeat(500))))).toBeLessThan(17_000);
    expect(octetsOf(boundedViolations(some(1000, '\0'.repeat(500))))).toBeLessThan(17_000);
    const long = 'x'.repeat(20_000);
    expect(boundedViolations(some(1, long))).toEqual(some(1, long));
    expect(boundedViolations(some(2, long)).map(({ reason }) => reason)).toEqual([
      'GroupNotPermitted',
      'MoreViolations',
    ]);
  });
});
