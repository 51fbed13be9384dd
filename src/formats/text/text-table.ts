import { alignColumns } from './align-columns.js';
import { clip, maxShown } from './clip.js';
import { visible } from './visible.js';
import { wrapText } from './wrap-text.js';

export interface TableLayout {
  /** Of the whole table; columns are narrowed, and their cells wrapped, until it fits. */
  readonly width: number;
  readonly minimumColumn: number;
  readonly padding: number;
  /** Columns whose cells stay in one line. */
  readonly firm?: readonly number[];
}

/** Longer words are cut, so they do not say how wide a column has to be. */
const maxWord = 26;

/**
 * Columns as kubectl aligns them. A cell that is too wide goes on below itself, so that nothing of a name is lost and
 * no upload decides how wide a line gets.
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

/** Narrowed first is the column in which the fewest cells wrap for it, and last one that would have to cut a word. */
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
