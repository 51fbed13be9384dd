// Tests packages/inspect/src/formats/text/quote.ts
import { expect, it } from 'vitest';
import { joined, quote, quoteAll } from '../../../src/formats/text/quote.js';
import { quoteName } from '../../../../../src/model/name-grammar.js';

it('says everything where there is room', () => {
  expect(joined([])).toBe('');
  expect(joined(['one'])).toBe('one');
  expect(joined(['one', 'two', 'three'])).toBe('one; two; three');
});

it('says how many it leaves out, and is never longer than the contract lets a message be', () => {
  const sentences = Array.from({ length: 100 }, (_, i) => `${'x'.repeat(97)}${i + 100}`);
  const text = joined(sentences);
  expect(text).toBe(`${sentences.slice(0, 39).join('; ')}; and 61 more`);
  expect(text.length).toBeLessThanOrEqual(4096);
});

it('cuts off a single sentence that is longer', () => {
  const text = joined(['x'.repeat(5000), 'y']);
  expect(text.length).toBeLessThanOrEqual(4096);
  expect(text).toMatch(/^x+…; and 1 more$/);
});

it('shows 80 characters of a value, and a name of a principal as a whole', () => {
  expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(80)}…"`);
  expect(quoteName('x'.repeat(253))).toBe(`"${'x'.repeat(253)}"`);
  expect(quoteName(`${'x'.repeat(252)}"y`)).toBe(`"${'x'.repeat(252)}\\"…"`);
});

it('quotes as many of several values as fit into a message, and says how many more there are', () => {
  expect(quoteAll([])).toBe('none');
  expect(quoteAll(['a', 'b'])).toBe('"a", "b"');
  const text = quoteAll(Array.from({ length: 1000 }, (_, i) => `group-${i}`.padEnd(253, 'x')));
  expect(text).toMatch(/^"group-0x+…", .*…" and \d+ more$/);
  expect(`none of ${text}`.length).toBeLessThan(4096);
});
