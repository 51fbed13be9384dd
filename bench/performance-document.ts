import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdownTable, partHeadings } from './report.js';

/** The command that has the table of all parts. */
export const allParts = 'npm run bench';

const placeOf = (name: string): string => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));

/** Changes docs/performance.md. */
export function editDocument(edit: (before: string) => string): void {
  const document = placeOf('performance.md');
  writeFileSync(document, edit(readFileSync(document, 'utf8')));
}

/** Writes an SVG beside docs/performance.md, which refers to it. */
export const writeChart = (name: string, svg: string): void => writeFileSync(placeOf(name), svg);

/** Puts the result of `command` into the document, between its marks, so no command overwrites another one's result. */
export function withFindings(before: string, command: string, text: string): string {
  const { start, end } = placeIn(before, command);
  return `${before.slice(0, start)}\n\n${text}\n\n${before.slice(end)}`;
}

/** The result of one part for the table of all parts. */
export interface PartInTable {
  /** Lines of the table. The first cell names the part. */
  readonly lines: readonly string[];
  /** How the part was measured. */
  readonly conditions: string;
}

/**
 * Replaces the lines of one part in the table of all parts, and leaves the others. Each line names its part, so the
 * document itself tells them apart. `order`: the names of all parts.
 */
export function withPart(before: string, part: string, { lines, conditions }: PartInTable, order: readonly string[]) {
  const { start, end } = placeIn(before, allParts);
  const old = before.slice(start, end).split('\n');
  const linesOf = (name: string) => (name === part ? lines : old.filter((line) => line.startsWith(`| \`${name}\` |`)));
  const conditionsOf = (name: string) =>
    name === part ? [`- \`${name}\`: ${conditions}`] : old.filter((line) => line.startsWith(`- \`${name}\`: `));
  const table = [markdownTable(partHeadings, []), ...order.flatMap(linesOf)].join('\n');
  return withFindings(before, allParts, [table, order.flatMap(conditionsOf).join('\n')].join('\n\n'));
}

/** Throws if the marks are missing. */
function placeIn(text: string, command: string): { readonly start: number; readonly end: number } {
  const begins = `<!-- ${command}: begin -->`;
  const [begin, end] = [text.indexOf(begins), text.indexOf(`<!-- ${command}: end -->`)];
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md has no place for what \`${command}\` found`);
  return { start: begin + begins.length, end };
}
