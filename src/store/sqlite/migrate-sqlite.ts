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
import { judgedBy } from './look-into-sqlite.js';

/**
 * Applies the missing migrations, and records them in Prisma's own table, so that `prisma migrate status` agrees. All
 * of them are one transaction. Answers their names. Throws `MigrationError` where one failed, and as `judgeSchema`. A
 * database that is refused stays as it is.
 */
export const migrateSqlite = (file: string, options: MigrationOptions = {}): Promise<readonly string[]> =>
  Promise.try(() => {
    const database = new Database(file, { timeout: 10_000 });
    try {
      return migrate(database, options);
    } finally {
      database.close();
    }
  });

function migrate(
  database: Database.Database,
  { directory = shippedMigrations('sqlite'), onNewer }: MigrationOptions,
): readonly string[] {
  const migrations = readMigrations(directory);
  database.pragma('synchronous = FULL');
  // It must be off while a table is rebuilt, and it cannot be switched inside a transaction.
  database.pragma('foreign_keys = OFF');
  const applied = database
    .transaction(() => {
      database.exec(prismaMigrationsTable);
      const { pending, newer } = judgedBy((sql) => database.prepare(sql).all(), migrations);
      if (newer !== null) onNewer?.(newer);
      apply(database, pending, floorOf(migrations));
      return pending.map(({ name }) => name);
    })
    .immediate();
  // The mode is written into the file, so it waits until the database is accepted.
  database.pragma('journal_mode = WAL');
  return applied;
}

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
