import { median, quantile } from './measure.js';

export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** `times`: a ratio of two lanes, which is comparable between machines. The others are true for this machine only. */
export type Unit = 'times' | 'µs' | 'ms' | 's' | 'KiB' | 'MiB' | 'a second' | 'turns';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly figure: number;
  readonly unit: Unit;
  /** The same figure by round; one value or none if there was one measurement. */
  readonly byRound: readonly number[];
  readonly target: Target | null;
  /** The figures behind this one. */
  readonly details: string;
}

/** Takes the rows of a part as soon as they are known, so that what fails later does not lose them. */
export type Found = (...rows: readonly Row[]) => void;

/** The result of one part of the bench, besides its rows. */
export interface Part {
  /** Markdown with a place of its own in docs/performance.md: tables and charts that are not rows. */
  readonly overview?: string;
  /** The same with a place further below: the work behind the figures. */
  readonly work?: string;
  /** The software and hardware of the measurement besides Node and this machine. */
  readonly on?: readonly string[];
  /** Contenders that could not be measured, with the reasons. */
  readonly missing?: readonly string[];
  /** SVGs by the name of their file in docs/. */
  readonly charts?: Readonly<Record<string, string>>;
}

/** A part that cannot be measured on this machine; the message says why. */
export class NotMeasurableError extends Error {
  override readonly name = 'NotMeasurableError';
}

interface Comparison<Result> {
  readonly what: string;
  readonly ours: readonly Result[];
  readonly theirs: readonly Result[];
  readonly target: Target | null;
}

/** `ours` and `theirs`: milliseconds, by round. */
export function comparedDurations({ what, ours, theirs, target }: Comparison<readonly number[]>): Row {
  return {
    what,
    figure: median(ours.flat()) / median(theirs.flat()),
    unit: 'times',
    byRound: ours.map((round, i) => median(round) / median(theirs[i]!)),
    target,
    details: `${durations(ours.flat())} against ${durations(theirs.flat())}`,
  };
}

/** `ours` and `theirs`: requests a second, by round. */
export function comparedThroughput({ what, ours, theirs, target }: Comparison<number>): Row {
  return {
    what,
    figure: median(ours) / median(theirs),
    unit: 'times',
    byRound: ours.map((round, i) => round / theirs[i]!),
    target,
    details: `${rates(ours)} against ${rates(theirs)}`,
  };
}

/** A figure of the service alone; its median if there were several rounds. */
export function figureOf(
  what: string,
  byRound: readonly number[],
  unit: Unit,
  { target = null, details = '' }: { readonly target?: Target | null; readonly details?: string } = {},
): Row {
  return { what, figure: median(byRound), unit, byRound, target, details };
}

/**
 * The 99th percentile, and the 99.9th if it has a limit too. `milliseconds`: of every request. `at`: the arrival rate.
 * `most`: the limit for the first one, and `mostOfAll` for the second.
 */
export function boundedLatencies({
  what,
  milliseconds,
  at,
  most,
  mostOfAll,
}: {
  readonly what: string;
  readonly milliseconds: readonly number[];
  readonly at: string;
  readonly most: number;
  readonly mostOfAll?: number;
}): readonly Row[] {
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((q) => quantile(milliseconds, q)) as [number, number, number];
  const row = (q: string, figure: number, limit: number) =>
    figureOf(`${what}: the ${q}th percentile`, [figure], 'ms', {
      target: { atMost: limit },
      details: `p50 ${inUnit(p50, 'ms')}, p99.9 ${inUnit(p999, 'ms')} at ${at}`,
    });
  return [row('99', p99, most), ...(mostOfAll === undefined ? [] : [row('99.9', p999, mostOfAll)])];
}

export function isMet({ figure, target }: Row): boolean {
  if (target === null) return true;
  return 'atMost' in target ? figure <= target.atMost : figure >= target.atLeast;
}

const headings = ['what', 'figure', 'by round', 'target', 'details'] as const;

/** A Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  return markdownTable(headings, rows.map(cellsOf));
}

/** One line of it. */
export const lineOf = (row: Row): string => tableLine(cellsOf(row));

/** The same lines for the table of all parts in docs/performance.md, where the first cell names the part. */
export const partHeadings = ['part', ...headings] as const;
export const linesOfPart = (part: string, rows: readonly Row[]): readonly string[] =>
  rows.map((row) => tableLine([`\`${part}\``, ...cellsOf(row)]));

function cellsOf(row: Row): readonly string[] {
  const { what, figure, unit, byRound, details } = row;
  const range = byRound.length < 2 ? '' : `${significant(Math.min(...byRound))}–${significant(Math.max(...byRound))}`;
  return [what, inUnit(figure, unit), range, targetOf(row), details];
}

function targetOf(row: Row): string {
  const { target, unit } = row;
  if (target === null) return '';
  const text =
    'atMost' in target ? `≤ ${inUnit(target.atMost, unit, String)}` : `≥ ${inUnit(target.atLeast, unit, String)}`;
  return isMet(row) ? `${text}: met` : `${text}: **missed**`;
}

/** `alignment`: of each column, as Markdown writes it; `---` by default. */
export function markdownTable(
  heads: readonly string[],
  lines: readonly (readonly string[])[],
  alignment = heads.map(() => '---'),
): string {
  return [heads, alignment, ...lines].map(tableLine).join('\n');
}

export const tableLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** `digits`: writes the number; by default with three significant digits. */
export function inUnit(value: number, unit: Unit, digits: (value: number) => string = significant): string {
  if (unit === 'turns') return String(value);
  const number = value >= 1000 ? significant(value) : digits(value);
  if (unit === 'times') return number;
  return unit === 'a second' ? `${number}/s` : `${number} ${unit}`;
}

/** Three significant digits; whole numbers from 100 on. A figure has more digits than it is worth otherwise. */
export function significant(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** The median, and the range of the middle four fifths. */
function durations(milliseconds: readonly number[]): string {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((q) => significant(quantile(milliseconds, q)));
  return `${middle} ms (${low}–${high})`;
}

/** The median, and the lowest and the highest round. */
export const rates = (perSecond: readonly number[]): string => withRange(perSecond, 'a second');

export function withRange(values: readonly number[], unit: Unit): string {
  const middle = inUnit(median(values), unit);
  const [low, high] = [significant(Math.min(...values)), significant(Math.max(...values))];
  return values.length < 2 ? middle : `${middle} (${low}–${high})`;
}
