// Tests packages/kubectl-kubepass/src/times-in-words.ts
import { expect, it } from 'vitest';
import { durationInWords, timeInWords, untilInWords } from '../src/times-in-words.js';

it.each([
  [0, '0 s'],
  [45, '45 s'],
  [60, '1 min'],
  [90, '1 min 30 s'],
  [12_000, '3 h 20 min'],
  [3_600, '1 h'],
  [3_605, '1 h'],
  [86_400 * 2 + 3 * 3_600 + 59, '2 d 3 h'],
])('writes %i seconds as %s', (seconds, words) => {
  expect(durationInWords(seconds * 1000)).toBe(words);
});

it('tells a time from now on and before', () => {
  const now = Date.parse('2026-12-01T14:00:00Z');
  expect(timeInWords(now + 12_000_000, now)).toBe('in 3 h 20 min (2026-12-01T17:20:00Z)');
  expect(timeInWords(now - 300_000, now)).toBe('5 min ago (2026-12-01T13:55:00Z)');
  expect(untilInWords(now + 12_000_500, now)).toBe('2026-12-01T17:20:00Z (in 3 h 20 min)');
});
