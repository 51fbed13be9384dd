import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A test file, with the files and folders that its first comment names. */
export interface TestFile {
  readonly path: string;
  readonly tests: readonly string[];
}

/** The pages of the console: a page is a folder, so a test names the folder in place of the files in it. */
const pages = 'packages/console/src/';

/** The projects of vitest.config.ts whose tests need nothing but Node. */
const withNodeAlone = new Set(['unit', 'http', 'contract', 'tools', 'slow', 'crash']);

/** The files of these patterns, as paths below the root of the repository. */
export const found = (...patterns: readonly string[]): readonly string[] =>
  globSync(patterns, { exclude: ['**/node_modules/**'] }).toSorted();

export const testFiles = (): readonly TestFile[] =>
  found('test/**/*.test.ts', 'packages/*/test/**/*.test.ts').map((path) => ({
    path,
    tests: namedIn(readFileSync(path, 'utf8')),
  }));

/** The names in the first comment of a test file: `// Tests src/a.ts, src/b.ts`, over several lines if it is long. */
export function namedIn(text: string): readonly string[] {
  const [comment = ''] = /^(\/\/ .*\n)+/.exec(text) ?? [];
  const [start, names] = comment.replaceAll(/^\/\/ /gm, '').split(/^Tests /);
  return start === '' && names !== undefined ? names.trim().split(/,\s*/) : [];
}

export const isNamed = (file: string, { tests }: TestFile): boolean =>
  tests.includes(file) || (file.startsWith(pages) && tests.includes(`${dirname(file)}/`));

/** The project that a test file belongs to: its folder in `test/`, and `slow` or `unit` in a package. */
export function projectOf(test: string): string {
  const [top, , , inPackage] = test.split('/');
  if (top === 'packages') return inPackage === 'slow' ? 'slow' : 'unit';
  const [, project = ''] = test.split('/');
  return project;
}

/** The arguments of vitest for each project, and the commands for tests that need other programs. */
export function commandsFor(tests: readonly string[]) {
  const projects = [...Map.groupBy(tests, projectOf)];
  return {
    run: projects
      .filter(([project]) => withNodeAlone.has(project))
      .map(([project, files]) => ['run', '--project', project, ...files]),
    left: projects
      .filter(([project]) => !withNodeAlone.has(project))
      .map(([project, files]) => `npm run ${scriptOf(project)} -- ${files.join(' ')}`),
  };
}

const scriptOf = (project: string) => (project === 'pictures' ? 'screenshots' : `test:${project}`);
