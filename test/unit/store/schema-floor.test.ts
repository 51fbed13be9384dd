// Tests src/store/schema/migrations.ts, src/store/sqlite/look-into-sqlite.ts, prisma/, src/store/sqlite/sqlite-file.ts
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AppliedMigration,
  judgeSchema,
  type Migration,
  readMigrations,
  shippedMigrations,
} from '../../../src/store/schema/migrations.js';
import { lookIntoSqlite } from '../../../src/store/sqlite/look-into-sqlite.js';
import { migrateSqlite } from '../../../src/store/sqlite/migrate-sqlite.js';
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.js';
import { checkSqlite } from '../../../src/store/sqlite/sqlite-file.js';
import { copyMigrations } from '../../helpers/older-database.js';
import { whyNotServed } from '../../helpers/served-migrations.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const both = ['sqlite', 'postgresql'] as const;
const shipped = readMigrations(shippedMigrations('sqlite'));
const newest = shipped.at(-1)?.name ?? '';
const [more, evenMore] = ['29990101000000_more', '29990102000000_even_more'];

let directory: ReturnType<typeof temporaryDirectory>;
let file: string;
let migrations: string;
beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory.path, 'kubepass.db');
  migrations = join(directory.path, 'migrations');
  cpSync(shippedMigrations('sqlite'), migrations, { recursive: true });
});
afterEach(() => directory.remove());

/** A newer version's migration; `serves`: what its header names, if it has one. */
function add(name: string, sql: string, serves?: string): void {
  mkdirSync(join(migrations, name), { recursive: true });
  const header = serves === undefined ? '' : `-- serves: ${serves}\n`;
  writeFileSync(join(migrations, name, 'migration.sql'), header + sql);
}

function query(sql: string): unknown[] {
  const database = new Database(file);
  try {
    const statement = database.prepare(sql);
    return statement.reader ? statement.all() : [statement.run()];
  } finally {
    database.close();
  }
}
const floor = () => query('SELECT "n", "migration" FROM "SchemaFloor"');
const refusal = (name: string) =>
  `the database belongs to a newer version of kubepass: it has migration ${name}, which this version does not know. ` +
  'Start the newer version again, or restore the backup from before the upgrade';

/** As this version migrates it: the migrations that were applied, and the sentences that were said. */
async function migrated() {
  const said: string[] = [];
  return { applied: await migrateSqlite(file, { onNewer: (sentence) => said.push(sentence) }), said };
}

describe('a shipped migration', () => {
  it.each(both)('has a header that is right, or none (%s)', (provider) => {
    const all = readMigrations(shippedMigrations(provider));
    expect(all.length).toBeGreaterThan(20);
    for (const { name, serves } of all) expect(serves <= name).toBe(true);
    expect(all.filter(({ name, serves }) => serves !== name)).toContainEqual(
      expect.objectContaining({
        name: '20261211000000_schema_floor',
        serves: '20261210000000_sessions_of_tokens',
      }),
    );
  });

  it.each(both)('that serves an older version changes nothing which that one knows (%s)', (provider) => {
    expect(whyNotServed(readMigrations(shippedMigrations(provider)))).toEqual([]);
  });

  it.each<[string, string]>([
    ['DROP TABLE "Session";', 'DROP TABLE "Session"'],
    ['CREATE TABLE "X" ("a" TEXT); DROP TABLE "Session"', 'DROP TABLE "Session"'],
    ['ALTER TABLE "Session" RENAME TO "Other"', 'RENAME'],
    ['ALTER TABLE "Session" RENAME COLUMN "id" TO "x"', 'RENAME'],
    ['ALTER TABLE "Session" DROP COLUMN "id"', 'DROP COLUMN'],
    ['ALTER TABLE "Session" ALTER COLUMN "issuer" SET NOT NULL', 'ALTER COLUMN'],
    ['ALTER TABLE "Session" ALTER COLUMN "issuer" TYPE BYTEA', 'ALTER COLUMN'],
    ['ALTER TABLE "Session" ADD COLUMN "x" TEXT NOT NULL', 'NOT NULL without a default'],
    ['ALTER TABLE "Session" ADD COLUMN "x" TEXT DEFAULT \'a\' CHECK ("x" <> \'\')', 'CHECK'],
    ['ALTER TABLE "Session" ADD CONSTRAINT "c" UNIQUE ("name")', 'ADD CONSTRAINT'],
    ['ALTER TABLE "Session" ADD COLUMN "x" TEXT UNIQUE', 'UNIQUE'],
    ['ALTER TABLE "Session" ADD COLUMN "x" TEXT REFERENCES "Issuer" ("sha256")', 'REFERENCES'],
    ['CREATE UNIQUE INDEX "i" ON "Session"("name")', 'UNIQUE INDEX'],
    ['CREATE TABLE "X" ("a" TEXT REFERENCES "Session" ("id"))', 'REFERENCES'],
    ['CREATE TRIGGER "t" BEFORE INSERT ON "Session" BEGIN SELECT RAISE(IGNORE); END', 'RAISE'],
    ['CREATE TRIGGER "t" AFTER INSERT ON "Session" BEGIN UPDATE "Issuer" SET "der" = NULL; END', 'writes "Issuer"'],
    ['CREATE TRIGGER "t" AFTER INSERT ON "Session" BEGIN DELETE FROM "Session"; END', 'writes "Session"'],
    [
      'CREATE FUNCTION "f"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \'x\'; END $$; CREATE TRIGGER "t" AFTER INSERT ON "Session" EXECUTE FUNCTION "f"()',
      'RAISE',
    ],
    [
      'CREATE FUNCTION "f"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER "t" BEFORE INSERT ON "Session" EXECUTE FUNCTION "f"()',
      'BEFORE',
    ],
    ['CREATE OR REPLACE FUNCTION "AuditRecord_append"() RETURNS void LANGUAGE sql AS \'\'', 'REPLACE FUNCTION'],
    ['UPDATE "Session" SET "name" = \'\'', 'UPDATE'],
    ['DELETE FROM "Session"', 'DELETE'],
    ['REVOKE ALL ON "Session" FROM PUBLIC', 'REVOKE'],
    ['DROP VIEW "Certificate"', 'DROP VIEW "Certificate"'],
  ])('would not serve an older version where it says %s', (sql, why) => {
    add(more, sql, newest);
    expect(whyNotServed(readMigrations(migrations))).toEqual([expect.stringContaining(`${more}: `)]);
    expect(whyNotServed(readMigrations(migrations)).join()).toContain(why);
    add(more, sql);
    expect(whyNotServed(readMigrations(migrations))).toEqual([]);
  });

  it('may serve an older version where it adds tables, indexes, columns that may be left out, and what keeps them', () => {
    add(
      more,
      `-- A comment may say DROP TABLE.
      CREATE TABLE "X" ("a" TEXT NOT NULL CHECK ("a" <> ''), "s" TEXT REFERENCES "Session" ("id") ON DELETE CASCADE);
      CREATE UNIQUE INDEX "i" ON "X"("a"); CREATE INDEX "j" ON "Session"("name");
      INSERT INTO "X" ("a") SELECT "id" FROM "Session"; UPDATE "X" SET "a" = 'DROP TABLE "Session"';
      ALTER TABLE "Session" ADD COLUMN "x" TEXT; ALTER TABLE "Session" ADD COLUMN "y" INTEGER NOT NULL DEFAULT 7;
      CREATE TRIGGER "t" BEFORE DELETE ON "X" BEGIN SELECT RAISE(ABORT, 'no'); END;
      CREATE TRIGGER "u" AFTER INSERT ON "Session" BEGIN INSERT INTO "X" ("a") VALUES (NEW."id"); END;
      DROP VIEW "Certificate"; CREATE VIEW "Certificate" AS SELECT 1;`,
      newest,
    );
    expect(whyNotServed(readMigrations(migrations))).toEqual([]);
  });
});

describe('the header of a migration', () => {
  it.each<[string, string]>([
    ['an unknown migration', '-- serves: 20261201000000_nowhere\nSELECT 1;'],
    ['a newer migration', `-- serves: ${evenMore}\nSELECT 1;`],
    ['itself', `-- serves: ${more}\nSELECT 1;`],
    ['nothing', '-- serves:\nSELECT 1;'],
    ['two migrations', `-- serves: ${newest}, ${shipped[0]?.name ?? ''}\nSELECT 1;`],
    ['a migration, without a colon', `-- serves ${newest}\nSELECT 1;`],
    ['a migration, in capitals', `-- Serves: ${newest}\nSELECT 1;`],
    ['a migration, behind another line', `-- More.\n-- serves: ${newest}\nSELECT 1;`],
    ['a migration, twice', `-- serves: ${newest}\n-- serves: ${newest}\nSELECT 1;`],
    ['a migration, behind a space', ` -- serves: ${newest}\nSELECT 1;`],
    ['a migration, behind a byte order mark', `\u{feff}-- serves: ${newest}\nSELECT 1;`],
    ['a migration, on a line of Windows', `-- serves: ${newest}\r\nSELECT 1;`],
    ['a path', `-- serves: ../${newest}\nSELECT 1;`],
  ])('is refused where it names %s', (_, sql) => {
    add(more, sql);
    add(evenMore, 'SELECT 1;');
    expect(() => readMigrations(migrations)).toThrow(
      `migration ${more} has a wrong header: its first line alone may be "-- serves: " and the name of an older migration`,
    );
  });
});

describe('the floor', () => {
  it('is the newest migration that a version must know, and never sinks', async () => {
    const { serves = '' } = shipped.at(-1) ?? {};
    await migrated();
    expect(floor()).toEqual([{ n: 1, migration: serves }]);
    add(more, 'CREATE TABLE "More" ("id" TEXT);', newest);
    await migrateSqlite(file, { directory: migrations });
    expect(floor()).toEqual([{ n: 1, migration: newest }]);
    add(evenMore, 'CREATE TABLE "EvenMore" ("id" TEXT);', shipped[0]?.name);
    await migrateSqlite(file, { directory: migrations });
    expect(floor()).toEqual([{ n: 1, migration: newest }]);
    add('29990103000000_last', 'DROP TABLE "More";');
    await migrateSqlite(file, { directory: migrations });
    expect(floor()).toEqual([{ n: 1, migration: '29990103000000_last' }]);
    query(`UPDATE "SchemaFloor" SET "migration" = '29990199000000_unheard_of'`);
    add('29990104000000_behind', 'SELECT 1;');
    await migrateSqlite(file, { directory: migrations });
    expect(floor()).toEqual([{ n: 1, migration: '29990199000000_unheard_of' }]);
  });

  it('is written with the migrations, or not at all', async () => {
    await migrated();
    const before = floor();
    add(more, 'CREATE TABLE "More" ("id" TEXT);');
    add(evenMore, 'INSERT INTO "Nowhere" VALUES (1);');
    await expect(migrateSqlite(file, { directory: migrations })).rejects.toThrow(`migration ${evenMore} failed`);
    expect(floor()).toEqual(before);
  });

  it('of a database that an older version made is written by the first version that has the table', async () => {
    const older = join(directory.path, 'older');
    copyMigrations('sqlite', older, '20261210000000_sessions_of_tokens');
    await migrateSqlite(file, { directory: older });
    expect(() => floor()).toThrow('no such table');
    await migrated();
    expect(floor()).toEqual([
      {
        n: 1,
        migration: shipped
          .map(({ serves }) => serves)
          .sort()
          .at(-1),
      },
    ]);
  });
});

describe('a version that finds migrations which it does not know', () => {
  const sentence = expect.stringMatching(
    new RegExp(`^the database belongs to a newer version, this version serves it: it has migration ${more}, `),
  ) as string;
  const newer = async (serves?: string) => {
    add(more, 'CREATE TABLE "More" ("id" TEXT NOT NULL PRIMARY KEY);', serves);
    await migrateSqlite(file, { directory: migrations });
  };

  it('serves where it knows the floor, says so, and changes nothing', async () => {
    await newer(newest);
    const before = query('SELECT * FROM "_prisma_migrations"');
    expect(await migrated()).toEqual({ applied: [], said: [sentence] });
    expect(lookIntoSqlite(file)).toEqual({ pending: 0, newer: sentence, issuers: [] });
    expect(checkSqlite(file)).toEqual({ ok: true, pending: 0, newer: sentence });
    const said: string[] = [];
    const store = await openSqliteStore({ file, onNewer: (text) => said.push(text) });
    expect(said).toEqual([sentence]);
    expect(await store.whyNotSchema()).toBeNull();
    await store.ping();
    await store.close();
    expect(query('SELECT * FROM "_prisma_migrations"')).toEqual(before);
    expect(floor()).toEqual([{ n: 1, migration: newest }]);
  });

  it.each<[string, string | undefined, string]>([
    ['the migration has no header', undefined, 'SELECT 1'],
    ['the database has no floor', newest, 'DELETE FROM "SchemaFloor"'],
    [
      'the newest migration came by other means than kubepass, so that the floor does not tell of it',
      newest,
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '29990102000000_other', 1)`,
    ],
    ['the floor is unknown too', newest, `UPDATE "SchemaFloor" SET "migration" = '29990101000000_more'`],
    ['the floor is above the unknown one', newest, `UPDATE "SchemaFloor" SET "migration" = '29990199000000_x'`],
    [
      'one of its own is missing',
      newest,
      `DELETE FROM "_prisma_migrations" WHERE "migration_name" = '${shipped[3]?.name ?? ''}'`,
    ],
    [
      'the table of the floor is by nobody known',
      newest,
      `UPDATE "_prisma_migrations" SET "migration_name" = '29990102000000_other' WHERE "migration_name" LIKE '%_schema_floor'`,
    ],
  ])('refuses where %s, and changes nothing', async (_, serves, sql) => {
    await newer(serves);
    query(sql);
    const before = query('SELECT * FROM "_prisma_migrations"');
    const name = sql.includes('_other') ? '29990102000000_other' : more;
    await expect(migrated()).rejects.toThrow(refusal(name));
    expect(() => lookIntoSqlite(file)).toThrow(refusal(name));
    expect(checkSqlite(file)).toEqual({ ok: false, why: `is not for this version of kubepass: ${refusal(name)}` });
    await expect(openSqliteStore({ file })).rejects.toThrow(refusal(name));
    expect(query('SELECT * FROM "_prisma_migrations"')).toEqual(before);
  });

  it('refuses a database of before the floor, whatever its migrations say', async () => {
    for (const name of readdirSync(migrations))
      if (name.startsWith('20261211')) rmSync(join(migrations, name), { recursive: true });
    add(more, 'CREATE TABLE "More" ("id" TEXT);', '20261210000000_sessions_of_tokens');
    await migrateSqlite(file, { directory: migrations });
    await expect(migrated()).rejects.toThrow(refusal(more));
  });

  it('refuses one of its own that was edited, and one that was begun and not finished', async () => {
    await newer(newest);
    query(`UPDATE "_prisma_migrations" SET "checksum" = 'other' WHERE "migration_name" = '${newest}'`);
    await expect(migrated()).rejects.toThrow(`migration ${newest} was edited after it was applied`);
    query(
      `UPDATE "_prisma_migrations" SET "checksum" = '${shipped.at(-1)?.checksum ?? ''}' WHERE "migration_name" = '${newest}'`,
    );
    query(`UPDATE "_prisma_migrations" SET "finished_at" = NULL WHERE "migration_name" = '${more}'`);
    await expect(migrated()).rejects.toThrow(`migration ${more} was begun and not finished`);
  });

  it('does not count a migration that was rolled back', async () => {
    await newer();
    query(`UPDATE "_prisma_migrations" SET "rolled_back_at" = 1 WHERE "migration_name" = '${more}'`);
    expect(await migrated()).toEqual({ applied: [], said: [] });
  });
});

it('refuses a migration from between its own although the floor is older, because nobody knows whether it is necessary', () => {
  const migration = (name: string, serves = name): Migration => ({ name, sql: '', checksum: name, serves });
  const row = (name: string): AppliedMigration => ({
    ...{ migration_name: name, checksum: name, finished_at: 1, rolled_back_at: null },
  });
  const own = ['1_a', '3_c', '5_e'].map((name) => migration(name));
  const judged = (names: readonly string[], at: string | null) => () =>
    judgeSchema(own, names.map(row), at === null ? null : { migration: at, newest: '9_z' });
  expect(judged(['1_a', '3_c', '4_d', '5_e'], '3_c')().newer).toContain('4_d');
  for (const at of ['5_e', '4_d', '2_b', null])
    expect(judged(['1_a', '3_c', '4_d', '5_e'], at), String(at)).toThrow(refusal('4_d'));
  expect(judged(['1_a', '2_b', '3_c', '5_e', '6_f'], '3_c')).toThrow(refusal('6_f'));
  expect(judged(['1_a', '3_c', '5_e', '6_f', '7_g'], '5_e')().newer).toContain('7_g');
  expect(judged(['1_a', '3_c'], '3_c')()).toEqual({ pending: [own[2]], newer: null });
});
