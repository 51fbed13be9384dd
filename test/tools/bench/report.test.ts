// Tests bench/report.ts
import { describe, expect, it } from 'vitest';
import {
  boundedLatencies,
  comparedDurations,
  comparedThroughput,
  figureOf,
  inUnit,
  isMet,
  lineOf,
  linesOfPart,
  significant,
  tableOf,
  withRange,
} from '../../../bench/report.js';

describe('the table of the bench', () => {
  it('compares rates by their medians, and round by round', () => {
    const row = comparedThroughput({
      what: 'it',
      ours: [100, 300, 200],
      theirs: [100, 100, 50],
      target: { atLeast: 2 },
    });
    expect(row).toMatchObject({ figure: 2, byRound: [1, 3, 4], details: '200/s (100–300) against 100/s (50.0–100)' });
    expect(tableOf([row]).split('\n').at(-1)).toBe(
      '| it | 2.00 | 1.00–4.00 | ≥ 2: met | 200/s (100–300) against 100/s (50.0–100) |',
    );
  });

  it('compares durations of many requests in each round', () => {
    const row = comparedDurations({
      what: 'it',
      ours: [[10, 30], [20]],
      theirs: [[10], [10]],
      target: { atMost: 1.4 },
    });
    expect(row).toMatchObject({ figure: 2, byRound: [2, 2] });
    expect(isMet(row)).toBe(false);
  });

  it('bounds the 99th percentile itself, and the 99.9th where it has a limit', () => {
    const milliseconds = Array.from({ length: 101 }, (_, i) => i);
    const bounded = (mostOfAll?: number) =>
      boundedLatencies({
        what: 'it',
        milliseconds,
        at: '10/s',
        most: 99,
        ...(mostOfAll !== undefined && { mostOfAll }),
      });
    const first = '| it: the 99th percentile | 99.0 ms |  | ≤ 99 ms: met | p50 50.0 ms, p99.9 99.9 ms at 10/s |';
    expect(bounded().map(lineOf)).toEqual([first]);
    expect(bounded(99).map(lineOf)).toEqual([
      first,
      '| it: the 99.9th percentile | 99.9 ms |  | ≤ 99 ms: **missed** | p50 50.0 ms, p99.9 99.9 ms at 10/s |',
    ]);
  });

  it('shows a figure with its unit, and whether it keeps its target', () => {
    const lines = linesOfPart('a part', [
      figureOf('written', [30, 20, 26], 'KiB', { target: { atMost: 25 } }),
      figureOf('inspections', [5210], 'a second', { target: { atLeast: 5000 } }),
      figureOf('other', [0.5], 's', { details: 'more' }),
    ]);
    expect(lines).toEqual([
      '| `a part` | written | 26.0 KiB | 20.0–30.0 | ≤ 25 KiB: **missed** |  |',
      '| `a part` | inspections | 5,210/s |  | ≥ 5,000/s: met |  |',
      '| `a part` | other | 0.50 s |  |  | more |',
    ]);
  });

  it.each([
    [{ atMost: 1.5 }, 1.5, true],
    [{ atMost: 1.5 }, 1.501, false],
    [{ atLeast: 0.97 }, 0.97, true],
    [{ atLeast: 0.97 }, 0.969, false],
    [null, 1e9, true],
  ])('with target %o a figure of %d is met: %s', (target, figure, met) => {
    expect(isMet(figureOf('it', [figure], 'times', { target }))).toBe(met);
  });

  it('writes numbers with the digits that they are worth', () => {
    expect([0.514, 5.144, 51.44, 514.4, 51_440].map(significant)).toEqual(['0.51', '5.14', '51.4', '514', '51,440']);
    expect([inUnit(3, 'times'), inUnit(3, 'turns')]).toEqual(['3.00', '3']);
    expect([withRange([3, 1, 2], 'ms'), withRange([3], 'ms')]).toEqual(['2.00 ms (1.00–3.00)', '3.00 ms']);
  });
});
