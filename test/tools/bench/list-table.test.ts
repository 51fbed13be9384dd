// Tests bench/million/list-table.ts
import { describe, expect, it } from 'vitest';
import { compareLists, listTable, summaryOf } from '../../../bench/million/list-table.js';

const timed = (...milliseconds: readonly number[]) =>
  milliseconds.map((one, i) => ({ what: `/v1/list-${i}`, milliseconds: one, plans: new Map<string, string>() }));

describe('lists with few, some and many certificates', () => {
  it('are flat up to three times the time and five milliseconds of noise', () => {
    const lists = compareLists(timed(1, 10), timed(1, 10), timed(7.9, 35));
    expect(lists.map(({ growth }) => growth)).toEqual(['flat', 'flat']);
  });

  it('are bounded if they take as long with a tenth of the certificates, and else grow', () => {
    const lists = compareLists(timed(1, 1), timed(20, 20), timed(35, 35.1));
    expect(lists.map(({ growth }) => growth)).toEqual(['bounded', 'grows']);
  });

  it('are shown one by one', () => {
    const lists = compareLists(timed(2, 1), timed(2, 4), timed(3, 40));
    expect(listTable('SQLite', lists, ['10', '100', '1,000']).split('\n')).toEqual([
      '| SQLite | at 10 | at 100 | at 1,000 |  |',
      '| --- | ---: | ---: | ---: | --- |',
      '| `/v1/list-0` | 2.00 ms | 2.00 ms | 3.00 ms | flat |',
      '| `/v1/list-1` | 1.00 ms | 4.00 ms | 40.0 ms | **grows** |',
    ]);
  });

  it('are summed up for each database: how they grow, and the five slowest', () => {
    const ones = timed(1, 1, 1, 1, 1, 1, 1);
    const lists = compareLists(ones, timed(1, 2, 3, 4, 5, 6, 30), timed(1, 2, 3, 70, 5, 6, 31));
    const summary = summaryOf({ SQLite: lists, PostgreSQL: lists.slice(0, 2) }, ['10', '100', '1,000']);
    expect(summary).toMatch(/^On SQLite, 5 of 7 lists are flat, 1 are bounded, and 1 grow\. On PostgreSQL, 2 of 2 /);
    expect(summary).toContain('\n| SQLite | `/v1/list-3` | 1.00 ms | 4.00 ms | 70.0 ms | **grows** |\n');
    expect([...summary.matchAll(/list-(\d)/g)].map(([, place]) => Number(place))).toEqual([3, 6, 5, 4, 2, 1, 0]);
  });
});
