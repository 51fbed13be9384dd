// Tests src/policy/selector.ts
import { describe, expect, it } from 'vitest';
import { compileGlobs } from '../../../../src/policy/selector.js';
import { cpuMilliseconds } from '../../../helpers/cpu-milliseconds.js';

const matchesGlob = (glob: string, value: string, requester?: string): boolean =>
  compileGlobs([glob]).matches(value, requester);

describe('compileGlobs', () => {
  it('takes time in proportion to the value, however many stars', () => {
    const started = cpuMilliseconds();
    expect(matchesGlob('*a'.repeat(128) + 'b', 'a'.repeat(100_000))).toBe(false);
    expect(cpuMilliseconds() - started).toBeLessThan(1000);
  });
});
