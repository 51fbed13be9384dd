// Tests src/store/lists/list-filter.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { behindPrefix } from '../../../src/store/lists/list-filter.js';

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const text = fc.string({ unit: 'binary', maxLength: 4 });

describe('behindPrefix', () => {
  it.each([
    ['a', 'b'],
    ['az', 'a{'],
    ['a\u{10ffff}', 'b'],
    ['\ud7ff', '\ue000'],
    ['\uffff', '\u{10000}'],
    ['\u{10ffff}', undefined],
    ['', undefined],
  ])('of %j is %j', (prefix, behind) => {
    expect(behindPrefix(prefix)).toBe(behind);
  });

  it('divides the texts that begin with a prefix from all that come later', () => {
    fc.assert(
      fc.property(text, text, text, (prefix, rest, other) => {
        const behind = behindPrefix(prefix);
        if (behind === undefined) return;
        expect(compare(prefix + rest, behind)).toBeLessThan(0);
        const isWithin = compare(other, prefix) >= 0 && compare(other, behind) < 0;
        expect(isWithin).toBe(other.startsWith(prefix));
      }),
    );
  });
});
