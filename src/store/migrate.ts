import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

/** The database cannot be brought to this version's schema; nothing of it was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: unknown;
  readonly rolled_back_at: unknown;
}

/** As far from `src/store` as from `dist/store`. */
const shippedMigrations = fileURLToPath(new URL('../../prisma/migrations/sqlite', import.meta.url));

/**
 * Applies what is missing, all in one transaction, and keeps Prisma's own table, so that its `migrate status` agrees.
 * Answers the names of what it applied. Throws `MigrationError` where an applied migration was edited since or is
 * unknown here, or one failed.
 */
export function migrateSqlite(file: string, directory = shippedMigrations): readonly string[] {
  const database = new Database(file, { timeout: 10_000 });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    // Rebuilding a table needs it off, and inside a transaction it cannot be switched.
    database.pragma('foreign_keys = OFF');
    return database.transaction(() => applyPending(database, readMigrations(directory))).immediate();
  } finally {
    database.close();
  }
}

function applyPending(database: Database.Database, migrations: readonly Migration[]): readonly string[] {
  database.exec(prismaMigrationsTable);
  const applied = database
    .prepare<[], Applied>('SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations')
    .all();
  const pending = pendingOf(migrations, applied);
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

function pendingOf(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  const standing = applied.filter((row) => row.rolled_back_at === null);
  const unfinished = standing.find((row) => row.finished_at === null);
  if (unfinished) throw new MigrationError(`migration ${unfinished.migration_name} was begun and not finished`);
  const checksums = new Map(standing.map((row) => [row.migration_name, row.checksum]));
  for (const { name, checksum } of migrations)
    if (checksums.has(name) && checksums.get(name) !== checksum)
      throw new MigrationError(`migration ${name} was edited after it was applied`);
  const known = new Set(migrations.map(({ name }) => name));
  for (const name of checksums.keys())
    if (!known.has(name))
      throw new MigrationError(`the database has migration ${name}, which this version does not know`);
  return migrations.filter(({ name }) => !checksums.has(name));
}

function readMigrations(directory: string): readonly Migration[] {
  const migrations = readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'migration.sql')))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
  if (migrations.length === 0) throw new MigrationError(`there are no migrations in ${directory}`);
  return migrations;
}

/** As Prisma's own engine creates it; it writes instants as Unix milliseconds. */
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
