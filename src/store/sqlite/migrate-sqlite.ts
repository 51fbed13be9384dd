import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import {
  MigrationError,
  pendingMigrations,
  readMigrations,
  shippedMigrations,
  type AppliedMigration,
  type Migration,
  type MigrationOptions,
} from '../schema/migrations.js';
import { aroundMove, moveRecords } from '../moving/move-records.js';
import { inTransaction, movingSqlite } from './moving-sqlite.js';

/**
 * Applies the missing migrations, and records them in Prisma's own table, so that `prisma migrate status` agrees. All of
 * them are one transaction; where records are to be moved, those before and those behind are one each. Answers their names.
 * Throws `MigrationError` where an applied migration was edited or is unknown here, or where one failed.
 */
export async function migrateSqlite(
  file: string,
  { directory = shippedMigrations('sqlite'), onProgress = () => undefined }: MigrationOptions = {},
): Promise<readonly string[]> {
  const database = new Database(file, { timeout: 10_000 });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    // It must be off while a table is rebuilt, and it cannot be switched inside a transaction.
    database.pragma('foreign_keys = OFF');
    const migrations = readMigrations(directory);
    const [first, second] = await inTransaction(database, () => {
      const parts = aroundMove(pendingMigrations(migrations, appliedMigrations(database)));
      apply(database, parts[0]);
      return parts;
    });
    if (second.length > 0) {
      await moveRecords(movingSqlite(database), onProgress);
      await inTransaction(database, () => {
        apply(database, second);
      });
    }
    return [...first, ...second].map(({ name }) => name);
  } finally {
    database.close();
  }
}

function appliedMigrations(database: Database.Database): readonly AppliedMigration[] {
  database.exec(prismaMigrationsTable);
  return database
    .prepare<[], AppliedMigration>(
      'SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations',
    )
    .all();
}

function apply(database: Database.Database, migrations: readonly Migration[]): void {
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
