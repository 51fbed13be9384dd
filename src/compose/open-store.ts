import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/config.js';
import { acquireDatabaseLock, acquireDataDirLock } from '../store/sqlite/process-lock.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import type { Store } from '../store/store.js';

/**
 * How long SQLite itself waits for another process's lock, in milliseconds. A commit looks again after that; a reader, with
 * which the event loop waits, is locked out by nobody but who recovers the log.
 */
const busyTimeoutMs = 50;

/** Whether no other process works on the same database: what is open there was left by one that is dead. */
export const isSoleProcess = ({ database }: Config): boolean => database.kind === 'sqlite';

/**
 * Opens the database that is configured. With SQLite one process at a time serves a data dir and a database, and both
 * are let go when the store is closed; throws `AlreadyServedError` where another one has either. `warn` is told what
 * makes a PostgreSQL less durable than it should be. `writerThread`: whether commits to SQLite get a thread of their own.
 */
export async function openStore(
  { database, dataDir }: Config,
  warn: (message: string) => void,
  { writerThread }: { readonly writerThread: boolean },
): Promise<Store> {
  if (database.kind === 'postgresql') {
    // Its Prisma client and its driver are memory that SQLite's users need not spend.
    const { openPostgresqlStore } = await import('../store/postgresql/open-postgresql-store.js');
    const { weakenedDurability } = await import('../store/postgresql/durability.js');
    (await weakenedDurability(database.url)).forEach(warn);
    return openPostgresqlStore({ url: database.url });
  }
  const locks = [acquireDataDirLock(dataDir)];
  const release = () => {
    for (const lock of locks.splice(0).reverse()) lock.release();
  };
  try {
    await mkdir(dirname(database.file), { recursive: true, mode: 0o700 });
    // Another data dir may name the same database.
    locks.push(acquireDatabaseLock(database.file));
    const store = await openSqliteStore({ file: database.file, busyTimeoutMs, writerThread });
    return {
      ...store,
      async close() {
        try {
          await store.close();
        } finally {
          release();
        }
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Brings the schema of a PostgreSQL database up to date as the role that owns it, and gives `role`, where there is one,
 * what the service needs of the tables. Answers the migrations that were applied. Throws where the database is another.
 */
export async function migrateDatabase({ database }: Config, role: string | null): Promise<readonly string[]> {
  if (database.kind !== 'postgresql')
    throw new Error('DATABASE_URL is not that of a PostgreSQL: a SQLite database is migrated when the service starts');
  const { migratePostgresql } = await import('../store/postgresql/migrate-postgresql.js');
  const applied = await migratePostgresql(database.url);
  if (role !== null) {
    const { grantServiceRights } = await import('../store/postgresql/grant.js');
    await grantServiceRights(database.url, role);
  }
  return applied;
}
