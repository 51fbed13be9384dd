// Tests scripts/tests-of.ts, scripts/test-files.ts, scripts/lint/tested-files.ts
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { faultsOf, hasLogic } from '../../../scripts/lint/tested-files.js';
import { commandsFor, isNamed, namedIn } from '../../../scripts/test-files.js';

const file = 'src/store/lists/select-keys.ts';

describe('the first comment of a test file', () => {
  it('names files, over several lines where there are many', () => {
    expect(namedIn("// Tests src/a.ts\nimport 'x';\n// Tests src/b.ts\n")).toEqual(['src/a.ts']);
    expect(namedIn('// Tests src/a.ts, docs/,\n// src/b.ts\n')).toEqual(['src/a.ts', 'docs/', 'src/b.ts']);
  });

  it('names nothing where it says something else, or stands further down', () => {
    expect(namedIn('// Our store. Tests src/a.ts\n')).toEqual([]);
    expect(namedIn("import 'x';\n// Tests src/a.ts\n")).toEqual([]);
  });

  it('may name a folder in place of the files of a page, and of nothing else', () => {
    const test = { path: 'x.test.ts', tests: ['packages/console/src/pages/ask/', 'src/store/lists/'] };
    expect(isNamed('packages/console/src/pages/ask/ask.tsx', test)).toBe(true);
    expect(isNamed('packages/console/src/pages/me/me.tsx', test)).toBe(false);
    expect(isNamed(file, test)).toBe(false);
  });
});

describe('logic', () => {
  it.each([
    'function f() { if (x) return 1; }',
    'export const f = () => { const a = 1; return a; };',
    'class A { get() { return 1; } }',
    'export const routes = { get: (a) => a.map((b) => { for (const c of b) c(); }) };',
  ])('is in %s', (text) => {
    expect(hasLogic('a.ts', text)).toBe(true);
  });

  it.each([
    "export { a } from './a.js';",
    'export const a = 1; export interface B { c(): void }',
    'export const f = (a: string) => a.trim();',
    'export function f() { return 1; }',
    'class A extends Error { override name = "A"; }',
  ])('is not in %s', (text) => {
    expect(hasLogic('a.ts', text)).toBe(false);
  });
});

it('says which test names nothing or what does not exist, and which source no test names', () => {
  const tests = [
    { path: 'a.test.ts', tests: [] },
    { path: 'b.test.ts', tests: ['src/b.ts', 'src/gone.ts'] },
  ];
  expect(faultsOf(tests, ['src/b.ts', 'src/c.ts'], (name) => name !== 'src/gone.ts')).toEqual([
    'a.test.ts: begin with a line such as "// Tests src/requests/create-request.ts"',
    'b.test.ts: names src/gone.ts, which does not exist',
    'src/c.ts: no test file names it in its first line',
  ]);
});

it('runs what needs nothing but Node, project by project, and tells how to run the rest', () => {
  const tests = ['test/http/a.test.ts', 'packages/x509/test/slow/b.test.ts', 'packages/x509/test/c.test.ts'];
  expect(commandsFor([...tests, 'test/postgresql/d.test.ts'])).toEqual({
    run: [
      ['run', '--project', 'http', 'test/http/a.test.ts'],
      ['run', '--project', 'slow', 'packages/x509/test/slow/b.test.ts'],
      ['run', '--project', 'unit', 'packages/x509/test/c.test.ts'],
    ],
    left: ['npm run test:postgresql -- test/postgresql/d.test.ts'],
  });
});

it('prints the tests of a file with their projects', () => {
  const run = (...args: readonly string[]) =>
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/tests-of.ts', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  expect(run(file, '--print').split('\n')).toContain('test/unit/store/indexes.test.ts (unit)');
  expect(() => run('src/none.ts', '--print')).toThrow('No test file names src/none.ts.');
});
