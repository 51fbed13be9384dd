import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasLoneSurrogate } from '../../../../src/formats/json/lone-surrogate.js';

/** With the flag u a pair is one code point, so this finds only those that stand alone. */
const lone = /\p{Surrogate}/u;
const escaped = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`;
const unit = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0xd7ff, max: 0xe000 }),
  fc.constant('\\'.charCodeAt(0)),
);

describe('hasLoneSurrogate', () => {
  it('agrees with the string that the text stands for, however it is escaped', () => {
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
        const value = String.fromCharCode(...units);
        expect(hasLoneSurrogate(JSON.stringify(value))).toBe(lone.test(value));
        expect(hasLoneSurrogate(`"${units.map(escaped).join('')}"`)).toBe(lone.test(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('is not misled by an escaped backslash', () => {
    expect(hasLoneSurrogate(String.raw`"\\ud800"`)).toBe(false);
    expect(hasLoneSurrogate(String.raw`"\\\ud800"`)).toBe(true);
  });
});
