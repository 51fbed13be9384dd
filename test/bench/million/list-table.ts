import { inUnit, markdownTable } from '../report.js';
import type { TimedList } from './time-lists.js';

/** A list is flat if it takes at most this many times as long with many rows, plus this many milliseconds of noise. */
const [atMost, noiseMilliseconds] = [3, 5] as const;
const slowest = 5;

/** The time of a list with many rows, beside that with few rows. */
export interface Compared extends TimedList {
  readonly before: number;
  readonly isFlat: boolean;
}

/** Both have the same lists in the same order. */
export function compareLists(few: readonly TimedList[], many: readonly TimedList[]): readonly Compared[] {
  return many.map((list, i) => {
    const before = few[i]?.milliseconds ?? NaN;
    return { ...list, before, isFlat: list.milliseconds <= atMost * before + noiseMilliseconds };
  });
}

/** `counts`: the numbers of certificates, few and many, as texts. */
export function listTable(name: string, lists: readonly Compared[], [few, many]: readonly [string, string]): string {
  return markdownTable([name, `at ${few}`, `at ${many}`, 'ratio'], lists.map(cellsOf), ['---', '---:', '---:', '---:']);
}

/** For each database: the number of lists, how many of them are flat, and the slowest. */
export function summaryOf(
  databases: Readonly<Record<string, readonly Compared[]>>,
  [few, many]: readonly [string, string],
): string {
  const all = Object.entries(databases);
  const flat = all.map(([name, lists]) => {
    const number = lists.filter(({ isFlat }) => isFlat).length;
    return `${number} of ${lists.length} on ${name}`;
  });
  const worst = all.flatMap(([name, lists]) =>
    lists
      .toSorted((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, slowest)
      .map((list) => [name, ...cellsOf(list)]),
  );
  const heads = ['database', 'the slowest lists', `at ${few}`, `at ${many}`, 'ratio'];
  return `Flat are ${flat.join(', ')}.\n\n${markdownTable(heads, worst, ['---', '---', '---:', '---:', '---:'])}`;
}

const cellsOf = ({ what, before, milliseconds, isFlat }: Compared): readonly string[] => [
  `\`${what}\``,
  inUnit(before, 'ms'),
  inUnit(milliseconds, 'ms'),
  `${(milliseconds / before).toFixed(1)}${isFlat ? '' : ' **not flat**'}`,
];
