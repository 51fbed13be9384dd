import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf } from '@kubepass/x509';

export interface ProcessLock {
  release(): void;
}

/** Another process serves this data dir, or this database. */
export class AlreadyServedError extends Error {
  override readonly name = 'AlreadyServedError';
}

/** Keeps the connections of held locks reachable: garbage collection would close them and release the locks. */
const held = new Set<Database.Database>();

/** Locks the data dir `directory` for one process. Throws `AlreadyServedError`, which names the holder. */
export function acquireDataDirLock(directory: string): ProcessLock {
  return acquire(directory, join(directory, 'lock.db'), join(directory, 'lock-holder.json'));
}

/**
 * Locks the database `file` for one process, whatever its data dir is and whichever of the file's names it uses. The
 * file's directory must exist. Throws `AlreadyServedError`, which names the holder.
 */
export function acquireDatabaseLock(file: string): ProcessLock {
  const real = realPath(file);
  return acquire(file, `${real}.lock`, `${real}.lock-holder.json`);
}

/**
 * The lock is SQLite's own on a file of its own, held by a transaction that never ends, so the operating system
 * releases it when the process dies, however it dies.
 */
function acquire(what: string, lockFile: string, holderFile: string): ProcessLock {
  // It is private because everybody who can open the file can hold the lock.
  makePrivateFile(lockFile);
  const database = new Database(lockFile, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new AlreadyServedError(`${what} is served by another process${holderIn(holderFile)}`, { cause: error });
  }
  held.add(database);
  // Only the message to the next process uses it. After a crash it is stale, and nothing relies on it.
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  writeFileSync(holderFile, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  return {
    release() {
      if (!held.delete(database)) return;
      rmSync(holderFile, { force: true });
      database.close();
    },
  };
}

/** The file itself where the name is a symbolic link, also while there is no file. */
export function realPath(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const target = isLink ? resolve(dirname(file), readlinkSync(file)) : file;
  const directory = dirname(target);
  return existsSync(directory) ? join(realpathSync(directory), basename(target)) : target;
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function holderIn(file: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return ` (pid ${String(pid)} on ${String(host)} since ${String(since)})`;
  } catch {
    return '';
  }
}

/**
 * Makes an empty file that only its owner can access. False: something has that name. It is left as it is, and not even
 * opened: POSIX releases all locks of a process on a file, SQLite's among them, when the process closes any descriptor
 * of it.
 */
export function makePrivateFile(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', 0o600));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
