import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { found, isNamed, type TestFile } from '../test-files.js';

export const sourceFilesWithLogic = (): readonly string[] =>
  found('src/**/*.ts', 'packages/*/src/**/*.{ts,tsx}')
    .filter((path) => !path.startsWith('src/store/generated/'))
    .filter((path) => hasLogic(path, readFileSync(path, 'utf8')));

/** If a file has a function that does more than evaluate one expression, or a class with methods. */
export function hasLogic(path: string, text: string): boolean {
  const inside = (node: ts.Node): boolean => isLogic(node) || (ts.forEachChild(node, inside) ?? false);
  return inside(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
}

function isLogic(node: ts.Node): boolean {
  const body = ts.isFunctionLike(node) && 'body' in node ? node.body : undefined;
  if (body === undefined || !ts.isBlock(body)) return false;
  if (ts.isClassElement(node)) return true;
  const [first, second] = body.statements;
  if (first === undefined) return false;
  return second !== undefined || !(ts.isReturnStatement(first) || ts.isExpressionStatement(first));
}

/** Everything that is wrong with the first lines of the test files. */
export function faultsOf(
  testFiles: readonly TestFile[],
  sources: readonly string[],
  isThere: (name: string) => boolean = existsSync,
): readonly string[] {
  return [
    ...testFiles
      .filter(({ tests }) => tests.length === 0)
      .map(({ path }) => `${path}: begin with a line such as "// Tests src/requests/create-request.ts"`),
    ...testFiles.flatMap(({ path, tests }) =>
      tests.filter((name) => !isThere(name)).map((name) => `${path}: names ${name}, which does not exist`),
    ),
    ...sources
      .filter((source) => !testFiles.some((test) => isNamed(source, test)))
      .map((source) => `${source}: no test file names it in its first line`),
  ];
}
