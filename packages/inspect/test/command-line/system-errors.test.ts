// Tests packages/inspect/src/command-line/system-errors.ts
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isOfSystem, sentenceOf } from '../../src/command-line/system-errors.js';

function errorOf(read: () => unknown): unknown {
  try {
    read();
  } catch (error) {
    return error;
  }
  throw new Error('it could be read');
}

const missing = join(import.meta.dirname, 'none.pem');
const file = import.meta.filename;

it.each([
  [missing, `${missing} is not there (ENOENT)`],
  [import.meta.dirname, 'a file that is named is a folder, where a file is expected (EISDIR)'],
  [join(file, 'none.pem'), `${join(file, 'none.pem')} goes through a file, where a folder is expected (ENOTDIR)`],
])('says in a sentence why %s cannot be read', (path, sentence) => {
  const error = errorOf(() => readFileSync(path));
  expect(isOfSystem(error)).toBe(true);
  expect(sentenceOf(error)).toBe(sentence);
});

it('has no sentence for an error that is not one of the system, even if its message begins like one', () => {
  const error = new Error("ENOENT: it is 'so'");
  expect(isOfSystem(error)).toBe(false);
  expect(sentenceOf(error)).toBe("ENOENT: it is 'so'");
  expect(sentenceOf('thrown words')).toBe('thrown words');
});

it('passes on the words of the system for which it has no sentence', () => {
  const error = Object.assign(new Error("ELOOP: too many symbolic links, open 'a'"), { syscall: 'open' });
  expect(sentenceOf(error)).toBe("ELOOP: too many symbolic links, open 'a'");
});
