import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '@kubepass/x509';
import type { Config } from '../config/config.js';
import { checkDataDir } from '../config/secrets.js';
import type { Log } from '../context/context.js';
import { acquireDatabaseLock, acquireDataDirLock } from '../store/sqlite/process-lock.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import { storeUnmeasured, type StoreMeasures } from '../model/measures.js';
import { lookIntoSqlite } from '../store/sqlite/look-into-sqlite.js';
import type { FoundDatabase } from '../store/schema/migrations.js';
import { finishReplacement, isReplacementUnderWay } from './replace-database.js';
import type { Store } from '../store/store.js';

/**
 * How long SQLite itself waits for another process's lock, in milliseconds. A commit tries again after that. A reader,
 * which blocks the event loop, is locked out only while another process recovers the log.
 */
const busyTimeoutMs = 50;

/** Whether no other process works on the same database, so that every attempt left open there is of a dead process. */
export const isSoleProcess = ({ database }: Config): boolean => database.kind === 'sqlite';

interface OpenStoreOptions {
  /** Whether commits to SQLite get a thread of their own. */
  readonly writerThread: boolean;
  /** Is told of settings that make a PostgreSQL less durable than it should be. Default: nobody is. */
  readonly log?: Pick<Log, 'warn'>;
  readonly measures?: StoreMeasures;
}

const silent: Pick<Log, 'warn'> = { warn: () => undefined };

/**
 * Opens the configured database. With SQLite one process at a time serves a data dir and a database, and closing the
 * store releases both; throws `AlreadyServedError` where another process has either.
 */
export async function openStore(
  { database, dataDir }: Config,
  { writerThread, log = silent, measures = storeUnmeasured }: OpenStoreOptions,
): Promise<Store> {
  const onNewer = (sentence: string) => log.warn({}, sentence);
  if (database.kind === 'postgresql') {
    // Loaded here, because its Prisma client and its driver take memory that users of SQLite need not spend.
    const { openPostgresqlStore, weakenedDurability } = await import('../store/postgresql/open-postgresql-store.js');
    for (const warning of await weakenedDurability(database.url)) log.warn({}, warning);
    return openPostgresqlStore({ url: database.url, onNewer, measures });
  }
  const locks = [acquireDataDirLock(dataDir)];
  const release = () => {
    for (const lock of locks.splice(0).reverse()) lock.release();
  };
  try {
    await mkdir(dirname(database.file), { recursive: true, mode: 0o700 });
    // Another data dir may name the same database.
    locks.push(acquireDatabaseLock(database.file));
    const { file } = database;
    const before = await finishReplacement(file);
    if (before !== null)
      log.warn({}, `a restore was interrupted and is finished now; the database before it is ${before}`);
    const store = await openSqliteStore({ file, busyTimeoutMs, writerThread, onNewer, measures });
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
 * Looks at the configured database before it is opened, and changes nothing. Throws where a start could not open it.
 */
export async function lookIntoDatabase({ database }: Pick<Config, 'database'>): Promise<FoundDatabase> {
  if (database.kind === 'postgresql') {
    const { lookIntoPostgresql } = await import('../store/postgresql/migrate-postgresql.js');
    return lookIntoPostgresql(database.url);
  }
  const { file } = database;
  await checkDataDir(dirname(file));
  // The next start puts the restored database there.
  if (isReplacementUnderWay(file)) return { pending: null, newer: null, issuers: [] };
  try {
    return lookIntoSqlite(file);
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Brings the schema of a PostgreSQL database up to date, as the role that owns it, and gives `role`, if any, the
 * rights on the tables that the service needs. Answers the migrations that were applied, and `newer` of `judgeSchema`:
 * if it is a sentence, nothing was changed, no right either. Throws where the database is no PostgreSQL.
 */
export async function migrateDatabase(
  { database }: Config,
  role: string | null,
): Promise<{ readonly applied: readonly string[]; readonly newer: string | null }> {
  if (database.kind !== 'postgresql')
    throw new Error('DATABASE_URL is not that of a PostgreSQL: a SQLite database is migrated when the service starts');
  const { migratePostgresql } = await import('../store/postgresql/migrate-postgresql.js');
  const said: string[] = [];
  const applied = await migratePostgresql(database.url, { onNewer: (sentence) => said.push(sentence) });
  if (role === null || said.length > 0) return { applied, newer: said[0] ?? null };
  const { grantServiceRights } = await import('../store/postgresql/grant.js');
  return { applied, newer: await grantServiceRights(database.url, role) };
}
