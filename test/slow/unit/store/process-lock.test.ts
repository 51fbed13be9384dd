// Tests src/store/sqlite/process-lock.ts
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  acquireDatabaseLock,
  acquireDataDirLock,
  AlreadyServedError,
} from '../../../../src/store/sqlite/process-lock.js';
import { fromSources } from '../../../helpers/from-sources.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  directory.remove();
});

/** Starts another process that tries to take the lock, prints the result, and keeps running. */
async function contender(): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const module = pathToFileURL('src/store/sqlite/process-lock.ts').href;
  const script = `
    const { acquireDataDirLock } = await import(${JSON.stringify(module)});
    try { acquireDataDirLock(${JSON.stringify(directory.path)}); console.log('acquired'); }
    catch (error) { console.log(error.name + ': ' + error.message); }
    setInterval(() => globalThis.gc?.(), 20);`;
  const child = spawn(process.execPath, ['--expose-gc', ...fromSources, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString('utf8').trim() };
}

it('refuses a second process, naming the one that holds the lock', async () => {
  const lock = acquireDataDirLock(directory.path);
  expect((await contender()).said).toMatch(
    new RegExp(`^AlreadyServedError: .* is served by another process \\(pid ${String(process.pid)} on .+ since 20`),
  );
  lock.release();
});

it('goes to the next process once the holder was killed', async () => {
  const holder = await contender();
  expect(holder.said).toBe('acquired');
  // The wait lets its garbage collector run, which must not release the lock.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(() => acquireDataDirLock(directory.path)).toThrow(`pid ${String(holder.child.pid)} `);
  const exited = once(holder.child, 'exit');
  holder.child.kill('SIGKILL');
  await exited;
  expect(existsSync(join(directory.path, 'lock-holder.json'))).toBe(true);
  acquireDataDirLock(directory.path).release();
});

it('refuses a second holder in the same process too, and the first keeps the lock', async () => {
  const lock = acquireDataDirLock(directory.path);
  expect(() => acquireDataDirLock(directory.path)).toThrow(AlreadyServedError);
  // The failed attempt has not released the first holder's lock.
  expect((await contender()).said).toMatch('AlreadyServedError');
  lock.release();
});

it('is free again once released, however often', () => {
  const first = acquireDataDirLock(directory.path);
  first.release();
  const next = acquireDataDirLock(directory.path);
  first.release();
  expect(() => acquireDataDirLock(directory.path)).toThrow(AlreadyServedError);
  next.release();
});

it('says so where there is no such directory', () => {
  expect(() => acquireDataDirLock(join(directory.path, 'none'))).toThrow('no such file or directory');
});

it('holds a database by whatever name it is known, before and after it is made', () => {
  const file = join(directory.path, 'kubepass.db');
  const [linkedFile, linkedDirectory] = [join(directory.path, 'other.db'), join(directory.path, 'linked')];
  symlinkSync(file, linkedFile);
  symlinkSync(directory.path, linkedDirectory);
  const other = join(directory.path, 'another.db');
  for (const made of [false, true]) {
    if (made) writeFileSync(file, '');
    const lock = acquireDatabaseLock(file);
    expect(() => acquireDatabaseLock(file)).toThrow(
      `${file} is served by another process (pid ${String(process.pid)} `,
    );
    expect(() => acquireDatabaseLock(join(linkedDirectory, 'kubepass.db'))).toThrow(AlreadyServedError);
    if (made) expect(() => acquireDatabaseLock(linkedFile)).toThrow(AlreadyServedError);
    acquireDatabaseLock(other).release();
    lock.release();
  }
});
