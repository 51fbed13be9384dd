import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/postgresql/client.js';
import type { PrismaClient as SharedPrismaClient } from '../generated/sqlite/client.js';
import type { ReadRows } from '../steps/statement.js';
import { storeParts, tablesOn, type LogReader, type Store, type StoreOptions } from '../store.js';
import { clientConfig, connect, startLock } from './connect.js';
import { connectedAtStart } from './connect-at-start.js';
import { isUnreachable, unreachable } from './errors.js';
import { migratePostgresql } from './migrate-postgresql.js';
import { PostgresqlBatches } from './postgresql-batches.js';
import { argumentsWithoutNul, postgresqlDialect, queryOf } from './query.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newestUnknown, type SchemaObject, shippedMigrations, whyOther } from '../schema/migrations.js';
import { serviceRights } from './grant.js';

interface PostgresqlStoreOptions extends StoreOptions {
  /** A `postgresql:` URL, as `clientConfig` reads it. It may hold a password: no message of the store repeats it. */
  readonly url: string;
  /** How many connections there are to read with, beside the one that writes (default 10); at least two. */
  readonly readConnections?: number;
  /** How long to look for the outcome of a COMMIT that was not answered, in milliseconds (default 10,000). */
  readonly settleMilliseconds?: number;
}

/**
 * Our own statements, unlike Prisma's, are written for certain indexes, in whose order they read. PostgreSQL shall
 * neither read a whole table because it was small when the statement was planned, nor collect rows and sort them
 * because it expects few.
 */
export const alongIndexes = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_sort: 'off',
  enable_incremental_sort: 'off',
  // It would compile the statements whose plan has one of these all the same, because that seems to cost much.
  jit: 'off',
};
/** The limits keep a stopped process from holding the chain's lock. */
const writerSettings = { ...alongIndexes, statement_timeout: '20s', idle_in_transaction_session_timeout: '10s' };
/** It is longer than the server's own limit, because it is for networks that lose answers. */
const readerTimeoutMilliseconds = 35_000;
const readerSettings = { statement_timeout: '30s', default_transaction_read_only: 'on' };

/**
 * Opens the store, and creates or migrates its schema where needed. Reads go through Prisma on a pool of read-only
 * connections, or as our own statements on another one; writes go through the ordered writer. Several processes may
 * open the store at once.
 */
export async function openPostgresqlStore(options: PostgresqlStoreOptions): Promise<Store> {
  const { url, readConnections = 10, settleMilliseconds = 10_000 } = options;
  await migratePostgresql(url, options);
  const { reads, close } = openReads(url, Math.ceil(readConnections / 2));
  const batches = new PostgresqlBatches(clientConfig(url, writerSettings), settleMilliseconds);
  const parts = storeParts(batches, reads, options);
  return {
    ...parts,
    whyNotSchema: () => whyNotPostgresqlSchema(reads.readRows),
    async alone(work) {
      const client = await connect(clientConfig(url));
      try {
        await client.query('SELECT pg_advisory_lock($1)', [startLock]);
        return await work();
      } finally {
        // The end of the connection releases the lock.
        await client.end();
      }
    },
    async close() {
      await parts.writer.close();
      await close();
    },
  };
}

/** Opens a database for reading alone, also while services use it. It has this version's schema. */
export function readPostgresql(url: string): LogReader {
  const { reads, close } = openReads(url, 2);
  return { ...tablesOn(reads), whyNotSchema: () => whyNotPostgresqlSchema(reads.readRows), close };
}

/** Opens two pools with so many connections each: for Prisma, and for our own statements. */
function openReads(url: string, connections: number) {
  const prismas = poolOf(url, readerSettings, connections);
  const ours = poolOf(url, { ...readerSettings, ...alongIndexes }, connections);
  const readRows: ReadRows = async (statement) =>
    (await ours.query(queryOf(statement)).catch(rethrow)).rows as readonly unknown[];
  return {
    reads: { prisma: prismaOn(prismas), dialect: postgresqlDialect, readRows },
    close: async () => {
      await Promise.all([prismas.end(), ours.end()]);
    },
  };
}

function poolOf(url: string, settings: Readonly<Record<string, string>>, max: number): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(url, settings),
    max,
    query_timeout: readerTimeoutMilliseconds,
    types: { getTypeParser: parserOf },
  });
  // The pool replaces an idle connection that breaks.
  pool.on('error', () => undefined);
  return pool;
}

/** `pg` would read a TIMESTAMP without time zone as local time; the columns are in UTC. */
const parserOf: typeof pg.types.getTypeParser = (type: number, format?: 'text' | 'binary') =>
  type === (pg.types.builtins.TIMESTAMP as number) && format !== 'binary'
    ? (text: string) => new Date(`${text.replace(' ', 'T')}Z`)
    : (pg.types.getTypeParser as (type: number, format?: string) => unknown)(type, format);

/**
 * Prisma's client for the shared readers. They are typed by SQLite's client, the narrower of the two; a test proves
 * that calls and rows have the same types. An error that means that the database cannot be reached becomes a
 * `StoreUnavailableError`.
 */
function prismaOn(pool: pg.Pool): SharedPrismaClient {
  const names = new Map<string, string>();
  const adapter = new PrismaPg(pool, {
    // Each connection prepares a named text once. The filters of lists have many combinations, so only the first ones
    // get names.
    statementNameGenerator({ sql }) {
      let name = names.get(sql);
      if (name === undefined && names.size < preparedReads) names.set(sql, (name = `prisma_${String(names.size)}`));
      return name ?? '';
    },
  });
  const client = new PrismaClient({ adapter }).$extends({
    query: { $allOperations: ({ args, query }) => query(argumentsWithoutNul(args)).catch(rethrow) },
  });
  return client as unknown as SharedPrismaClient;
}

const preparedReads = 500;

function rethrow(error: unknown): never {
  throw isUnreachable(error) ? unreachable(error) : error;
}

/**
 * Triggers and functions. A trigger may be there and disabled, and a function with the same text may have other rights.
 */
export const schemaObjectsSql = `SELECT 'trigger ' || tgname || ' of ' || relname AS "object",
    concat_ws(' enabled: ', pg_get_triggerdef(t.oid), tgenabled) AS "definition"
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
  WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('function %s(%s)', proname, pg_get_function_arguments(oid)), concat_ws(' ', prosecdef, proconfig, prosrc)
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`;

/** The schema objects that the migrations make. A test compares the file with a database. */
export const schemaObjectsFile = join(shippedMigrations('postgresql'), 'schema-objects.json');

/** As `Store.whyNotSchema`. */
async function whyNotPostgresqlSchema(readRows: ReadRows): Promise<string | null> {
  const found = (await readRows({ sql: schemaObjectsSql, parameters: [] })) as readonly SchemaObject[];
  const made = JSON.parse(readFileSync(schemaObjectsFile, 'utf8')) as readonly SchemaObject[];
  const tables = new Set([...Object.keys(serviceRights), '_prisma_migrations']);
  const ofTables = found.map((one) => ({ ...one, table: one.object.split(' of ').at(-1) ?? '' }));
  return whyOther(ofTables, { made, tables, newest: await newestUnknown('postgresql', readRows) });
}

/** The settings that make a server's commits durable, and the consequence where one is off. */
const wanted = {
  fsync: 'a power failure may lose certificates that were handed out, and destroy the database',
  full_page_writes: 'a power failure may destroy the database',
  synchronous_commit: 'kubepass turns it on for its own commits, and for nobody else’s',
} as const;

/** The server's settings that weaken the promise of a commit, as texts for the log; empty where all are on. */
export function weakenedDurability(databaseUrl: string): Promise<readonly string[]> {
  return connectedAtStart(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: keyof typeof wanted; setting: string }>(
      'SELECT name, setting FROM pg_settings WHERE name = ANY($1) ORDER BY name',
      [Object.keys(wanted)],
    );
    return rows
      .filter(({ setting }) => setting === 'off')
      .map(({ name }) => `PostgreSQL runs with ${name}=off: ${wanted[name]}`);
  });
}
