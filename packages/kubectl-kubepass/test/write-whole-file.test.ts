import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeWholeFile } from '../src/write-whole-file.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

// Node takes the types out by itself, and writes no file for it.
const source = new URL('../src/write-whole-file.ts', import.meta.url).href;

let directory: ReturnType<typeof temporaryDirectory>;
let file: string;
beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory.path, 'config');
});
afterEach(() => {
  directory.remove();
});

it('takes the place of the old file, closed to others', () => {
  writeFileSync(file, 'old', { mode: 0o644 });
  writeWholeFile(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory.path)).toEqual(['config']);
});

it('leaves the old file, and nothing beside it, where there is room for a part of the new one', () => {
  writeFileSync(file, 'old');
  const write = `
    const { writeWholeFile } = await import(${JSON.stringify(source)});
    try { writeWholeFile(process.argv[1], 'x'.repeat(2 ** 20)); console.log('written'); }
    catch (error) { console.log(error.message); }`;
  // A limit on the size of files ends a write as a full disk does: the system writes what fits, and says how much that is.
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', 'ulimit -f 16; exec "$0" --no-warnings --input-type=module -e "$1" "$2"', process.execPath, write, file],
    { encoding: 'utf8' },
  );
  expect({ stdout, stderr }).toEqual({
    stdout: expect.stringMatching(/^EFBIG: .* '.*config'\n$/) as string,
    stderr: '',
  });
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(directory.path)).toEqual(['config']);
});
