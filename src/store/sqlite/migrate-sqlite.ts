import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import {
  MigrationError,
  pendingMigrations,
  readMigrations,
  shippedMigrations,
  type AppliedMigration,
  type Migration,
} from '../migrations.js';

/**
 * Applies the missing migrations in one transaction, and records them in Prisma's own table, so that `prisma migrate
 * status` agrees. Answers their names. Throws `MigrationError` where an applied migration was edited or is unknown here,
 * or where one failed.
 */
export function migrateSqlite(file: string, directory = shippedMigrations('sqlite')): readonly string[] {
  const database = new Database(file, { timeout: 10_000 });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    // It must be off while a table is rebuilt, and it cannot be switched inside a transaction.
    database.pragma('foreign_keys = OFF');
    return database.transaction(() => applyPending(database, readMigrations(directory))).immediate();
  } finally {
    database.close();
  }
}

function applyPending(database: Database.Database, migrations: readonly Migration[]): readonly string[] {
  database.exec(prismaMigrationsTable);
  const applied = database
    .prepare<[], AppliedMigration>(
      'SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations',
    )
    .all();
  const pending = pendingMigrations(migrations, applied);
  const record = database.prepare(
    'INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES (?, ?, ?, ?, ?, 1)',
  );
  for (const { name, sql, checksum } of pending) {
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
  return pending.map(({ name }) => name);
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
