// Tests docs/
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeIn, pages, read, root } from './pages.js';

const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };

/** Names that `npm run` is given. */
const scriptsIn = (code: string): string[] =>
  [...code.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name = '']) => name);

/** Programs that `npm run build` compiles: `node dist/migrate.js`. */
const programsIn = (code: string): string[] =>
  [...code.matchAll(/\bnode dist\/([\w-]+)\.js\b/g)].map(([, name = '']) => `src/programs/${name}.ts`);

const folders = ['.ci', 'bench', 'deploy', 'docs', 'openapi', 'packages', 'prisma', 'scripts', 'src', 'test'];

/** Paths in the repository, without those that a build makes; each ends where a placeholder begins. */
const pathsIn = (code: string): string[] =>
  [
    ...code
      .replaceAll(/\bdeploy\/kubepass\b/g, 'a Deployment')
      .matchAll(new RegExp(`(?<![\\w./$-])(?:${folders.join('|').replaceAll('.', '\\.')})/[\\w./*-]*`, 'g')),
  ]
    .map(([path]) => path.replace(/[.*]+$/, ''))
    .filter((path) => !/(?:^|\/)(?:dist|generated|node_modules)\//.test(path));

/** Whether a path exists in the repository, or in one of its packages. */
const exists = (path: string): boolean =>
  existsSync(join(root, path)) || globSync(`packages/*/${path}`, { cwd: root }).length > 0;

const namedIn = (page: string, find: (code: string) => readonly string[]) =>
  codeIn(page).flatMap(({ place, code }) => find(code).map((name) => ({ place, name })));

describe.each(pages)('%s', (page) => {
  it('names only scripts of package.json', () => {
    expect(namedIn(page, scriptsIn).filter(({ name }) => scripts[name] === undefined)).toEqual([]);
  });

  it('names only programs and files that exist', () => {
    const named = [...namedIn(page, programsIn), ...namedIn(page, pathsIn)];
    expect(named.filter(({ name }) => !exists(name))).toEqual([]);
  });
});

/** The sources of the programs that kubepass brings, which name each option of theirs. */
const programs = globSync('{src,packages/*/src,bench,scripts,.ci,test/fuzz}/**/*.{ts,mjs}', { cwd: root })
  .filter((path) => !path.includes('generated'))
  .map(read)
  .join('\n');

/** Options in the part of a line that calls one of these programs; those of vitest are its own. */
const optionsIn = (code: string): string[] =>
  code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) =>
      [
        ...line.matchAll(
          /(?:\b(?:kubepass-verify|kubepass-inspect|kubectl[- ]kubepass|node dist\/[\w-]+\.js)\b|\bnpm run (?!test)[\w:-]+ -- )([^|;&`]*)/g,
        ),
      ].flatMap(([, options = '']) => [...options.matchAll(/(?:^|\s)--([a-z][\w-]*)/g)].map(([, name = '']) => name)),
    );

const isOption = (name: string): boolean =>
  new RegExp(`--${name}\\b|['"]?\\b${name}\\b['"]?: \\{ type:`).test(programs);

describe.each(pages)('%s', (page) => {
  it('gives the programs of kubepass only options that they have', () => {
    expect(namedIn(page, optionsIn).filter(({ name }) => !isOption(name))).toEqual([]);
  });
});

describe('the search in pages', () => {
  it('finds scripts, programs and paths', () => {
    const count = (find: (code: string) => readonly string[]) => pages.flatMap((page) => namedIn(page, find)).length;
    expect(count(scriptsIn)).toBeGreaterThan(80);
    expect(count(programsIn)).toBeGreaterThan(5);
    expect(count(pathsIn)).toBeGreaterThan(80);
    expect(count(optionsIn)).toBeGreaterThan(40);
  });

  it('would find one that is not there', () => {
    expect(scriptsIn('npm run nothing -- --force')).toEqual(['nothing']);
    expect(programsIn('node dist/nothing.js')).toEqual(['src/programs/nothing.ts']);
    expect(optionsIn('kubepass-verify x --nothing y | jq --raw')).toEqual(['nothing']);
    expect(isOption('nothing-at-all')).toBe(false);
    expect(pathsIn('see src/nothing.ts, deploy/kubernetes/ and dist/x.js')).toEqual([
      'src/nothing.ts',
      'deploy/kubernetes/',
    ]);
  });
});
