import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import {
  floorOf,
  type Migration,
  MigrationError,
  type MigrationOptions,
  readMigrations,
  shippedMigrations,
  writeFloor,
} from '../schema/migrations.js';
import { aroundMove, moveRecords } from '../moving/move-records.js';
import { type ColumnValue, hexText, insertInto } from '../steps/statement.js';
import { judgedBy } from './look-into-sqlite.js';
import { bind, Statements } from './sqlite-statements.js';
import type { MovingDatabase, OldRow } from '../moving/lean-rows.js';

/**
 * Applies the missing migrations, and records them in Prisma's own table, so that `prisma migrate status` agrees. All
 * of them are one transaction; where records are to be moved, those before and those behind are one each. Answers their
 * names. Throws `MigrationError` where one failed, and as `judgeSchema`.
 */
export async function migrateSqlite(
  file: string,
  { directory = shippedMigrations('sqlite'), onProgress = () => undefined, onNewer }: MigrationOptions = {},
): Promise<readonly string[]> {
  const database = new Database(file, { timeout: 10_000 });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    // It must be off while a table is rebuilt, and it cannot be switched inside a transaction.
    database.pragma('foreign_keys = OFF');
    const migrations = readMigrations(directory);
    const floor = floorOf(migrations);
    const [first, second] = await inTransaction(database, () => {
      database.exec(prismaMigrationsTable);
      const { pending, newer } = judgedBy((sql) => database.prepare(sql).all(), migrations);
      if (newer !== null) onNewer?.(newer);
      const parts = aroundMove(pending);
      apply(database, parts[0], parts[1].length > 0 ? null : floor);
      return parts;
    });
    if (second.length > 0) {
      await moveRecords(movingSqlite(database), onProgress);
      await inTransaction(database, () => {
        apply(database, second, floor);
      });
    }
    return [...first, ...second].map(({ name }) => name);
  } finally {
    database.close();
  }
}

/** `floor`: is written with them; null: is not yet. */
function apply(database: Database.Database, migrations: readonly Migration[], floor: [string, string] | null): void {
  const record = database.prepare(
    'INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES (?, ?, ?, ?, ?, 1)',
  );
  for (const { name, sql, checksum } of migrations) {
    const startedAt = Date.now();
    try {
      database.exec(sql);
    } catch (error) {
      throw new MigrationError(`migration ${name} failed`, { cause: error });
    }
    record.run(randomUUID(), checksum, name, startedAt, Date.now());
  }
  if (floor !== null && migrations.length > 0) database.prepare(writeFloor).run(...floor);
  const broken = database.pragma('foreign_key_check') as readonly unknown[];
  if (broken.length > 0) throw new MigrationError(`${String(broken.length)} foreign keys are broken`);
}

/** The table as Prisma's own engine creates it; the engine writes instants as Unix milliseconds. */
const prismaMigrationsTable = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
)`;

/**
 * The pages that a portion changes fit into the cache (64 MiB), so that none is written twice. The write-ahead log goes
 * into the database at 200 MiB instead of 4 MiB, so that a page of an index that many portions change goes there less
 * often.
 */
const settings = ['cache_size = -65536', 'wal_autocheckpoint = 51200'];

function movingSqlite(database: Database.Database): MovingDatabase {
  const statements = new Statements(database);
  for (const setting of settings) database.pragma(setting);
  return {
    transaction: (work) => inTransaction(database, work),
    select: (sql, parameters = []) =>
      Promise.resolve(statements.all({ sql, parameters: parameters as readonly ColumnValue[] }) as readonly OldRow[]),
    execute(sql) {
      database.exec(sql);
      return Promise.resolve();
    },
    insert(table, rows, existing) {
      for (const row of rows) {
        const { sql, parameters } = insertInto(table, row);
        statements.of(existing ? `${sql} ON CONFLICT DO NOTHING` : sql).run(...parameters.map(bind));
      }
      return Promise.resolve();
    },
    requestNumbers(ids) {
      const number = statements.of('SELECT "n" FROM "RequestRecord" WHERE "id" = ?');
      return Promise.resolve(
        new Map(
          ids.flatMap((id) => {
            const row = number.get(id) as { readonly n: number } | undefined;
            return row ? [[hexText(id), row.n] as const] : [];
          }),
        ),
      );
    },
    // "2026-03-01T10:00:00.000+00:00"
    instantOf: (value) => new Date(value as string),
    octetsOf: (value) => value as Buffer,
  };
}

/** Runs `work` in one transaction. The connection is used for nothing else meanwhile. */
async function inTransaction<T>(database: Database.Database, work: () => T | Promise<T>): Promise<T> {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = await work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself ends a transaction in some cases, for example on a full disk.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
