import { columnsOf, cut, type Screen, type Style, wrapColumns } from '../formats/text/screen.js';
import { clip, maxShown, visible } from '../formats/text/visible.js';
import type { Inspection } from '../model/inspection.js';
import { alternativeNames } from './object-fields.js';
import { issuerOf } from './object-words.js';
import { type SummaryRow, summaryRows, type Verdict } from './summary.js';

/** The colours of verdicts. */
export const tones: Readonly<Record<Verdict, Style>> = { error: 'red', warning: 'yellow', info: 'cyan', ok: 'green' };

interface Column {
  readonly head: string;
  /** Where it would be narrower, its cells go to lines below the rows. Infinity: they are never cut. */
  readonly least: number;
  readonly textOf: (row: SummaryRow, name: string) => string | null;
  readonly toneOf?: (row: SummaryRow) => Style | null;
}

/** `cp-1, kubernetes +5`: two alternative names, without their types, and how many more there are. */
function firstNames({ object }: SummaryRow): string | null {
  const names = 'extensions' in object ? alternativeNames(object.extensions) : [];
  const first = names.slice(0, 2).map((name) => name.slice(name.indexOf(':') + 1));
  return first.length === 0 ? null : first.join(', ') + (names.length > 2 ? ` +${names.length - 2}` : '');
}

/** `2036-11-22, 9 years`; the details have the time of day. */
function endText({ validity }: SummaryRow): string | null {
  if (validity === null || !/\d/.test(validity.remaining)) return validity && validity.remaining;
  return `${validity.until.slice(0, 10)}, ${validity.remaining.replace(/^expired /, '')}`;
}

const endTone = ({ validity, endsSoon }: SummaryRow): Style | null =>
  validity?.state === 'expired' ? 'red' : endsSoon ? 'yellow' : null;

/** In the order of a row; the last ones are the first to go below it. */
const columns: readonly Column[] = [
  { head: 'OBJECT', least: 24, textOf: (_, name) => name },
  { head: 'WHAT', least: 22, textOf: ({ what }) => what },
  { head: 'WHO', least: 18, textOf: ({ who }) => who },
  { head: 'ISSUER', least: 12, textOf: ({ object }) => issuerOf(object) },
  { head: 'NAMES', least: 20, textOf: firstNames },
  { head: 'UNTIL', least: Infinity, textOf: endText, toneOf: endTone },
  { head: 'VERDICT', least: Infinity, textOf: ({ verdict }) => verdict, toneOf: ({ verdict }) => tones[verdict] },
];

interface FilledColumn extends Column {
  readonly cells: readonly string[];
  width: number;
}

const gap = '  ';
const none = '-';

/**
 * A row for each object, in the order of the upload, below the folder that all are in. It fits the screen: columns
 * become narrower, and where that is not enough, the cells of some go to lines below the rows.
 */
export function summaryTable(inspection: Inspection, now: Date, { width, paint }: Screen): string {
  const rows = summaryRows(inspection, now);
  const { folder, names } = shortPaths(inspection.objects.map(({ path }) => visible(path)));
  const filled = columns.map((column): FilledColumn => {
    const cells = rows.map((row, i) => visible(column.textOf(row, names[i] ?? '') ?? none));
    const widest = cells.reduce((most, cell) => Math.max(most, columnsOf(cell)), column.head.length);
    return { ...column, cells, width: Math.min(widest, width) };
  });
  const { beside, below } = arranged(
    filled.filter(({ cells }, i) => i === 0 || cells.some((cell) => cell !== none)),
    width,
  );
  const line = (cells: readonly string[], toneOf: (column: Column) => Style | null | undefined): string =>
    beside
      .map((column, i) => {
        const { [i]: cell = '' } = cells;
        const tone = toneOf(column);
        return (tone ? paint(tone, cell) : cell) + ' '.repeat(Math.max(0, column.width - columnsOf(cell)));
      })
      .join(gap)
      .trimEnd();
  const heads = beside.map(({ head }) => head);
  const shown = beside.map((column, i) => (i === 0 ? shortNames(column) : shortCells(column)));
  const lines = rows.flatMap((row, i) => {
    const more = below.flatMap(({ head, cells: { [i]: cell = none } }) =>
      cell === none ? [] : `${head.toLowerCase()} ${clip(cell, maxShown)}`,
    );
    return [
      // A name that would read like another one stands whole above its row.
      ...(shown[0]?.[i] === '' ? wrapColumns(names[i] ?? '', width) : []),
      line(
        shown.map((cells) => cells[i] ?? ''),
        ({ toneOf }) => toneOf?.(row),
      ),
      ...(more.length === 0 ? [] : wrapColumns(more.join('; '), width - gap.length).map((text) => gap + text)),
    ];
  });
  const top = folder === '' ? [] : [`in ${folder}:`];
  return [...top, line(heads, () => 'bold'), ...lines].map((text) => `${text}\n`).join('');
}

/** The columns beside each other, and those that have to go below the rows. */
function arranged(all: readonly FilledColumn[], width: number) {
  const [beside, below]: [FilledColumn[], FilledColumn[]] = [[...all], []];
  const tooWide = (widthOf: (column: FilledColumn) => number): boolean =>
    beside.reduce((sum, column) => sum + widthOf(column) + gap.length, -gap.length) > width;
  while (tooWide((column) => Math.min(column.least, column.width))) {
    const last = beside.findLastIndex(({ least }) => least < Infinity);
    if (last < 1) break;
    below.unshift(...beside.splice(last, 1));
  }
  while (tooWide((column) => column.width)) {
    const [widest] = beside.toSorted((a, b) => b.width - b.least - (a.width - a.least));
    if (widest === undefined) break;
    widest.width--;
  }
  return { beside, below };
}

/** Names without their middle; empty where two would read the same. */
function shortNames({ cells, width }: FilledColumn): readonly string[] {
  const short = cells.map((cell) => cut(cell, width, width >> 1));
  const last = new Map(short.map((name, i) => [name, i]));
  const repeated = new Set(short.filter((name, i) => last.get(name) !== i));
  return short.map((name, i) => (name !== cells[i] && repeated.has(name) ? '' : name));
}

/** The count at the end stays. */
const shortCells = ({ cells, width }: FilledColumn): readonly string[] =>
  cells.map((cell) => cut(cell, width, / \+\d{1,6}$/.exec(cell)?.[0].length));

/** The folder that all paths begin with, and what differs. Where one file alone has contents, they are named `#…`. */
function shortPaths(paths: readonly string[]): { readonly folder: string; readonly names: readonly string[] } {
  const [first = ''] = paths;
  const steps = first.split('/').slice(0, -1);
  while (!paths.every((path) => path.startsWith([...steps, ''].join('/')))) steps.pop();
  // The root is no folder worth a line.
  const folder = steps.join('') === '' ? '' : `${steps.join('/')}/`;
  const [file = '', ...more] = new Set(paths.flatMap((path) => (path.includes('#') ? path.split('#', 1) : [])));
  const inFile = more.length === 0 && paths.includes(file) ? `${file}#` : null;
  return {
    folder,
    names: paths.map((path) => path.slice((inFile !== null && path.startsWith(inFile) ? file : folder).length)),
  };
}
