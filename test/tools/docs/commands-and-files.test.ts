// Tests docs/
import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formerCommands } from '../../../scripts/former-commands.mjs';
import { fromSources, kubepass } from '../../helpers/from-sources.js';
import { codeIn, pages, read, root } from './pages.js';

const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };

/** Names that `npm run` is given. */
const scriptsIn = (code: string): string[] =>
  [...code.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name = '']) => name);

/** Programs that `npm run build` makes, by their names: `node dist/kubepass.js`. */
const programsIn = (code: string): string[] =>
  [...code.matchAll(/\bnode dist\/([\w-]+)\.js\b/g)].map(([, name = '']) => name);
const built = ['kubepass', ...formerCommands.flatMap(({ program }) => (program === undefined ? [] : [program]))];

/** The verbs of `kubepass`, as it lists them. */
const verbs = [
  ...execFileSync(process.execPath, [...fromSources, kubepass, 'help'], { encoding: 'utf8' }).matchAll(
    /^ {2}(\S+(?: \S+)?) {2,}\S/gm,
  ),
].map(([, verb = '']) => verb);

/** Where the program is called. The log has sentences that begin with "kubepass". */
const calls = [
  String.raw`\bnpm run (?:-s )?kubepass -- `,
  String.raw`\bnode (?:-\S+ )*dist/kubepass\.js `,
  String.raw`\bdocker compose run (?:-\S+ |TMPDIR=\S+ )*kubepass `,
  '^kubepass (?!serves|cannot |has )',
];
/** The words behind the program: two, because a verb has one or two. */
const verbsIn = (code: string): string[] =>
  [
    ...code
      .replaceAll('\\\n', ' ')
      .matchAll(new RegExp(`(?:${calls.join('|')})([a-z][\\w-]*(?: [a-z][\\w-]*)?)`, 'gm')),
  ].map(([, words = '']) => words);
const isVerb = (words: string): boolean =>
  words === 'help' || verbs.includes(words) || verbs.includes(words.split(' ')[0] ?? '');

const former = formerCommands.flatMap(({ script }) => script ?? []);

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

  it('names only programs, verbs and files that exist', () => {
    expect(namedIn(page, programsIn).filter(({ name }) => !built.includes(name))).toEqual([]);
    expect(namedIn(page, verbsIn).filter(({ name }) => !isVerb(name))).toEqual([]);
    expect(namedIn(page, pathsIn).filter(({ name }) => !exists(name))).toEqual([]);
  });

  it('names former commands only where it says what takes their place', () => {
    if (page === 'docs/upgrading.md') return;
    expect(namedIn(page, programsIn).filter(({ name }) => name !== 'kubepass')).toEqual([]);
    expect(namedIn(page, scriptsIn).filter(({ name }) => former.includes(name))).toEqual([]);
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
          /(?:\b(?:kubepass-verify|kubepass-inspect|kubectl[- ]kubepass|node dist\/[\w-]+\.js)\b|\bnpm run (?:-s )?(?!test)[\w:-]+ -- |^kubepass )([^|;&`]*)/g,
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
    expect(count(verbsIn)).toBeGreaterThan(20);
    expect(count(pathsIn)).toBeGreaterThan(80);
    expect(count(optionsIn)).toBeGreaterThan(40);
  });

  it('would find one that is not there', () => {
    expect(scriptsIn('npm run nothing -- --force')).toEqual(['nothing']);
    expect(programsIn('node dist/nothing.js')).toEqual(['nothing']);
    expect(verbsIn('npm run kubepass -- policy nothing /x').filter((words) => !isVerb(words))).toEqual([
      'policy nothing',
    ]);
    expect(verbsIn('kubepass backup FILE; node dist/kubepass.js restore --check')).toEqual(['backup', 'restore']);
    expect(optionsIn('kubepass-verify x --nothing y | jq --raw')).toEqual(['nothing']);
    expect(isOption('nothing-at-all')).toBe(false);
    expect(pathsIn('see src/nothing.ts, deploy/kubernetes/ and dist/x.js')).toEqual([
      'src/nothing.ts',
      'deploy/kubernetes/',
    ]);
  });
});
