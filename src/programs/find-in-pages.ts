import { readdirSync, readFileSync } from 'node:fs';
import { codeOf } from '@kubepass/x509';

/** The pages are in the package and in the image. */
const folder = new URL('../../docs/', import.meta.url);

/** A section of a page, and how well it fits what is looked for. */
interface Found {
  /** `docs/backup.md, "Restore drill"`. */
  readonly place: string;
  readonly text: string;
  readonly score: number;
}

const shownLines = 16;
const shownPlaces = 6;

/** The sections of docs/ with all of these words: the begin of the best, and where the others are. Null: none. */
export function findInPages(words: readonly string[]): string | null {
  const wanted = words
    .flatMap((word) => word.split(/\s+/))
    .filter((word) => word !== '')
    // The begin of a word: "wal" is not in "renewal".
    .map((word) => new RegExp(`(?<!\\w)${word.replace(/[^\w]/g, '\\$&')}`, 'gi'));
  const [best, ...others] = pages()
    .flatMap(([name, text]) => sectionsOf(name, text, wanted))
    .toSorted((a, b) => b.score - a.score);
  if (best === undefined) return null;
  const lines = best.text.trim().split('\n');
  const rest = lines.length > shownLines ? `\n… ${lines.length - shownLines} more lines\n` : '\n';
  const further = others.slice(0, shownPlaces).map(({ place }) => `  ${place}\n`);
  return `${best.place}\n\n${lines.slice(0, shownLines).join('\n')}${rest}${further.length > 0 ? `\nSee also:\n${further.join('')}` : ''}`;
}

/** Name and text of each page; none where they are not beside the program. */
function pages(): readonly (readonly [string, string])[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
    return names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function sectionsOf(name: string, page: string, wanted: readonly RegExp[]): readonly Found[] {
  return page.split(/^(?=#+ )/m).flatMap((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const title = heading.replace(/^#+ /, '');
    const text = lines.join('\n');
    const countIn = (where: string, word: RegExp) => where.match(word)?.length ?? 0;
    // A word in a name says what the section is about. Long sections have each word some times.
    const scores = wanted.map(
      (word) => 20 * (countIn(name, word) + countIn(title, word)) + Math.min(countIn(text, word), 5),
    );
    if (scores.includes(0)) return [];
    return [{ place: `docs/${name}, "${title}"`, text, score: scores.reduce((sum, score) => sum + score, 0) }];
  });
}
