import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { createPrivateFile } from '../create-private-file.js';

export interface ProcessLock {
  release(): void;
}

/** Another process serves this data dir, or this database. */
export class AlreadyServedError extends Error {
  override readonly name = 'AlreadyServedError';
}

/** A connection that is garbage-collected is closed, and its lock with it; one that is held stays reachable. */
const held = new Set<Database.Database>();

/** Lets one process at a time serve the data dir `directory`. Throws `AlreadyServedError`, which names the holder. */
export function acquireDataDirLock(directory: string): ProcessLock {
  return acquire(directory, join(directory, 'lock.db'), join(directory, 'lock-holder.json'));
}

/**
 * Lets one process at a time serve the database `file`, whatever its data dir is and by whatever name it knows the
 * file; its directory exists. Throws `AlreadyServedError`, which names the holder.
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
  // Whoever can open it can hold it.
  createPrivateFile(lockFile);
  const database = new Database(lockFile, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new AlreadyServedError(`${what} is served by another process${holderIn(holderFile)}`, { cause: error });
  }
  held.add(database);
  // Only for the message that the next one gets: after a crash it is stale, and nothing relies on it.
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

/** Without symbolic links; of a file that is still to be made, its directory's. */
function realPath(file: string): string {
  return existsSync(file) ? realpathSync(file) : join(realpathSync(dirname(file)), basename(file));
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
