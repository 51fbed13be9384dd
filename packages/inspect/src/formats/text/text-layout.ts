import { clip, maxShown, visible, wrapText } from './visible.js';

interface TableLayout {
  /** The width of the table. Columns become narrower, and their cells wrap, until it fits. */
  readonly width: number;
  readonly minimumColumn: number;
  readonly padding: number;
  /** Columns whose cells do not wrap. */
  readonly firm?: readonly number[];
}

/** Longer words are cut, so they do not set the width of a column. */
const maxWord = 26;

/**
 * Aligns columns as kubectl does. A cell that is too wide wraps, so that names stay whole and no upload decides the
 * width of a line.
 */
export function textTable(rows: readonly (readonly string[])[], layout: TableLayout): string {
  const cells = rows.map((row) => row.map((cell) => clip(visible(cell), maxShown)));
  const widths = columnWidths(cells, layout);
  const lines = cells.flatMap((row) => {
    const wrapped = row.map((cell, column) => wrapText(cell, widths[column] ?? layout.width));
    const height = Math.max(...wrapped.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) => wrapped.map((cell) => cell[line] ?? ''));
  });
  return alignColumns(lines, { minimumWidth: layout.minimumColumn, padding: layout.padding }).replace(/ +$/gm, '');
}

/** Narrows the column with the fewest wrapped cells first, and columns that would have to cut a word last. */
function columnWidths(rows: readonly (readonly string[])[], { width, padding, firm = [] }: TableLayout): number[] {
  const count = rows.reduce((most, { length }) => Math.max(most, length), 0);
  const columns = Array.from({ length: count }, (_, column) => {
    const cells = rows.map((row) => row[column] ?? '');
    const lengths = cells.map((cell) => Array.from(cell).length).sort((a, b) => b - a);
    const words = cells.reduce((longest, cell) => Math.max(longest, longestWord(cell)), 0);
    return {
      lengths,
      width: lengths[0] ?? 0,
      least: firm.includes(column) ? Infinity : words,
      wrapped: 0,
    };
  });
  const available = Math.max(count, width - padding * (count - 1));
  while (columns.reduce((total, column) => total + column.width, 0) > available) {
    const spare = columns.filter((column) => column.width > column.least);
    const narrowed = (spare.length > 0 ? spare : columns).toSorted(
      (a, b) => a.wrapped - b.wrapped || b.width - a.width,
    )[0];
    if (narrowed === undefined) break;
    narrowed.width--;
    while ((narrowed.lengths[narrowed.wrapped] ?? 0) > narrowed.width) narrowed.wrapped++;
  }
  return columns.map((column) => column.width);
}

const longestWord = (text: string): number =>
  text
    .split(/[ /#.,-]/)
    .reduce((longest, { length }) => (length < maxWord ? Math.max(longest, length + 1) : longest), 0);

interface ColumnLayout {
  /** Includes the padding. */
  readonly minimumWidth: number;
  /** Spaces behind the widest cell of a column. */
  readonly padding: number;
}

/**
 * Aligns lines of cells as Go's text/tabwriter does, which kubectl uses. A column is as wide as its widest cell among
 * adjacent lines that have it. The last cell of a line belongs to no column.
 */
export function alignColumns(lines: readonly (readonly string[])[], layout: ColumnLayout): string {
  const widths = lines.map((): number[] => []);
  measure(lines, widths, 0, lines.length, 0, layout);
  return lines
    .map((cells, i) => cells.map((cell, column) => pad(cell, widths[i]?.[column] ?? 0)).join('') + '\n')
    .join('');
}

function measure(
  lines: readonly (readonly string[])[],
  widths: number[][],
  from: number,
  to: number,
  column: number,
  layout: ColumnLayout,
): void {
  const has = (i: number) => i < to && column < (lines[i]?.length ?? 0) - 1;
  for (let start = from; start < to; start++) {
    if (!has(start)) continue;
    let end = start;
    let width = layout.minimumWidth;
    for (; has(end); end++) width = Math.max(width, lengthOf(lines[end]?.[column] ?? '') + layout.padding);
    for (let i = start; i < end; i++) widths[i]?.push(width);
    measure(lines, widths, start, end, column + 1, layout);
    start = end - 1;
  }
}

/** Go counts code points. */
const lengthOf = (text: string): number => Array.from(text).length;

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - lengthOf(text)));

/** A line of a tree, with the lines below it. */
export interface TextNode {
  readonly text: string;
  readonly children: readonly TextNode[];
}

export const leaf = (text: string): TextNode => ({ text, children: [] });

/** Draws nodes as a tree of lines of at most `width` characters. Longer texts wrap. */
export function textTree(nodes: readonly TextNode[], width: number, prefix = ''): readonly string[] {
  return nodes.flatMap(({ text, children }, i) => {
    const last = i === nodes.length - 1;
    const below = `${prefix}${last ? '   ' : '│  '}`;
    const more = children.length > 0 ? `${below}│  ` : `${below}   `;
    const [first = '', ...rest] = wrapText(visible(text), Math.max(20, width - prefix.length - 6));
    return [
      `${prefix}${last ? '└─ ' : '├─ '}${first}`,
      ...rest.map((line) => `${more}${line}`),
      ...textTree(children, width, below),
    ];
  });
}
