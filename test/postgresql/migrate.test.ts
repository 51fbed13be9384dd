// Tests src/store/postgresql/migrate-postgresql.ts, src/store/postgresql/grant.ts,
// src/store/postgresql/connect-at-start.ts
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { genesis, type ChainHead } from '../../src/audit/hash-chain.js';
import { MigrationError } from '../../src/store/schema/migrations.js';
import { chainLock } from '../../src/store/postgresql/connect.js';
import { grantServiceRights } from '../../src/store/postgresql/grant.js';
import { migratePostgresql } from '../../src/store/postgresql/migrate-postgresql.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import { chainedEvent } from '../helpers/chained-event.js';
import { freshDatabase, ownerRole, query, serviceRole, type TestDatabase } from '../helpers/postgresql/databases.js';
import { anEvent } from '../unit/store/records.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const shipped = 'prisma/migrations/postgresql';
const names = readdirSync(shipped).filter((name) => /^\d/.test(name));

let directory: ReturnType<typeof temporaryDirectory>;
let database: TestDatabase;
let migrations: string;
beforeEach(async () => {
  directory = temporaryDirectory();
  migrations = join(directory.path, 'migrations');
  cpSync(shipped, migrations, { recursive: true });
  database = await freshDatabase({ ...inject('databases'), template: 'template0' });
  const admin = new URL(inject('databases').adminUrl);
  admin.pathname = new URL(database.url).pathname;
  await query(admin.href, (client) => client.query(`ALTER SCHEMA public OWNER TO ${ownerRole}`));
});
afterEach(async () => {
  await database.drop();
  directory.remove();
});

function add(name: string, sql: string): void {
  mkdirSync(join(migrations, name), { recursive: true });
  writeFileSync(join(migrations, name, 'migration.sql'), sql);
}

const rowsOf = (sql: string) =>
  query(database.ownerUrl, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  });

it('applies every migration once, although five processes start at once', async () => {
  const applied = await Promise.all(Array.from({ length: 5 }, () => migratePostgresql(database.ownerUrl)));
  expect(applied.filter(({ length }) => length > 0)).toEqual([names]);
  const rows = await rowsOf('SELECT * FROM "_prisma_migrations"');
  expect(rows).toHaveLength(names.length);
  expect(await migratePostgresql(database.ownerUrl)).toEqual([]);
  expect(await rowsOf('SELECT * FROM "_prisma_migrations"')).toEqual(rows);
});

it('refuses a migration that was edited after it was applied, and one that it does not know', async () => {
  add('29990101000000_future', 'CREATE TABLE "Future" ("id" TEXT NOT NULL PRIMARY KEY);');
  await migratePostgresql(database.ownerUrl, { directory: migrations });
  await expect(migratePostgresql(database.ownerUrl)).rejects.toThrow('29990101000000_future, which this version');
  const [first = ''] = names;
  add(first, 'SELECT 1;');
  await expect(migratePostgresql(database.ownerUrl, { directory: migrations })).rejects.toThrow(
    new MigrationError(`migration ${first} was edited after it was applied`),
  );
});

it('applies all of them or none', async () => {
  const tables = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1`;
  await migratePostgresql(database.ownerUrl);
  const before = await rowsOf(tables);
  add('29990102000000_bad', 'CREATE TABLE "Bad" ("id" TEXT); INSERT INTO "Nowhere" VALUES (1);');
  await expect(migratePostgresql(database.ownerUrl, { directory: migrations })).rejects.toThrow(
    'migration 29990102000000_bad failed',
  );
  expect(await rowsOf(tables)).toEqual(before);
});

it('includes everything that a replica of the version before commits meanwhile', async () => {
  const ranges = '20261125070000_audit_events_by_time';
  for (const name of names.slice(names.indexOf(ranges))) rmSync(join(migrations, name), { recursive: true });
  await migratePostgresql(database.ownerUrl, { directory: migrations });
  cpSync(join(shipped, ranges), join(migrations, ranges), { recursive: true });

  let head: ChainHead = genesis;
  const append = async (client: pg.Client, count: number) => {
    for (let i = 0; i < count; i++) {
      const event = chainedEvent(head, anEvent({ at: new Date(Date.UTC(2026, 2, 1) + head.seq * 1000) }));
      const { details: _, ...row } = { ...event, at: event.at.toISOString() };
      const columns = Object.keys(row);
      await client.query(
        `INSERT INTO "AuditEvent" (${columns.map((column) => `"${column}"`).join(', ')})
          VALUES (${columns.map((_, at) => `$${String(at + 1)}`).join(', ')})`,
        Object.values(row),
      );
      head = event;
    }
  };
  await query(database.ownerUrl, async (replica) => {
    await append(replica, 990);
    await replica.query('BEGIN');
    await replica.query('SELECT pg_advisory_xact_lock($1)', [chainLock]);
    await append(replica, 20);
    const migrated = migratePostgresql(database.ownerUrl, { directory: migrations });
    await setTimeout(300);
    await replica.query('COMMIT');
    expect(await migrated).toEqual([ranges]);
  });
  expect(await rowsOf('SELECT "firstSeq", "lastSeq" FROM "AuditEventRange"')).toEqual([
    { firstSeq: '1', lastSeq: '1000' },
  ]);
});

it('gives way to a replica that uses its tables in another order, and begins again', async () => {
  await migratePostgresql(database.ownerUrl);
  add('29990101000000_wider', 'ALTER TABLE "Session" ADD COLUMN "x" TEXT; ALTER TABLE "Issuer" ADD COLUMN "x" TEXT;');
  await query(database.ownerUrl, async (replica) => {
    await replica.query('BEGIN');
    await replica.query('SELECT 1 FROM "Issuer"');
    const migrated = migratePostgresql(database.ownerUrl, { directory: migrations });
    await setTimeout(300);
    // The migration has this table and waits for the other one: each waits for the other.
    await replica.query('SELECT 1 FROM "Session"');
    await setTimeout(1500);
    await replica.query('SELECT 1 FROM "Session"');
    await replica.query('COMMIT');
    expect(await migrated).toEqual(['29990101000000_wider']);
  });
});

it('serves as a role that owns nothing, which cannot migrate and says who can', async () => {
  await expect(openPostgresqlStore({ url: database.url })).rejects.toThrow(
    /^migration \w+ is not applied, and this role may not: run `kubepass migrate` with the DATABASE_URL of the role that owns the tables \(permission denied for schema public\)$/,
  );
  await migratePostgresql(database.ownerUrl);
  await grantServiceRights(database.ownerUrl, serviceRole);
  const store = await openPostgresqlStore({ url: database.url });
  await store.ping();
  await store.close();
});

it('grants its rights in several processes at once, as new pods do that start together', async () => {
  await migratePostgresql(database.ownerUrl);
  await Promise.all([1, 2, 3, 4].map(() => grantServiceRights(database.ownerUrl, serviceRole)));
});

it.each([
  ['UPDATE "AuditRecord" SET "principal" = NULL'],
  ['DELETE FROM "AuditRecord"'],
  ['TRUNCATE "AuditRecord"'],
  ['UPDATE "AuditEventRange" SET "latest" = "earliest"'],
  ['DELETE FROM "AuditEventRange"'],
  [`INSERT INTO "AuditEventRange" VALUES (1, 1000, now(), now())`],
  ['ALTER TABLE "AuditRecord" DISABLE TRIGGER ALL'],
  ['DROP TRIGGER "AuditRecord_no_change" ON "AuditRecord"'],
  ['DROP TRIGGER "AuditRecord_no_delete" ON "AuditRecord"'],
  [`INSERT INTO "AuditArchive" VALUES (256, 1, 'x', 'x', 'x', now())`],
  ['UPDATE "AuditArchive" SET "lastSeq" = 256'],
  ['DELETE FROM "AuditArchive"'],
  ['DELETE FROM "TimelineRecord"'],
  [`UPDATE "TimelineRecord" SET "entries" = '[]'`],
  [`CREATE OR REPLACE FUNCTION "AuditRecord_keep"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`],
  ['DROP TABLE "AuditRecord"'],
  ['DELETE FROM "CertificateRecord"'],
  ['UPDATE "GroupMembership" SET "name" = NULL'],
  ['UPDATE "Decision" SET "text" = NULL'],
  ['DELETE FROM "RequestRecord"'],
  ['CREATE OR REPLACE VIEW "Certificate" AS SELECT 1'],
  [`CREATE OR REPLACE FUNCTION "AuditRecord_append"(records text[], lines text[]) RETURNS void LANGUAGE sql AS ''`],
  ['CREATE TABLE "More" ("id" TEXT)'],
  [`CREATE OR REPLACE FUNCTION "AuditRecord_refuse"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`],
  ['SET session_replication_role = replica'],
])('gives the service no right to %s', async (sql) => {
  await migratePostgresql(database.ownerUrl);
  // The grant revokes the rights that the role had before.
  await query(database.ownerUrl, (client) =>
    client.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${serviceRole}`),
  );
  await grantServiceRights(database.ownerUrl, serviceRole);
  await expect(query(database.url, (client) => client.query(sql))).rejects.toMatchObject({ code: '42501' });
});
