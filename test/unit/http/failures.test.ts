// Tests src/http/hooks/failed-credentials.ts
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Failures } from '../../../src/http/hooks/failed-credentials.js';

let lines: { readonly fields: object; readonly message: string }[];
let told: Failures;
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  told = new Failures({ warn: (fields, message) => void lines.push({ fields, message }) });
});
afterEach(() => {
  vi.useRealTimers();
});

const admitted = (reason: string, failures: number): number =>
  Array.from({ length: failures }, () => told.admits(reason)).filter(Boolean).length;

it('admits the first failures of each reason, and ends the minute with one line for the others', () => {
  expect([admitted('TokenUnknown', 1_000), admitted('TokenExpired', 25), admitted('Rare', 2)]).toEqual([20, 20, 2]);
  vi.advanceTimersByTime(59_999);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(lines).toEqual([
    {
      fields: { failures: 985, reasons: { TokenUnknown: 980, TokenExpired: 5 } },
      message: 'more authentications failed than were logged one by one',
    },
  ]);
  vi.advanceTimersByTime(600_000);
  expect(lines).toHaveLength(1);
});

it('begins anew with the next minute', () => {
  admitted('TokenUnknown', 30);
  vi.advanceTimersByTime(60_000);
  expect(admitted('TokenUnknown', 30)).toBe(20);
  vi.advanceTimersByTime(60_000);
  expect(lines.map(({ fields }) => fields)).toEqual(Array(2).fill({ failures: 10, reasons: { TokenUnknown: 10 } }));
});

it('says nothing of a minute whose failures were all logged', () => {
  admitted('TokenUnknown', 20);
  vi.advanceTimersByTime(60_000);
  told.flush();
  expect(lines).toEqual([]);
});

it('counts reasons beyond fifty as one', () => {
  for (let i = 0; i < 50; i += 1) told.admits(`Reason${i}`);
  expect(admitted('Another', 100) + admitted('OneMore', 100)).toBe(20);
  told.flush();
  expect(lines.map(({ fields }) => fields)).toEqual([{ failures: 180, reasons: { Other: 180 } }]);
});
