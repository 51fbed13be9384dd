// Tests packages/x509/src/tree/normalize.ts, packages/x509/src/tree/ber.ts
import { describe, expect, it } from 'vitest';
import { MAX_DEPTH } from '../../../src/tree/ber.js';
import { normalize, type Normalized } from '../../../src/tree/normalize.js';
import { der, Tag } from '../../../src/strict/der.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

const hex = (digits: string): Buffer => Buffer.from(digits.replace(/\s/g, ''), 'hex');

function normalized(bytes: Buffer): Normalized {
  const result = normalize(bytes);
  if (!result.ok) throw new Error(result.problem);
  return result;
}

const problemOf = (bytes: Buffer): string | null => {
  const result = normalize(bytes);
  return result.ok ? null : result.problem;
};

const codesOf = (bytes: Buffer): readonly string[] => normalized(bytes).observations.map(({ code }) => code);

/** Milliseconds. They are enough on a busy machine, and too few for work that grows with the square of its input. */
const LINEAR = 5000;

describe('normalize', () => {
  it('reads a hundred thousand elements in no time', () => {
    const many = der(Tag.SEQUENCE, Buffer.concat(Array.from({ length: 100_000 }, () => hex('020101'))));
    const inBer = Buffer.concat([hex('3080'), many.subarray(5), hex('0000')]);
    const start = cpuMilliseconds();
    expect(codesOf(many)).toEqual([]);
    expect(normalized(inBer).der.equals(many)).toBe(true);
    expect(cpuMilliseconds() - start).toBeLessThan(LINEAR);
  });

  it.each([MAX_DEPTH, 10_000])('survives elements %i deep', (depth) => {
    let nested: Buffer = hex('0500');
    for (let i = 0; i < depth; i++) nested = der(Tag.SEQUENCE, nested);
    const indefinite = Buffer.concat([Buffer.alloc(2 * depth, hex('3080')), hex('0500'), Buffer.alloc(2 * depth)]);
    const start = cpuMilliseconds();
    for (const bytes of [nested, indefinite])
      if (depth > MAX_DEPTH) expect(problemOf(bytes)).toContain('deep');
      else expect(problemOf(bytes)).toBeNull();
    expect(problemOf(Buffer.alloc(1 << 20, hex('3080')))).toContain('deep');
    expect(cpuMilliseconds() - start).toBeLessThan(LINEAR);
  });
});
