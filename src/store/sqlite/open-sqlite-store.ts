import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { createPrivateFile } from '../create-private-file.js';
import { PrismaClient } from '../generated/sqlite/client.js';
import { pingOf } from '../ping.js';
import { QuotaReader } from '../readers/quota-reader.js';
import { prismaReaders } from '../store-parts.js';
import { RecordedRequestReader } from '../tables/recorded-requests.js';
import type { Store } from '../store.js';
import { BatchWriter, connectForWriting } from './batch-writer.js';
import { sqliteDialect } from './dialect.js';
import { SqliteInventoryReader } from './inventory-reader.js';
import { migrateSqlite } from './migrate-sqlite.js';
import { OrderedWriter } from '../ordered-writer.js';
import { SqliteRowReader } from './row-reader.js';
import { ThreadedBatches } from './threaded-batches.js';

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
}

/**
 * Opens the store, created and migrated where need be. Reads go through Prisma on a read-only connection of their own,
 * writes through the ordered writer: no read can join, or be lost with, a transaction that is under way.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, busyTimeoutMs = 2000, queueLimit = 1000, batchLimit = 100, writerThread = false } = options;
  // SQLite's files beside the database take over its mode.
  createPrivateFile(file);
  migrateSqlite(file);
  const batches = writerThread
    ? new ThreadedBatches({ file, busyTimeoutMs })
    : new BatchWriter(connectForWriting(file, busyTimeoutMs));
  const writer = new OrderedWriter(batches, { queue: queueLimit, batch: batchLimit });
  const prisma = new PrismaClient({
    adapter: new PrismaBetterSqlite3({ url: file, readonly: true, fileMustExist: true, timeout: busyTimeoutMs }),
  });
  await prisma.$connect();
  const readers = prismaReaders(prisma);
  const inventory = new SqliteInventoryReader(file, busyTimeoutMs);
  const rows = new SqliteRowReader(file, busyTimeoutMs);
  return {
    ...readers,
    writer,
    inventory,
    quotas: new QuotaReader(sqliteDialect, rows.readRows),
    recordedRequests: new RecordedRequestReader(rows.readRows),
    // The lock of the database sees to it.
    alone: (work) => work(),
    ping: pingOf(writer, readers.auditEvents),
    async close() {
      // The last connection to close puts the write-ahead log into the database, and only one that writes can.
      inventory.close();
      rows.close();
      await prisma.$disconnect();
      await writer.close();
    },
  };
}
