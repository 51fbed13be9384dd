// Tests src/store/sqlite/migrate-sqlite.ts, src/store/schema/migrations.ts
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MigrationError } from '../../../src/store/schema/migrations.js';
import { migrateSqlite } from '../../../src/store/sqlite/migrate-sqlite.js';
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const shipped = 'prisma/migrations/sqlite';
const names = readdirSync(shipped).filter((name) => !name.endsWith('.toml'));

let directory: ReturnType<typeof temporaryDirectory>;
let file: string;
let migrations: string;
beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory.path, 'kubepass.db');
  migrations = join(directory.path, 'migrations');
  cpSync(shipped, migrations, { recursive: true });
});
afterEach(() => directory.remove());

function add(name: string, sql: string): void {
  mkdirSync(join(migrations, name), { recursive: true });
  writeFileSync(join(migrations, name, 'migration.sql'), sql);
}

function query(sql: string): unknown[] {
  const database = new Database(file);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

it('applies every migration once, and nothing the second time', async () => {
  expect(await migrateSqlite(file)).toEqual(names);
  const before = query('SELECT * FROM "_prisma_migrations"');
  expect(before).toHaveLength(names.length);
  expect(await migrateSqlite(file)).toEqual([]);
  expect(query('SELECT * FROM "_prisma_migrations"')).toEqual(before);
});

it('applies only what is missing', async () => {
  await migrateSqlite(file, { directory: migrations });
  add('29990101000000_more', 'CREATE TABLE "More" ("id" TEXT NOT NULL PRIMARY KEY);');
  expect(await migrateSqlite(file, { directory: migrations })).toEqual(['29990101000000_more']);
});

it('refuses a migration that was edited after it was applied', async () => {
  await migrateSqlite(file, { directory: migrations });
  const [first = ''] = names;
  add(first, 'SELECT 1;');
  await expect(migrateSqlite(file, { directory: migrations })).rejects.toThrow(
    new MigrationError(`migration ${first} was edited after it was applied`),
  );
});

it('refuses a database that has a migration which this version does not know', async () => {
  add('29990101000000_future', 'CREATE TABLE "Future" ("id" TEXT NOT NULL PRIMARY KEY);');
  await migrateSqlite(file, { directory: migrations });
  await expect(migrateSqlite(file)).rejects.toThrow('29990101000000_future, which this version does not know');
});

it('refuses a database in which a migration was begun and not finished', async () => {
  await migrateSqlite(file);
  const database = new Database(file);
  database.exec('UPDATE "_prisma_migrations" SET "finished_at" = NULL');
  database.close();
  await expect(migrateSqlite(file)).rejects.toThrow('was begun and not finished');
});

it('applies all of them or none', async () => {
  await migrateSqlite(file);
  const before = query('SELECT "name" FROM "sqlite_master"');
  add('29990101000000_good', 'CREATE TABLE "Good" ("id" TEXT NOT NULL PRIMARY KEY);');
  add('29990102000000_bad', 'CREATE TABLE "Bad" ("id" TEXT); INSERT INTO "Nowhere" VALUES (1);');
  await expect(migrateSqlite(file, { directory: migrations })).rejects.toThrow('migration 29990102000000_bad failed');
  expect(query('SELECT "name" FROM "sqlite_master"')).toEqual(before);
});

it('refuses a migration that breaks foreign keys', async () => {
  add(
    '29990101000000_orphan',
    `INSERT INTO "GroupMembership" ("name", "certificateN", "notAfter") VALUES ('dev', 1, 0);`,
  );
  await expect(migrateSqlite(file, { directory: migrations })).rejects.toThrow('1 foreign keys are broken');
});

it('finds the spellings of names that were recorded before', async () => {
  for (const name of names.slice(names.indexOf('20261129010000_spellings')))
    rmSync(join(migrations, name), { recursive: true });
  await migrateSqlite(file, { directory: migrations });
  const database = new Database(file);
  const texts = ['keyAlgorithm', 'cluster', 'decisionSha256'];
  const lists = ['groups', 'requesterGroups', 'requesterRoles', 'approvals'];
  const columns = ['id', 'state', 'username', 'requesterName', 'collector', ...texts, ...lists];
  database.pragma('foreign_keys = OFF');
  const insert = database.prepare(
    `INSERT INTO "RequestRecord" (${columns.join()}, "expirationSeconds", "createdAt", "decidedAt")
      VALUES (${columns.map(() => '?').join()}, 600, 0, 0)`,
  );
  const record = (state: string, username: string, requester: string, collector: string) =>
    insert.run(username, state, username, requester, collector, ...texts, ...lists.map(() => '[]'));
  record('issued', 'Jane', 'hr', 'HR');
  record('pending', 'jane', 'hr', 'hr');
  record('issued', 'Zoë', 'hr', 'hr');
  record('denied', 'Joe', 'hr', 'hr');
  database.exec(`INSERT INTO "Decision" ("sha256", "text") VALUES ('decisionSha256', '{}')`);
  database.close();
  await migrateSqlite(file);
  expect(query('SELECT * FROM "NameSpelling" ORDER BY "name"')).toEqual([
    { folded: 'hr', name: 'HR' },
    { folded: 'jane', name: 'Jane' },
    { folded: '', name: 'Zoë' },
  ]);
  const store = await openSqliteStore({ file });
  expect(await store.identities.spellings(['jane'])).toEqual(['Jane']);
  expect(await store.identities.spellings(['zoë'])).toEqual(['Zoë']);
  expect(await store.identities.spellings(['joe'])).toEqual([]);
  await store.close();
});

it('refuses a folder that holds no migrations', async () => {
  mkdirSync(join(directory.path, 'empty'));
  await expect(migrateSqlite(file, { directory: join(directory.path, 'empty') })).rejects.toThrow(MigrationError);
});

it('leaves the database readable by its owner alone', async () => {
  const store = await openSqliteStore({ file });
  await store.ping();
  for (const name of readdirSync(directory.path).filter((name) => name.startsWith('kubepass.db')))
    expect(statSync(join(directory.path, name)).mode & 0o777, name).toBe(0o600);
  await store.close();
});
