import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { codeOf } from '@kubepass/x509';
import {
  type AppliedMigration,
  floorOf,
  type FoundDatabase,
  type JudgedSchema,
  judgeSchema,
  mayKnowFloor,
  type Migration,
  MigrationError,
  type MigrationOptions,
  foundIssuers,
  readMigrations,
  type SchemaFloor,
  selectApplied,
  selectFloor,
  selectIssuers,
  shippedMigrations,
  writeFloor,
} from '../schema/migrations.js';
import { numbered } from './query.js';
import { chainLock, migrationLock } from './connect.js';
import { connectedAtStart } from './connect-at-start.js';

/**
 * Applies the missing migrations, and records them in Prisma's own table, so that `prisma migrate status` agrees. All
 * of them are one transaction. Answers their names. If several processes start at once, one applies and the others
 * wait. A role without rights on the schema is enough where nothing is missing. Throws `MigrationError` where that role
 * has to apply something, where one failed, and as `judgeSchema`.
 */
export function migratePostgresql(
  databaseUrl: string,
  { directory = shippedMigrations('postgresql'), onNewer }: MigrationOptions = {},
): Promise<readonly string[]> {
  return connectedAtStart(databaseUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    const migrations = readMigrations(directory);
    const { pending, newer } = await judgedIn(client, migrations);
    if (newer !== null) onNewer?.(newer);
    await apply(client, pending, floorOf(migrations));
    return pending.map(({ name }) => name);
  });
}

/** As `judgeSchema`. */
export const judgePostgresql = (databaseUrl: string) => connectedAtStart(databaseUrl, (client) => judgedIn(client));

/**
 * Judges the schema of a database. Where nobody may migrate meanwhile, the connection holds the lock of the migrations.
 * The floor is read last: whoever applied a migration that was found wrote it before.
 */
export async function judgedIn(
  client: pg.Client,
  migrations = readMigrations(shippedMigrations('postgresql')),
): Promise<JudgedSchema & { readonly isEmpty: boolean }> {
  const applied = await appliedMigrations(client);
  const { rows } = mayKnowFloor(migrations, applied) ? await client.query<SchemaFloor>(selectFloor) : { rows: [] };
  return { ...judgeSchema(migrations, applied, rows[0] ?? null), isEmpty: applied.length === 0 };
}

/**
 * Looks into a database without changing it. Throws where it cannot be reached, where it is not for this version
 * (`MigrationError`), and where this role may not bring it up to date.
 */
export function lookIntoPostgresql(databaseUrl: string): Promise<FoundDatabase> {
  return connectedAtStart(databaseUrl, async (client) => {
    const { isEmpty, pending, newer } = await judgedIn(client);
    const [next] = pending;
    if (next !== undefined && !(await mayMigrate(client, isEmpty)))
      throw new MigrationError(whyNot(next.name, forbidden));
    if (isEmpty) return { pending: null, newer, issuers: [] };
    return { pending: pending.length, newer, issuers: await issuersIn(client) };
  });
}

async function issuersIn(client: pg.Client): Promise<FoundDatabase['issuers']> {
  for (const [table, select] of selectIssuers) {
    const { rows } = await client.query<{ is: boolean }>(`SELECT to_regclass('public."${table}"') IS NOT NULL AS "is"`);
    if (rows[0]?.is === true) return foundIssuers((await client.query(select)).rows);
  }
  return [];
}

const forbidden = Object.assign(new Error('it does not own the tables'), { code: '42501' });

async function mayMigrate(client: pg.Client, isEmpty: boolean): Promise<boolean> {
  const { rows } = await client.query<{ allowed: boolean }>(
    isEmpty
      ? `SELECT has_schema_privilege('public', 'CREATE') AS "allowed"`
      : `SELECT pg_has_role(relowner, 'USAGE') AS "allowed" FROM pg_class WHERE oid = 'public."_prisma_migrations"'::regclass`,
  );
  return rows[0]?.allowed === true;
}

/**
 * PostgreSQL ends one of two transactions that have waited for each other for `deadlock_timeout` (1 s), and that could
 * be a request of a replica. So the migrations wait for a table for less than that, give way, and begin again.
 */
const [lockTimeout, pauseMilliseconds, attempts] = ['500ms', 250, 200];

async function apply(
  client: pg.Client,
  migrations: readonly Migration[],
  floor: [string, string] | null,
): Promise<void> {
  for (let attempt = 1; migrations.length > 0; attempt += 1)
    try {
      await applyOnce(client, migrations, floor);
      return;
    } catch (error) {
      if (!hasState(error instanceof Error && error.cause, '55P03') || attempt === attempts) throw error;
      await client.query('ROLLBACK');
      await setTimeout(pauseMilliseconds);
    }
}

async function applyOnce(
  client: pg.Client,
  migrations: readonly Migration[],
  floor: [string, string] | null,
): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
  // Replicas of the previous version may be committing. A migration that reads the audit log must wait for their batch.
  await client.query('SELECT pg_advisory_xact_lock($1)', [chainLock]);
  await client.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
  for (const { name, sql, checksum } of migrations) {
    try {
      if (name === migrations[0]?.name) await client.query(prismaMigrationsTable);
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
  if (floor !== null) await client.query(numbered(writeFloor), floor);
  await client.query('COMMIT');
}

async function appliedMigrations(client: pg.Client): Promise<readonly AppliedMigration[]> {
  // `CREATE TABLE IF NOT EXISTS` requires the right to create even where the table exists.
  const table = await client.query<{ found: boolean }>(
    `SELECT to_regclass('public."_prisma_migrations"') IS NOT NULL AS "found"`,
  );
  if (table.rows[0]?.found !== true) return [];
  return (await client.query<AppliedMigration>(selectApplied)).rows;
}

function whyNot(name: string, error: unknown): string {
  return isForbidden(error)
    ? `migration ${name} is not applied, and this role may not: run \`kubepass migrate\` with the DATABASE_URL of the role that owns the tables (${error.message})`
    : `migration ${name} failed`;
}

/** 42501: insufficient_privilege; 55P03: lock_not_available. */
const hasState = (error: unknown, state: '42501' | '55P03'): error is Error => codeOf(error) === state;
const isForbidden = (error: unknown): error is Error => hasState(error, '42501');

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
