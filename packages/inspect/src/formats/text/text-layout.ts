import { visible, wrapText } from './visible.js';

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
