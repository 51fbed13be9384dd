import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/postgresql/client.js';
import type { PrismaClient as SharedPrismaClient } from '../generated/sqlite/client.js';
import { pingOf } from '../ping.js';
import { QuotaReader } from '../readers/quota-reader.js';
import type { ReadRows } from '../read-rows.js';
import { prismaReaders } from '../store-parts.js';
import { RecordedRequestReader } from '../tables/recorded-requests.js';
import type { Store } from '../store.js';
import { clientConfig, connect } from './connect.js';
import { postgresqlDialect } from './dialect.js';
import { isUnreachable, unreachable } from './errors.js';
import { PostgresqlInventoryReader } from './inventory-reader.js';
import { startLock } from './locks.js';
import { migratePostgresql } from './migrate-postgresql.js';
import { askedWithoutNul } from './nul.js';
import { PostgresqlWriter } from './postgresql-batches.js';
import { queryOf } from './query.js';

export interface PostgresqlStoreOptions {
  /** A `postgresql:` URL, as `clientConfig` reads it. It may hold a password: no message of the store repeats it. */
  readonly url: string;
  /** How many connections there are to read with, beside the one that writes (default 10). */
  readonly readConnections?: number;
  /** How many steps may wait to be committed (default 1000). */
  readonly queueLimit?: number;
  /** How many steps share one commit at most (default 100). */
  readonly batchLimit?: number;
  /** How long it is tried to find out what became of a COMMIT that was not answered, in milliseconds (default 10,000). */
  readonly settleMilliseconds?: number;
}

/** So that no process that stands still keeps the chain's lock from the others. */
const writerSettings = { statement_timeout: '20s', idle_in_transaction_session_timeout: '10s' };
/** Longer than the server's own: it is for a network that swallows answers. */
const readerTimeoutMilliseconds = 35_000;
const readerSettings = { statement_timeout: '30s', default_transaction_read_only: 'on' };

/**
 * Opens the store, its schema made or brought up to date where need be. Reads go through Prisma on a pool of read-only
 * connections, writes through the ordered writer. Several processes may have it open at once.
 */
export async function openPostgresqlStore(options: PostgresqlStoreOptions): Promise<Store> {
  const { url, readConnections = 10, queueLimit = 1000, batchLimit = 100, settleMilliseconds = 10_000 } = options;
  await migratePostgresql(url);
  const writer = new PostgresqlWriter(clientConfig(url, writerSettings), {
    queue: queueLimit,
    batch: batchLimit,
    settleMilliseconds,
  });
  const pool = new pg.Pool({
    ...clientConfig(url, readerSettings),
    max: readConnections,
    query_timeout: readerTimeoutMilliseconds,
  });
  // A connection that waits for work and breaks is replaced by the next that is needed.
  pool.on('error', () => undefined);
  const readers = prismaReaders(prismaOn(pool));
  const query = (text: pg.QueryConfig) => pool.query(text).catch(rethrow);
  const readRows: ReadRows = async (statement) => (await query(queryOf(statement))).rows as readonly unknown[];
  return {
    ...readers,
    writer,
    inventory: new PostgresqlInventoryReader(query),
    quotas: new QuotaReader(postgresqlDialect, readRows),
    recordedRequests: new RecordedRequestReader(readRows),
    async alone(work) {
      const client = await connect(clientConfig(url));
      try {
        await client.query('SELECT pg_advisory_lock($1)', [startLock]);
        return await work();
      } finally {
        // With the connection goes the lock.
        await client.end();
      }
    },
    ping: pingOf(writer, readers.auditEvents),
    async close() {
      await writer.close();
      await pool.end();
    },
  };
}

/**
 * Prisma's client for the shared readers, which are typed by SQLite's, the narrower of the two: a test proves
 * that what they ask and get is the same. An error that means that the database is away says so.
 */
function prismaOn(pool: pg.Pool): SharedPrismaClient {
  const names = new Map<string, string>();
  const adapter = new PrismaPg(pool, {
    // Prepared once a connection. The texts are as many as the filters of lists have combinations; beyond, none is kept.
    statementNameGenerator({ sql }) {
      let name = names.get(sql);
      if (name === undefined && names.size < preparedReads) names.set(sql, (name = `prisma_${String(names.size)}`));
      return name ?? '';
    },
  });
  const client = new PrismaClient({ adapter }).$extends({
    query: { $allOperations: ({ args, query }) => query(askedWithoutNul(args)).catch(rethrow) },
  });
  return client as unknown as SharedPrismaClient;
}

const preparedReads = 500;

function rethrow(error: unknown): never {
  throw isUnreachable(error) ? unreachable(error) : error;
}
