// Tests docs/, scripts/samples/page-blocks.ts
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lanes } from '../../../.ci/jobs.js';
import { readBlocks } from '../../../scripts/samples/page-blocks.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const documents = globSync('{*.md,docs/**/*.md}', { cwd: root });

/** Fenced lines for a terminal, also in lists; a line that ends with a backslash goes on with the next. */
const pastedLines = (page: string): string[] =>
  [...page.matchAll(/^ *```(?:sh|console)\b.*\n([^]*?)^ *```$/gm)].flatMap(([, text = '']) =>
    text.replaceAll('\\\n', ' ').split('\n'),
  );

const withoutQuotes = (line: string): string => line.replaceAll(/'[^']*'|"[^"]*"/g, 'quoted');

const mistakes: readonly (readonly [string, (line: string) => boolean])[] = [
  ['has a comment, which interactive zsh passes on', (line) => /(?:^|\s)#/.test(withoutQuotes(line))],
  ['hides why a call is refused', (line) => /\bcurl\b.*\s(?:-[a-zA-Z]*f|--fail\s)/.test(line)],
  ['writes a refusal into a file', (line) => /\bcurl\b[^|]*(?:>|-o) *\S+\.(?:kubeconfig|crt|key)\b/.test(line)],
];

const mistakesIn = (page: string): string[] =>
  pastedLines(page).flatMap((line) =>
    mistakes.filter(([, made]) => made(line)).map(([mistake]) => `${line.trim()}: ${mistake}`),
  );

describe('lines to paste', () => {
  it.each(documents)('of %s work when they are pasted', (document) => {
    expect(mistakesIn(read(document))).toEqual([]);
  });

  it.each([
    'npm run quickstart   # serves',
    'curl -fsS "$URL/livez"',
    'curl --fail "$URL/livez"',
    'curl -sS --fail-with-body "$URL/v1/kubeconfigs" -d x > jane.kubeconfig',
    'curl -sS --fail-with-body "$URL/v1/kubeconfigs" \\\n  -o jane.kubeconfig',
  ])('are refused if they are like %s', (line) => {
    expect(mistakesIn(`\`\`\`sh\n${line}\n\`\`\`\n`)).toHaveLength(1);
  });
});

it('CI runs each command that the pages do not run themselves', () => {
  const commands = ['README.md', 'docs/tutorial.md']
    .flatMap((page) => readBlocks(read(page)))
    .filter(({ role }) => role === 'elsewhere')
    .map(({ commands }) => commands.trim());
  expect(commands).toEqual(['npm test']);
  expect(lanes.flat().map(({ script }) => script)).toContain('test');
});
