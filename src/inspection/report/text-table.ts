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

/** Longer words are cut rather than kept whole. */
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

/** The widest columns are narrowed first, those that would have to cut a word last. */
function columnWidths(rows: readonly (readonly string[])[], { width, padding, firm = [] }: TableLayout): number[] {
  const columns = rows.reduce((most, { length }) => Math.max(most, length), 0);
  const widest = (lengthOf: (cell: string) => number) =>
    Array.from({ length: columns }, (_, column) =>
      rows.reduce((most, row) => Math.max(most, lengthOf(row[column] ?? '')), 0),
    );
  const widths = widest((cell) => Array.from(cell).length);
  const words = widest((cell) => Math.min(maxWord, longestWord(cell)));
  const available = Math.max(columns, width - padding * (columns - 1));
  while (sum(widths) > available) {
    const spare = widths.map((one, column) => (one > (words[column] ?? 0) && !firm.includes(column) ? one : 0));
    const candidates = sum(spare) > 0 ? spare : widths;
    const column = candidates.indexOf(Math.max(...candidates));
    widths[column] = (widths[column] ?? 1) - 1;
  }
  return widths;
}

const longestWord = (text: string): number =>
  text.split(/[ /#.,-]/).reduce((longest, { length }) => Math.max(longest, length + 1), 0);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
