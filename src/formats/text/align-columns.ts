export interface ColumnLayout {
  /** Of every column, padding included. */
  readonly minimumWidth: number;
  /** Spaces after the widest cell of a column. */
  readonly padding: number;
}

/**
 * Aligns lines of cells as Go's text/tabwriter does, which kubectl prints with: a column is as wide as its widest cell
 * among adjacent lines that have it, and the last cell of a line is in no column.
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
