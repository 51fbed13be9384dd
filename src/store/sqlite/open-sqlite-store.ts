import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '../generated/sqlite/client.js';
import { storeUnmeasured, type StoreMeasures } from '../../model/measures.js';
import { OrderedWriter } from '../writer/ordered-writer.js';
import { storeParts, type Store } from '../store.js';
import { BatchWriter, connectForWriting } from './batch-writer.js';
import { migrateSqlite } from './migrate-sqlite.js';
import { createPrivateFile } from './process-lock.js';
import { ReadConnection, sqliteDialect } from './sqlite-statements.js';
import { type FlatBatches, SqliteBatches, ThreadedBatches } from './sqlite-batches.js';
import { whyNotSqliteSchema } from './sqlite-schema.js';

export interface SqliteStoreOptions {
  /** Path of the database file; its directory exists. */
  readonly file: string;
  /** How long to wait for another process's lock, in milliseconds (default 2000). */
  readonly busyTimeoutMs?: number;
  /** How many steps may wait to be committed (default 1000). */
  readonly queueLimit?: number;
  /** How many steps share one commit at most (default 100). */
  readonly batchLimit?: number;
  /** Whether commits get a thread of their own, so that the event loop does not wait for the disk (default false). */
  readonly writerThread?: boolean;
  /** Is told of each commit. */
  readonly measures?: StoreMeasures;
  /** Is told how far the records of an older version are moved. */
  readonly onProgress?: (message: string) => void;
}

/**
 * Opens the store, and creates and migrates it where needed. Reads go through Prisma on a read-only connection of their
 * own, writes through the ordered writer, so no read can join, or be lost with, an open transaction.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, busyTimeoutMs = 2000, queueLimit = 1000, batchLimit = 100, writerThread = false } = options;
  const { measures = storeUnmeasured } = options;
  // SQLite gives the files beside the database the same mode.
  createPrivateFile(file);
  await migrateSqlite(file, options);
  const batches: FlatBatches = writerThread
    ? new ThreadedBatches({ file, busyTimeoutMs }, measures)
    : new BatchWriter(connectForWriting(file, busyTimeoutMs));
  const writer = new OrderedWriter(new SqliteBatches(batches), { queue: queueLimit, batch: batchLimit }, measures);
  const prisma = new PrismaClient({
    adapter: new PrismaBetterSqlite3(
      { url: file, readonly: true, fileMustExist: true, timeout: busyTimeoutMs },
      { timestampFormat: 'unixepoch-ms' },
    ),
  });
  await prisma.$connect();
  const reads = new ReadConnection(file, busyTimeoutMs);
  return {
    ...storeParts(writer, prisma, sqliteDialect, reads.readRows),
    inventory: reads,
    // The lock of the database already keeps other processes away.
    alone: (work) => work(),
    whyNotSchema: () => whyNotSqliteSchema(reads.readRows),
    async close() {
      // The last connection to close moves the write-ahead log into the database, and only one that writes can do that.
      reads.close();
      await prisma.$disconnect();
      await writer.close();
    },
  };
}
