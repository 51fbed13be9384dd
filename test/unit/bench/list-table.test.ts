import { describe, expect, it } from 'vitest';
import { compareLists, listTable, summaryOf } from '../../bench/million/list-table.js';

const timed = (...milliseconds: readonly number[]) =>
  milliseconds.map((one, i) => ({ what: `/v1/list-${i}`, milliseconds: one, plans: new Map<string, string>() }));

describe('lists with few and with many certificates', () => {
  it('are flat up to three times the time and five milliseconds of noise', () => {
    const lists = compareLists(timed(1, 10, 10), timed(7.9, 35, 35.1));
    expect(lists.map(({ isFlat }) => isFlat)).toEqual([true, true, false]);
  });

  it('are shown one by one', () => {
    expect(listTable('SQLite', compareLists(timed(2, 1), timed(3, 40)), ['10', '1,000']).split('\n')).toEqual([
      '| SQLite | at 10 | at 1,000 | ratio |',
      '| --- | ---: | ---: | ---: |',
      '| `/v1/list-0` | 2.00 ms | 3.00 ms | 1.5 |',
      '| `/v1/list-1` | 1.00 ms | 40.0 ms | 40.0 **not flat** |',
    ]);
  });

  it('are summed up for each database: how many are flat, and the five slowest', () => {
    const lists = compareLists(timed(1, 1, 1, 1, 1, 1, 1), timed(1, 2, 3, 70, 5, 6, 7));
    const summary = summaryOf({ SQLite: lists, PostgreSQL: lists.slice(0, 2) }, ['10', '1,000']);
    expect(summary).toMatch(/^Flat are 6 of 7 on SQLite, 2 of 2 on PostgreSQL\.\n\n\| database \|/);
    expect(summary).toContain('\n| SQLite | `/v1/list-3` | 1.00 ms | 70.0 ms | 70.0 **not flat** |\n');
    expect([...summary.matchAll(/list-(\d)/g)].map(([, place]) => Number(place))).toEqual([3, 6, 5, 4, 2, 1, 0]);
  });
});
