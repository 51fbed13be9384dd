import { expect, it } from 'vitest';
import { instantText } from '../../src/strict/instant-text.js';

it('is the text of each instant, however many there were and however often one is written', () => {
  const instants = Array.from({ length: 300 }, (_, i) => new Date(Date.UTC(2026, 2, 1) + (i % 100) * 999));
  for (const instant of [...instants, ...instants.toReversed()])
    expect(instantText(instant)).toBe(instant.toISOString());
});

it('is refused for an instant that is none, each time', () => {
  for (let i = 0; i < 2; i += 1) expect(() => instantText(new Date(NaN))).toThrow(RangeError);
});
