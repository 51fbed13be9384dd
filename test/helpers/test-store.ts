import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { inject } from 'vitest';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import { openSqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { placeMigratedDatabase } from './migrated-database.js';
import { freshDatabase, query } from './postgresql/databases.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Whether the tests that hold for every database run on PostgreSQL: `npm run test:postgresql`. */
export const onPostgresql = process.env['KUBEPASS_TEST_DATABASE'] === 'postgresql';

export type TestStoreOptions = Omit<SqliteStoreOptions, 'file'>;

export interface OpenedStore {
  readonly store: Store;
  /** The database's file; empty if there is none. */
  readonly file: string;
  /** Runs SQL as the owner of the tables. */
  execute(sql: string): Promise<void>;
  /** Runs SQL with the rights that the service has. */
  executeAsService(sql: string): Promise<void>;
  /** Another process's store on the same database; SQLite has none. */
  another(): Promise<Store>;
  /** The rows of a query. Instants of PostgreSQL are in UTC. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The plan of the database for a query. */
  explain(sql: string): Promise<string>;
  close(): Promise<void>;
}

/** A store on its own database, which is removed when the store is closed. */
export const openTestStore = (options: TestStoreOptions = {}): Promise<OpenedStore> =>
  onPostgresql ? openOnPostgresql(options) : openOnSqlite(options);

async function openOnSqlite(options: TestStoreOptions): Promise<OpenedStore> {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'kubepass.db');
  await placeMigratedDatabase(file);
  const store = await openSqliteStore({ file, ...options });
  const onIt = async <T>(work: (database: Database.Database) => T): Promise<T> => {
    const database = new Database(file, { timeout: 0 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    store,
    file,
    execute: (sql) => onIt((database) => void database.exec(sql)),
    executeAsService: (sql) => onIt((database) => void database.exec(sql)),
    another: () => Promise.resolve(store),
    query: (sql) => onIt((database) => database.prepare<[], Record<string, unknown>>(sql).all()),
    explain: (sql) =>
      onIt((database) =>
        database
          .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
          .all()
          .map(({ detail }) => detail)
          .join('\n'),
      ),
    async close() {
      await store.close();
      directory.remove();
    },
  };
}

async function openOnPostgresql({ queueLimit, batchLimit }: TestStoreOptions): Promise<OpenedStore> {
  const database = await freshDatabase(inject('databases'));
  const limits = { ...(queueLimit && { queueLimit }), ...(batchLimit && { batchLimit }) };
  const store = await openPostgresqlStore({ url: database.url, readConnections: 3, ...limits });
  const executeAs = (url: string) => (sql: string) =>
    query(url, async (client) => {
      await client.query(sql);
    });
  return {
    store,
    file: '',
    execute: executeAs(database.ownerUrl),
    executeAsService: executeAs(database.url),
    another: () => openPostgresqlStore({ url: database.url, readConnections: 3 }),
    query: (sql) =>
      query(database.ownerUrl, async (client) => {
        client.setTypeParser(pg.types.builtins.TIMESTAMP, (text) => new Date(`${text}Z`));
        return (await client.query<Record<string, unknown>>(sql)).rows;
      }),
    // PostgreSQL reads a small table as a whole unless this is forbidden.
    explain: (sql) =>
      query(database.ownerUrl, async (client) => {
        await client.query('SET enable_seqscan = off');
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`);
        return rows.map((row) => row['QUERY PLAN']).join('\n');
      }),
    async close() {
      await store.close();
      await database.drop();
    },
  };
}
