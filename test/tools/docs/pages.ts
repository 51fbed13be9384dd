import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every page for readers. The decisions and the changelog tell of the past, so their names may be gone. */
export const pages: readonly string[] = globSync('{README,SECURITY,CONTRIBUTING}.md', { cwd: root })
  .concat(globSync('docs/*.md', { cwd: root }), globSync('packages/*/README.md', { cwd: root }))
  .toSorted();

/** A page without what the benchmarks wrote: figures stay as they were measured. */
export const pageText = (page: string): string =>
  read(page).replaceAll(/<!-- npm run bench[^>]*: begin -->[^]*?<!-- npm run bench[^>]*: end -->/g, '');

/** The code in a page, `inline` and in blocks, each piece with the line where it begins. */
export function codeIn(page: string): readonly { readonly place: string; readonly code: string }[] {
  const text = pageText(page);
  return [...text.matchAll(/^ *```[^\n]*\n([^]*?)^ *```$|`([^`]+)`/gm)].map(({ index, 1: block, 2: inline }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length}`,
    code: block ?? inline ?? '',
  }));
}
