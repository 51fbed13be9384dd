import { expect, it } from 'vitest';
import { joined } from '../../../src/model/quote.js';

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
