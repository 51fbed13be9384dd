import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const placeOf = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const document = placeOf('performance.md');

/** Puts the result of `command` into docs/performance.md, between its marks. */
export function writeFindings(command: string, text: string): void {
  writeFileSync(document, withFindings(readFileSync(document, 'utf8'), command, text));
}

/** Writes the SVG beside docs/performance.md, which refers to it. */
export const writeChart = (svg: string): void => writeFileSync(placeOf('performance.svg'), svg);

/** Each command has its own marks, so no command overwrites another one's result. Throws if the marks are missing. */
export function withFindings(before: string, command: string, text: string): string {
  const [begins, ends] = [`<!-- ${command}: begin -->`, `<!-- ${command}: end -->`];
  const [begin, end] = [before.indexOf(begins), before.indexOf(ends)];
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md has no place for what \`${command}\` found`);
  return `${before.slice(0, begin + begins.length)}\n\n${text}\n\n${before.slice(end)}`;
}
