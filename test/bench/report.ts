import { median, quantile } from './measure.js';

export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly ratio: number;
  /** The same ratio by round. */
  readonly ratios: readonly number[];
  readonly target: Target | null;
  /** The absolute figures, which are true for this machine only. */
  readonly figures: string;
}

/** The result of one part of the bench. */
export interface Part {
  readonly rows: readonly Row[];
  /** Markdown that stands before the rows in docs/performance.md. */
  readonly before?: string;
  /** The software and hardware of the measurement besides Node and this machine. */
  readonly on?: readonly string[];
  /** Contenders that could not be measured, with the reasons. */
  readonly missing?: readonly string[];
  /** SVG. */
  readonly chart?: string;
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
    ratio: median(ours.flat()) / median(theirs.flat()),
    ratios: ours.map((round, i) => median(round) / median(theirs[i]!)),
    target,
    figures: `${durations(ours.flat())} against ${durations(theirs.flat())}`,
  };
}

/** `ours` and `theirs`: requests a second, by round. */
export function comparedThroughput({ what, ours, theirs, target }: Comparison<number>): Row {
  return {
    what,
    ratio: median(ours) / median(theirs),
    ratios: ours.map((round, i) => round / theirs[i]!),
    target,
    figures: `${rates(ours)} against ${rates(theirs)}`,
  };
}

/** `ours`: requests a second, by round. `promised`: the rate that two cores must reach. */
export function promisedThroughput({
  what,
  ours,
  promised,
}: {
  readonly what: string;
  readonly ours: readonly number[];
  readonly promised: number;
}): Row {
  return {
    what,
    ratio: median(ours) / promised,
    ratios: ours.map((round) => round / promised),
    target: { atLeast: 1 },
    figures: rates(ours),
  };
}

/** `milliseconds`: of every request. `at`: the arrival rate. `most`: the limit for the 99th percentile. */
export function boundedLatencies({
  what,
  milliseconds,
  at,
  most,
  isPromised,
}: {
  readonly what: string;
  readonly milliseconds: readonly number[];
  readonly at: string;
  readonly most: number;
  readonly isPromised: boolean;
}): Row {
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((q) => quantile(milliseconds, q)) as [number, number, number];
  return {
    what,
    ratio: p99 / most,
    ratios: [p99 / most],
    target: isPromised ? { atMost: 1 } : null,
    figures: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, p99.9 ${p999.toFixed(1)} ms at ${at}`,
  };
}

export function isMet({ ratio, target }: Row): boolean {
  if (target === null) return true;
  return 'atMost' in target ? ratio <= target.atMost : ratio >= target.atLeast;
}

/** A Markdown table, ratios first. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.ratio.toFixed(2),
    row.ratios.length < 2 ? '' : `${Math.min(...row.ratios).toFixed(2)}–${Math.max(...row.ratios).toFixed(2)}`,
    targetOf(row),
    row.what,
    row.figures,
  ]);
  const header = ['ratio', 'by round', 'target', 'what', 'figures of this run'];
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function targetOf(row: Row): string {
  const { target } = row;
  if (target === null) return '';
  const text = 'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
  return isMet(row) ? `${text}: met` : `${text}: **missed**`;
}

/** The median, and the range of the middle four fifths. */
function durations(milliseconds: readonly number[]): string {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((q) => quantile(milliseconds, q).toFixed(0));
  return `${middle} ms (${low}–${high})`;
}

export function rates(perSecond: readonly number[]): string {
  const round = (value: number) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
  return `${round(median(perSecond))}/s (${round(Math.min(...perSecond))}–${round(Math.max(...perSecond))})`;
}
