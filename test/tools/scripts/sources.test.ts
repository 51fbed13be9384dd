// Tests scripts/sources.mjs
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSources } from '../../helpers/from-sources.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
const program = join(directory.path, 'program.ts');
const part = join(directory.path, 'parts', 'part.ts');
beforeAll(() => {
  mkdirSync(join(directory.path, 'parts'));
  writeFileSync(
    program,
    `import { answer } from './parts/part.js';
     const { later } = await import('./parts/later.js');
     console.log(JSON.stringify({ answer, later, program: import.meta.url, argument: process.argv[1] }));`,
  );
  writeFileSync(part, `export const answer: string = 'first ' + import.meta.url;`);
  writeFileSync(join(directory.path, 'parts', 'later.ts'), `export const later: string = 'later ' + import.meta.url;`);
});
afterAll(() => {
  directory.remove();
});

const run = (...options: readonly string[]): { readonly answer: string } =>
  JSON.parse(
    execFileSync(process.execPath, [...options, ...fromSources, program], { encoding: 'utf8', stdio: 'pipe' }),
  ) as { answer: string };
const url = (...names: string[]) => pathToFileURL(join(directory.path, ...names)).href;

describe('a program that tests start from the sources', () => {
  it.each([[[]], [['--enable-source-maps']]])('sees each of its files where it lies, with options %j', (options) => {
    expect(run(...options)).toEqual({
      answer: `first ${url('parts', 'part.ts')}`,
      later: `later ${url('parts', 'later.ts')}`,
      program: url('program.ts'),
      argument: program,
    });
  });

  it('is what its sources say now, however often they change', () => {
    for (const word of ['second', 'third', 'fourth']) {
      writeFileSync(part, `export const answer: string = '${word}';`);
      expect(run().answer).toBe(word);
      expect(run().answer).toBe(word);
    }
  });

  it('fails as its sources do', () => {
    writeFileSync(part, 'export const answer: string = ;');
    expect(() => run()).toThrow(/part\.ts/);
  });
});
