import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createPrivateFile } from './create-private-file.js';

export interface DataDirLock {
  release(): void;
}

/** Another process serves this data dir. */
export class DataDirLockedError extends Error {
  override readonly name = 'DataDirLockedError';
}

/** A connection that is garbage-collected is closed, and its lock with it; one that is held stays reachable. */
const held = new Set<Database.Database>();

/**
 * Lets one process at a time serve `directory`. The lock is SQLite's own on a file of its own, held by a transaction
 * that never ends, so the operating system releases it when the process dies, however it dies. Throws
 * `DataDirLockedError`, which names the holder.
 */
export function acquireDataDirLock(directory: string): DataDirLock {
  const holderFile = join(directory, 'lock-holder.json');
  const lockFile = join(directory, 'lock.db');
  // Whoever can open it can hold it.
  createPrivateFile(lockFile);
  const database = new Database(lockFile, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new DataDirLockedError(`${directory} is served by another process${holderIn(holderFile)}`, { cause: error });
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
