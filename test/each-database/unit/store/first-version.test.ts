// Tests src/store/schema/migrations.ts, src/backup/open-store.ts, src/backup/upgrade-drill.ts
import { hash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { backUpDatabase } from '../../../../src/backup/back-up-database.js';
import { lookIntoDatabase, migrateDatabase, openStore } from '../../../../src/backup/open-store.js';
import { markDatabase, restoreDatabase } from '../../../../src/backup/restore-database.js';
import { drillUpgrade } from '../../../../src/backup/upgrade-drill.js';
import { verifyConfigured } from '../../../../src/backup/verify-database.js';
import { loadConfig, type Config } from '../../../../src/config/config.js';
import { readEnvironment } from '../../../../src/config/env.js';
import { readMigrations, shippedMigrations } from '../../../../src/store/schema/migrations.js';
import { refused } from '../../../fixtures/databases/states.js';
import { oldEnvironment, placeOldPostgresql, placeOldSqlite } from '../../../helpers/old-databases.js';
import { query, serviceRole } from '../../../helpers/postgresql/databases.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { onPostgresql } from '../../../helpers/test-store.js';

const refusal =
  'the database is of kubepass 0.1.0, and this version upgrades from 0.2.0 on. Nothing was changed: install 0.2.0, ' +
  'start it once with this database, then start this version';

/** A database of the first version, or of one with the same tables. */
interface FirstDatabase {
  readonly config: Config;
  execute(sql: string): Promise<unknown>;
  /** The names of its migrations. */
  applied(): Promise<readonly string[]>;
  /** Everything in the database: of a file each octet. */
  content(): Promise<unknown>;
}

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

function configured(environment: Readonly<Record<string, string>>): Config {
  const directory = temporaryDirectory();
  undo.push(() => directory.remove());
  const dataDir = join(directory.path, 'data');
  return loadConfig(readEnvironment({ ...oldEnvironment, KUBEPASS_DATA_DIR: dataDir, ...environment }));
}

const fileIn = (dataDir: string): string => join(dataDir, 'kubepass.db');
const selectApplied = 'SELECT "migration_name" AS "name" FROM "_prisma_migrations"';
const namesOf = (rows: readonly unknown[]) => (rows as readonly { readonly name: string }[]).map(({ name }) => name);

const firstDatabase = (): Promise<FirstDatabase> => (onPostgresql ? onServer() : Promise.resolve(inFile()));

function inFile(): FirstDatabase {
  const config = configured({});
  const file = placeOldSqlite(refused.sqlite, config.dataDir);
  const on = <T>(work: (database: Database.Database) => T): Promise<T> =>
    Promise.try(() => {
      const database = new Database(file);
      try {
        return work(database);
      } finally {
        database.close();
      }
    });
  return {
    config,
    execute: (sql) => on((database) => database.exec(sql)),
    applied: () => on((database) => namesOf(database.prepare(selectApplied).all())),
    content: () => Promise.resolve(hash('sha256', readFileSync(file), 'hex')),
  };
}

async function onServer(): Promise<FirstDatabase> {
  const database = await placeOldPostgresql(refused.postgresql);
  undo.push(() => database.drop());
  const rows = (sql: string) =>
    query(database.ownerUrl, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
  return {
    config: configured({ DATABASE_URL: database.ownerUrl }),
    execute: rows,
    applied: async () => namesOf(await rows(selectApplied)),
    content: () =>
      Promise.all(
        [
          `SELECT schema_to_xml('public', true, false, '')`,
          `SELECT relname, relkind, relowner, relacl::text, relfilenode FROM pg_class
            WHERE relnamespace = 'public'::regnamespace ORDER BY relname`,
          `SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname`,
        ].map(rows),
      ),
  };
}

const migrations = readMigrations(shippedMigrations(onPostgresql ? 'postgresql' : 'sqlite'));
const leanRecords = '20261126000000_lean_records';
const [, dropsOldTables] = migrations.slice(migrations.findIndex(({ name }) => name === leanRecords));

/** Brings the database to where 0.2.0 begins to move its records. */
async function beginUpgrade({ execute, applied }: FirstDatabase): Promise<void> {
  const known = await applied();
  for (const { name, sql, checksum } of migrations) {
    if (name > leanRecords || known.includes(name)) continue;
    await execute(sql);
    await execute(`INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "started_at", "finished_at")
      VALUES ('${randomUUID()}', '${checksum}', '${name}', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)`);
  }
}

type Way = readonly [string, (config: Config) => Promise<unknown>];
const ways: readonly Way[] = [
  ['a start', (config) => openStore(config, { writerThread: false })],
  ['check-config', lookIntoDatabase],
  ['restore --check', verifyConfigured],
  ['restore --mark', (config) => markDatabase(config, { revocations: null, checkpoint: null })],
];
const waysOfPostgresql: readonly Way[] = [
  ['migrate', (config) => migrateDatabase(config, null)],
  ['migrate --grant-to', (config) => migrateDatabase(config, serviceRole)],
];
const waysOfSqlite: readonly Way[] = [
  ['the drill of an upgrade', drillUpgrade],
  ['backup', (config) => backUpDatabase(config, join(config.dataDir, 'backup.db'))],
  ['restore', (config) => restoreDatabase(configured({}), { ...nothingMore, backup: fileIn(config.dataDir) })],
];
const nothingMore = { force: false, revocations: null, checkpoint: null };

describe.each(onPostgresql ? [...ways, ...waysOfPostgresql] : [...ways, ...waysOfSqlite])('%s', (_, way) => {
  it('refuses the database, says what to do, and changes nothing', async () => {
    const { config, content } = await firstDatabase();
    const before = await content();
    await expect(way(config)).rejects.toThrow(refusal);
    expect(await content()).toEqual(before);
  });

  it('refuses it also where its upgrade to 0.2.0 was interrupted', async () => {
    const database = await firstDatabase();
    await beginUpgrade(database);
    const before = await database.content();
    await expect(way(database.config)).rejects.toThrow(refusal);
    expect(await database.content()).toEqual(before);
  });

  it.skipIf(onPostgresql)('leaves the mode of a file as it is that has no log', async () => {
    const { config, execute, content } = await firstDatabase();
    await execute('PRAGMA journal_mode = DELETE');
    const before = await content();
    await expect(way(config)).rejects.toThrow(refusal);
    expect(await content()).toEqual(before);
  });
});

it('has migrations that no other program can apply without the move', async () => {
  const database = await firstDatabase();
  await beginUpgrade(database);
  await expect(database.execute(dropsOldTables?.sql ?? '')).rejects.toThrow('the records are not moved');
});
