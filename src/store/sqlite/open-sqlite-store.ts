import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import Database from 'better-sqlite3';
import { PrismaClient } from '../generated/sqlite/client.js';
import { newestUnknown, readMigrations, shippedMigrations, whyOther, type SchemaObject } from '../schema/migrations.js';
import type { ReadRows } from '../steps/statement.js';
import { storeParts, tablesOn, type LogReader, type Store, type StoreOptions } from '../store.js';
import { BatchWriter, connectForWriting } from './batch-writer.js';
import { migrateSqlite } from './migrate-sqlite.js';
import { makePrivateFile } from './process-lock.js';
import { SqliteBatches, ThreadedBatches, type FlatBatches } from './sqlite-batches.js';
import { ReadConnection, sqliteDialect } from './sqlite-statements.js';

export interface SqliteStoreOptions extends StoreOptions {
  /** Path of the database file; its directory exists. */
  readonly file: string;
  /** How long to wait for another process's lock, in milliseconds (default 2000). */
  readonly busyTimeoutMs?: number;
  /** Whether commits get a thread of their own, so that the event loop does not wait for the disk (default false). */
  readonly writerThread?: boolean;
}

/**
 * Opens the store, and creates and migrates it where needed. Reads go through Prisma on a read-only connection of their
 * own, writes through the ordered writer, so no read can join, or be lost with, an open transaction.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, busyTimeoutMs = 2000, writerThread = false } = options;
  // SQLite gives the files beside the database the same mode.
  makePrivateFile(file);
  await migrateSqlite(file, options);
  const batches: FlatBatches = writerThread
    ? new ThreadedBatches({ file, busyTimeoutMs }, options.measures)
    : new BatchWriter(connectForWriting(file, busyTimeoutMs));
  const { reads, close } = await openReads(file, busyTimeoutMs);
  const parts = storeParts(new SqliteBatches(batches), reads, options);
  return {
    ...parts,
    // The lock of the database already keeps other processes away.
    alone: (work) => work(),
    whyNotSchema: () => whyNotSqliteSchema(reads.readRows),
    async close() {
      // The last connection to close moves the write-ahead log into the database, and only one that writes can do that.
      await close();
      await parts.writer.close();
    },
  };
}

/** Opens a database for reading alone, also while a service uses it. It has this version's schema. */
export async function readSqlite(file: string): Promise<LogReader> {
  const { reads, close } = await openReads(file, 10_000);
  return { ...tablesOn(reads), whyNotSchema: () => whyNotSqliteSchema(reads.readRows), close };
}

async function openReads(file: string, timeout: number) {
  const prisma = new PrismaClient({
    adapter: new PrismaBetterSqlite3(
      { url: file, readonly: true, fileMustExist: true, timeout },
      { timestampFormat: 'unixepoch-ms' },
    ),
  });
  await prisma.$connect();
  const connection = new ReadConnection(file, timeout);
  return {
    reads: { prisma, dialect: sqliteDialect, readRows: connection.readRows },
    close: async () => {
      connection.close();
      await prisma.$disconnect();
    },
  };
}

/**
 * Triggers, indexes, views and tables, without the table of the migrations, which they do not make, and without those
 * of SQLite.
 */
const sql = `SELECT "type" || ' ' || "name" AS "object", "sql" AS "definition", "tbl_name" AS "table" FROM "sqlite_master"
  WHERE "sql" IS NOT NULL AND "tbl_name" <> '_prisma_migrations' AND substr("name", 1, 7) <> 'sqlite_'`;

/** As `Store.whyNotSchema`. */
async function whyNotSqliteSchema(readRows: ReadRows): Promise<string | null> {
  const fresh = new Database(':memory:');
  try {
    // As where they are applied: tables are rebuilt.
    fresh.pragma('foreign_keys = OFF');
    for (const migration of readMigrations(shippedMigrations('sqlite'))) fresh.exec(migration.sql);
    const found = (await readRows({ sql, parameters: [] })) as readonly SchemaObject[];
    const made = fresh.prepare<[], SchemaObject>(sql).all();
    const tables = new Set(made.map(({ table = '' }) => table));
    return whyOther(found, { made, tables, newest: await newestUnknown('sqlite', readRows) });
  } finally {
    fresh.close();
  }
}
