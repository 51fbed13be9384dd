import { columnsOf, cut, type Screen, type Style, wrapColumns } from '../formats/text/screen.js';
import { clip, maxShown, visible } from '../formats/text/visible.js';
import type { Inspection } from '../model/inspection.js';
import { alternativeNames } from './object-fields.js';
import { issuerOf } from './object-words.js';
import { type SummaryRow, summaryRows, type Verdict } from './summary.js';

/** The colours of verdicts. */
export const tones: Readonly<Record<Verdict, Style>> = { error: 'red', warning: 'yellow', info: 'cyan', ok: 'green' };

interface Row extends SummaryRow {
  readonly name: string;
}

interface Column {
  readonly head: string;
  /** Where it would be narrower, its cells go to lines below the rows. Infinity: they are never cut. */
  readonly least: number;
  readonly textOf: (row: Row) => string | null;
  readonly toneOf?: (row: Row) => Style | null;
}

/** The alternative names without their types. */
function namesOf({ object }: Row): string | null {
  const names = 'extensions' in object ? alternativeNames(object.extensions) : [];
  return names.map((name) => name.slice(name.indexOf(':') + 1)).join(', ') || null;
}

/** `2036-11-22, 9 years`; the details have the time of day. */
function endText({ validity }: Row): string | null {
  if (validity === null || !/\d/.test(validity.remaining)) return validity && validity.remaining;
  return `${validity.until.slice(0, 10)}, ${validity.remaining.replace(/^expired /, '')}`;
}

const endTone = ({ validity, endsSoon }: Row): Style | null =>
  validity?.state === 'expired' ? 'red' : endsSoon ? 'yellow' : null;

/** In the order of a row; the last ones are the first to go below it. */
const columns: readonly Column[] = [
  { head: 'OBJECT', least: 24, textOf: ({ name }) => name },
  { head: 'WHAT', least: 22, textOf: ({ what }) => what },
  { head: 'WHO', least: 18, textOf: ({ who }) => who },
  { head: 'ISSUER', least: 12, textOf: ({ object }) => issuerOf(object) },
  { head: 'NAMES', least: 20, textOf: namesOf },
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
  const { folder, names } = shortPaths(inspection.objects.map(({ path }) => visible(path)));
  const rows = summaryRows(inspection, now).map((row, i): Row => ({ ...row, name: names[i] ?? '' }));
  const filled = columns.flatMap((column): FilledColumn[] => {
    const texts = rows.map(column.textOf);
    if (texts.every((text) => text === null)) return [];
    const cells = texts.map((text) => clip(visible(text ?? none), maxShown));
    const widest = cells.reduce((most, cell) => Math.max(most, columnsOf(cell)), column.head.length);
    return [{ ...column, cells, width: Math.min(widest, width) }];
  });
  const { beside, below } = arranged(filled, width);
  const line = (cellOf: (column: FilledColumn) => string, toneOf: (column: Column) => Style | null): string =>
    beside
      .map((column) => {
        const cell = cut(cellOf(column), column.width);
        const tone = toneOf(column);
        return (tone === null ? cell : paint(tone, cell)) + ' '.repeat(column.width - columnsOf(cell));
      })
      .join(gap)
      .trimEnd();
  const lines = rows.flatMap((row, i) => {
    // A name that is too long stands whole above its row, because a part of it may be that of another, too.
    const isAbove = columnsOf(row.name) > (beside[0]?.width ?? 0);
    return [
      ...(isAbove ? [wrapColumns(row.name, width - 2 * gap.length).join(`\n${gap}${gap}`)] : []),
      line(
        ({ head, cells: { [i]: cell = none } }) => (isAbove && head === 'OBJECT' ? '' : cell),
        ({ toneOf }) => toneOf?.(row) ?? null,
      ),
      // A line each, so that no text of an upload reads like the next cell.
      ...below.flatMap(({ head, cells: { [i]: cell = none } }) =>
        cell === none ? [] : cut(`${gap}${head.toLowerCase()} ${cell}`, width),
      ),
    ];
  });
  const top = folder === '' ? [] : [`in ${folder}:`];
  const heads = line(
    ({ head }) => head,
    () => 'bold',
  );
  return [...top, heads, ...lines].map((text) => `${text}\n`).join('');
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
  while (tooWide((column) => column.width))
    beside.reduce((one, other) => (other.width - other.least > one.width - one.least ? other : one)).width--;
  return { beside, below };
}

/** The folder that all paths begin with, and what differs. Where one file alone has contents, they are named `#…`. */
function shortPaths(paths: readonly string[]): { readonly folder: string; readonly names: readonly string[] } {
  const steps = paths[0]?.split('/').slice(0, -1) ?? [];
  while (!paths.every((path) => path.startsWith([...steps, ''].join('/')))) steps.pop();
  // The root is no folder worth a line.
  const folder = steps.join('') === '' ? '' : `${steps.join('/')}/`;
  const [file = '', ...more] = new Set(paths.flatMap((path) => (path.includes('#') ? path.split('#', 1) : [])));
  const isAlone = more.length === 0 && paths.includes(file);
  return {
    folder,
    // A name that begins with blanks would look like a line below a row.
    names: paths.map((path) =>
      path.slice((isAlone && path.startsWith(`${file}#`) ? file : folder).length).replace(/^ /, '\\u{20}'),
    ),
  };
}
