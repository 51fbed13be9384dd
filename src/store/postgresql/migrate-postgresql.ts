import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import {
  MigrationError,
  pendingMigrations,
  readMigrations,
  shippedMigrations,
  type AppliedMigration,
} from '../migrations.js';
import { chainLock, clientConfig, connect, migrationLock } from './connect.js';

/**
 * Applies the missing migrations in one transaction, and records them in Prisma's own table, so that `prisma migrate
 * status` agrees. Answers their names. If several processes start at once, one applies and the others wait. A role without
 * rights on the schema is enough where nothing is missing. Throws `MigrationError` where that role has to apply something,
 * where an applied migration was edited or is unknown here, or where one failed.
 */
export async function migratePostgresql(
  databaseUrl: string,
  directory = shippedMigrations('postgresql'),
): Promise<readonly string[]> {
  const client = await connect(clientConfig(databaseUrl));
  try {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    const names = await applyPending(client, directory);
    await client.query('COMMIT');
    return names;
  } finally {
    await client.end();
  }
}

async function applyPending(client: pg.Client, directory: string): Promise<readonly string[]> {
  const pending = pendingMigrations(readMigrations(directory), await appliedMigrations(client));
  // Replicas of the previous version may be committing. A migration that reads the audit log must wait for their batch.
  if (pending.length > 0) await client.query('SELECT pg_advisory_xact_lock($1)', [chainLock]);
  for (const { name, sql, checksum } of pending) {
    try {
      if (name === pending[0]?.name) await client.query(prismaMigrationsTable);
      await client.query(sql);
      await client.query(
        `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "started_at", "finished_at", "applied_steps_count")
          VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
        [randomUUID(), checksum, name],
      );
    } catch (error) {
      throw new MigrationError(whyNot(name, error), { cause: error });
    }
  }
  return pending.map(({ name }) => name);
}

async function appliedMigrations(client: pg.Client): Promise<readonly AppliedMigration[]> {
  // `CREATE TABLE IF NOT EXISTS` requires the right to create even where the table exists.
  const table = await client.query<{ found: boolean }>(
    `SELECT to_regclass('public."_prisma_migrations"') IS NOT NULL AS "found"`,
  );
  if (table.rows[0]?.found !== true) return [];
  const applied = await client.query<AppliedMigration>(
    'SELECT "migration_name", "checksum", "finished_at", "rolled_back_at" FROM "_prisma_migrations"',
  );
  return applied.rows;
}

function whyNot(name: string, error: unknown): string {
  // 42501: insufficient_privilege.
  return error instanceof Error && 'code' in error && error.code === '42501'
    ? `migration ${name} is not applied, and this role may not: run \`npm run migrate\` with the DATABASE_URL of the role that owns the tables (${error.message})`
    : `migration ${name} failed`;
}

/** The table as Prisma's own engine creates it. */
const prismaMigrationsTable = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"              VARCHAR(64) NOT NULL,
    "finished_at"           TIMESTAMPTZ,
    "migration_name"        VARCHAR(255) NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        TIMESTAMPTZ,
    "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`;
