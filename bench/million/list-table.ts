import { inUnit, markdownTable } from '../report.js';
import type { TimedList } from './time-lists.js';

/** A list is flat if it takes at most this many times as long with many rows, plus this many milliseconds of noise. */
const [atMost, noiseMilliseconds] = [3, 5] as const;
/**
 * A list that is not flat is bounded if it takes at most this many times as long as with a tenth of the rows, plus the
 * same noise: it reads up to the bound of a page in both databases, and with few rows there is less to read than that.
 */
const atMostFromATenth = 1.5;
const slowest = 5;

export type Growth = 'flat' | 'bounded' | 'grows';

/** The times of a list with few, some and many rows. */
export interface Compared extends TimedList {
  readonly few: number;
  readonly some: number;
  readonly growth: Growth;
}

/** All have the same lists in the same order; `some` has a tenth of the rows of `many`. */
export function compareLists(
  few: readonly TimedList[],
  some: readonly TimedList[],
  many: readonly TimedList[],
): readonly Compared[] {
  return many.map((list, i) => {
    const [atFew, atSome] = [few[i]?.milliseconds ?? NaN, some[i]?.milliseconds ?? NaN];
    return { ...list, few: atFew, some: atSome, growth: growthOf(atFew, atSome, list.milliseconds) };
  });
}

function growthOf(few: number, some: number, many: number): Growth {
  if (many <= atMost * few + noiseMilliseconds) return 'flat';
  return many <= atMostFromATenth * some + noiseMilliseconds ? 'bounded' : 'grows';
}

/** The numbers of certificates as texts: few, some and many. */
export type Counts = readonly [string, string, string];

export function listTable(name: string, lists: readonly Compared[], counts: Counts): string {
  return tableOf([name], counts, lists.map(cellsOf));
}

/** For each database: how many of its lists are flat or bounded, and the slowest. */
export function summaryOf(databases: Readonly<Record<string, readonly Compared[]>>, counts: Counts): string {
  const all = Object.entries(databases);
  const number = (lists: readonly Compared[], which: Growth) => lists.filter(({ growth }) => growth === which).length;
  const flat = all.map(
    ([name, lists]) =>
      `On ${name}, ${number(lists, 'flat')} of ${lists.length} lists are flat, ${number(lists, 'bounded')} are bounded, and ${number(lists, 'grows')} grow.`,
  );
  const worst = all.flatMap(([name, lists]) =>
    lists
      .toSorted((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, slowest)
      .map((list) => [name, ...cellsOf(list)]),
  );
  return `${flat.join(' ')}\n\n${tableOf(['database', 'the slowest lists'], counts, worst)}`;
}

function tableOf(heads: readonly string[], counts: Counts, rows: readonly (readonly string[])[]): string {
  const numbers = [...counts.map((count) => `at ${count}`), ''];
  return markdownTable([...heads, ...numbers], rows, [...heads.map(() => '---'), ...counts.map(() => '---:'), '---']);
}

const cellsOf = ({ what, few, some, milliseconds, growth }: Compared): readonly string[] => [
  `\`${what}\``,
  ...[few, some, milliseconds].map((time) => inUnit(time, 'ms')),
  growth === 'grows' ? '**grows**' : growth,
];
