import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { migrateSqlite } from '../../src/store/sqlite/migrate-sqlite.js';
import { jsonText, queryOf, type Query } from '../../src/store/postgresql/query.js';
import { bind } from '../../src/store/sqlite/sqlite-statements.js';
import type { Row } from '../../src/store/steps/statement.js';
import { freshDatabase, prepareDatabases, query } from '../../test/helpers/postgresql/databases.js';
import { startPostgresql } from '../../test/helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../../test/helpers/service-on-postgresql.js';
import { seedRows } from './rows.js';

/** A database with that many certificates, and the plans of its queries. */
export interface SeededDatabase {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** The environment for a service whose data dir is in `directory`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly mebibytes: number;
  /** The URL of the role that owns the tables; only of PostgreSQL. */
  readonly ownerUrl?: string;
  /** Runs `work` and returns the plan of each query that it made, by the text of the query. */
  plansOf(work: () => Promise<unknown>): Promise<ReadonlyMap<string, string>>;
  remove(): Promise<void>;
}

export async function seedSqlite(directory: string, count: number, now: Date): Promise<SeededDatabase> {
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'kubepass.db');
  await migrateSqlite(file);
  const database = new Database(file);
  // The data can be made again, so speed matters more than safety here. The measurement opens the database with its own
  // settings.
  for (const setting of ['synchronous = OFF', 'journal_mode = MEMORY', 'cache_size = -1000000', 'foreign_keys = OFF'])
    database.pragma(setting);
  const insert = (table: string, row: Row) => {
    prepared(database, insertSql(table, row)).run(...Object.values(row).map(bind));
  };
  const indexes = database
    .prepare<[], { name: string; sql: string }>(
      `SELECT "name", "sql" FROM "sqlite_master" WHERE "type" = 'index' AND "name" LIKE '%\\_idx' ESCAPE '\\'`,
    )
    .all();
  // An index is made faster at the end, from all rows at once.
  for (const { name } of indexes) database.exec(`DROP INDEX "${name}"`);
  for (const rows of seedRows(count, now, 2_000))
    database.transaction(() => {
      for (const [table, ofTable] of Object.entries(rows)) for (const row of ofTable) insert(table, row);
    })();
  for (const { sql } of indexes) database.exec(sql);
  database.pragma('journal_mode = WAL');
  database.close();
  return {
    name: 'SQLite',
    environment: { KUBEPASS_DATA_DIR: dataDir },
    mebibytes: statSync(file).size / 2 ** 20,
    async plansOf(work) {
      const asked = new Set<string>();
      // Both Prisma's adapter and the readers of this project prepare statements through this class.
      const { prepare } = Database.prototype as { prepare: (sql: string) => Database.Statement };
      Database.prototype.prepare = function (this: Database.Database, sql: string) {
        asked.add(sql);
        return prepare.call(this, sql);
      } as typeof Database.prototype.prepare;
      try {
        await work();
      } finally {
        Database.prototype.prepare = prepare as typeof Database.prototype.prepare;
      }
      const connection = new Database(file, { readonly: true });
      const plans = [...asked].map((sql) => [sql, planInSqlite(connection, sql)] as const);
      connection.close();
      return new Map(plans);
    },
    remove: () => Promise.resolve(),
  };
}

function planInSqlite(database: Database.Database, sql: string): string {
  const parameters = Array<null>(sql.split('?').length - 1).fill(null);
  const rows = database.prepare<null[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
  return rows.map(({ detail }) => detail).join('; ');
}

const statements = new Map<string, Database.Statement>();
function prepared(database: Database.Database, sql: string): Database.Statement {
  let statement = statements.get(sql);
  if (statement?.database !== database) statements.set(sql, (statement = database.prepare(sql)));
  return statement;
}

const namesOf = (row: Row): string =>
  Object.keys(row)
    .map((column) => `"${column}"`)
    .join(', ');

const insertSql = (table: string, row: Row): string =>
  `INSERT INTO "${table}" (${namesOf(row)}) VALUES (${Object.keys(row)
    .map(() => '?')
    .join(', ')})`;

function insertAll(table: string, rows: readonly Row[]): readonly Query[] {
  const [first] = rows;
  if (first === undefined) return [];
  const names = namesOf(first);
  const sql = `INSERT INTO "${table}" (${names}) SELECT ${names} FROM json_populate_recordset(NULL::"${table}", ?::json)`;
  return [queryOf({ sql, parameters: [`[${rows.map((row) => jsonText({ columns: row })).join(',')}]`] })];
}

async function inTurn(client: pg.Client, queries: readonly (string | Query)[]): Promise<void> {
  for (const one of queries) await client.query(one);
}

/** Throws `NoPostgresqlError` where none is installed. */
export async function seedPostgresql(directory: string, count: number, now: Date): Promise<SeededDatabase> {
  // Not in `directory`: it belongs to this user, and PostgreSQL does not run as root.
  const server = await startPostgresql({ durable: false });
  const { url, ownerUrl } = await freshDatabase(await prepareDatabases(server));
  const mebibytes = await query(ownerUrl, async (client) => {
    // The trigger that keeps the chain gapless stays on, so the rows must be valid. Its query is planned once, for a
    // table that is still empty.
    await client.query('SET enable_seqscan = off');
    // An index is made faster at the end, from all rows at once.
    const indexes = await client.query<{ name: string; sql: string }>(
      `SELECT "indexname" AS "name", "indexdef" AS "sql" FROM "pg_indexes" WHERE "schemaname" = 'public' AND "indexname" LIKE '%\\_idx'`,
    );
    for (const { name } of indexes.rows) await client.query(`DROP INDEX "${name}"`);
    let inserted: Promise<unknown> = Promise.resolve();
    for (const rows of seedRows(count, now, 1_000)) {
      const queries = Object.entries(rows).flatMap(([table, ofTable]) => insertAll(table, ofTable));
      // The rows of the next portion are made meanwhile.
      await inserted;
      inserted = inTurn(client, ['BEGIN', ...queries, 'COMMIT']);
      inserted.catch(() => undefined);
    }
    await inserted;
    await client.query(`SET maintenance_work_mem = '1GB'`);
    for (const { sql } of indexes.rows) await client.query(sql);
    // Autovacuum would do this after a while.
    await client.query('VACUUM ANALYZE');
    const size = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
    return Number(size.rows[0]?.bytes) / 2 ** 20;
  });
  return {
    name: 'PostgreSQL',
    ownerUrl,
    environment: await postgresqlEnvironment(join(directory, 'data'), url),
    mebibytes,
    async plansOf(work) {
      const asked = new Map<string, readonly unknown[]>();
      const { query: original } = pg.Client.prototype;
      const ask = original as (this: pg.Client, ...parameters: unknown[]) => unknown;
      pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
        const [first] = parameters as [string | { readonly text?: string; readonly values?: readonly unknown[] }];
        if (typeof first !== 'string' && first.text !== undefined) asked.set(first.text, first.values ?? []);
        return ask.apply(this, parameters);
      } as typeof original;
      try {
        await work();
      } finally {
        pg.Client.prototype.query = original;
      }
      return query(ownerUrl, async (client) => {
        const plans = new Map<string, string>();
        for (const [text, values] of asked) {
          if (!text.startsWith('SELECT')) continue;
          const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values]);
          const lines = rows.map((row) => row['QUERY PLAN'].replace(/ {2}\(cost=.*\)$/, '').trim());
          plans.set(text, lines.join('; '));
        }
        return plans;
      });
    },
    remove: () => server.remove(),
  };
}
