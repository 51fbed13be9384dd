import { randomInt } from 'node:crypto';
import { copyFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migratePostgresql } from '../../src/store/postgresql/migrate-postgresql.js';
import { migrateSqlite } from '../../src/store/sqlite/migrate-sqlite.js';
import {
  copyOldMigrations,
  insertIntoOldPostgresql,
  insertIntoOldSqlite,
  type OldRows,
} from '../helpers/old-records.js';
import { oldSample } from '../helpers/old-sample.js';
import { freshDatabase, prepareDatabases, query } from '../helpers/postgresql/databases.js';
import { startPostgresql } from '../helpers/postgresql/server.js';
import { isDoneBeforeKill } from '../helpers/killed-child.js';
import { mountSmallDisk } from '../helpers/small-disk.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { onPostgresql } from '../helpers/test-store.js';

/** Old databases of the same content. */
interface Databases {
  /** Makes one, and answers the file or the URL by which it is migrated. */
  another(): Promise<string>;
  /** All rows of the tables that the records are moved to. */
  rows(database: string): Promise<readonly (readonly unknown[])[]>;
  migrate(database: string): Promise<readonly string[]>;
  remove(): Promise<void>;
}

const kills = Number(process.env['KUBEPASS_CRASH_ROUNDS'] ?? 20);
const tables = {
  Decision: 'sha256',
  RequestRecord: 'n',
  Issuer: 'sha256',
  CertificateRecord: 'n',
  GroupMembership: 'name", "certificateN',
  AuditRecord: 'lastSeq',
  AuditEventRange: 'lastSeq',
};
const rowsOf = Object.entries(tables).map(([table, key]) => `SELECT * FROM "${table}" ORDER BY "${key}"`);

const directory = temporaryDirectory();
let databases: Databases;
let rows: readonly (readonly unknown[])[];
beforeAll(async () => {
  const sample = oldSample(5_000).rows;
  databases = await (onPostgresql ? inPostgresql(sample) : inSqlite(sample));
  const uninterrupted = await databases.another();
  await databases.migrate(uninterrupted);
  rows = await databases.rows(uninterrupted);
});
afterAll(async () => {
  await databases.remove();
  directory.remove();
});

it(`goes on after ${String(kills)} times kill -9, with the same rows in the end`, async () => {
  let killed = 0;
  let longest = 1000;
  for (let count = 0; killed < kills; count++) {
    const database = await databases.another();
    // Some databases are killed often, and early; others once, and late.
    const most = longest / (1 + (count % 5));
    while (!(await isMoved(database, randomInt(Math.ceil(most))))) killed++;
    expect(await databases.migrate(database)).toEqual([]);
    expect(await databases.rows(database)).toEqual(rows);
    longest *= 1.2;
  }
});

/** Migrates in a process that is killed after some time. Answers whether it came to its end before. */
const isMoved = (database: string, milliseconds: number) =>
  isDoneBeforeKill(new URL('./move-child.ts', import.meta.url), [database], milliseconds);

describe.skipIf(onPostgresql)('a full disk', () => {
  // The disk of a test that is skipped would stay.
  if (onPostgresql) return;
  const disk = mountSmallDisk(160);
  if ('unavailable' in disk) {
    console.log(`a full disk is not tested: ${disk.unavailable}`);
    return;
  }
  afterAll(() => disk.remove());

  it('stops the move, says so, and leaves what the next one goes on with', async () => {
    const file = join(disk.path, 'kubepass.db');
    copyFileSync(await databases.another(), file);
    const messages = new Set<string>();
    const ballast = join(disk.path, 'ballast');
    for (let free = 0; ; free += 2 ** 20) {
      disk.free();
      disk.fill();
      truncateSync(ballast, Math.max(0, statSync(ballast).size - free));
      const message = await migrateSqlite(file).then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
      if (message === '') break;
      messages.add(message);
    }
    expect([...messages]).toContain(
      'moving the records failed, and the next start goes on with it: database or disk is full',
    );
    expect(await databases.rows(file)).toEqual(rows);
  });
});

async function inSqlite(sample: OldRows): Promise<Databases> {
  const old = join(directory.path, 'old');
  const template = join(directory.path, 'template.db');
  copyOldMigrations('sqlite', old);
  await migrateSqlite(template, { directory: old });
  const database = new Database(template);
  insertIntoOldSqlite(database, sample);
  database.close();
  let count = 0;
  return {
    another() {
      const file = join(directory.path, `${String(count++)}.db`);
      copyFileSync(template, file);
      return Promise.resolve(file);
    },
    rows(file) {
      const connection = new Database(file, { readonly: true });
      const found = rowsOf.map((sql) => connection.prepare(sql).all());
      connection.close();
      return Promise.resolve(found);
    },
    migrate: (file) => migrateSqlite(file),
    remove: () => Promise.resolve(),
  };
}

async function inPostgresql(sample: OldRows): Promise<Databases> {
  const server = await startPostgresql({ durable: true });
  const { adminUrl } = await prepareDatabases(server);
  const template = await freshDatabase({ adminUrl, template: 'template0' });
  const name = new URL(template.ownerUrl).pathname.slice(1);
  const asAdmin = (database: string) => server.urlOf(new URL(database).pathname.slice(1));
  await query(asAdmin(template.ownerUrl), (client) => client.query(`GRANT ALL ON SCHEMA public TO PUBLIC`));
  const old = join(directory.path, 'old');
  copyOldMigrations('postgresql', old);
  await migratePostgresql(template.ownerUrl, { directory: old });
  await query(template.ownerUrl, async (client) => {
    await client.query('BEGIN');
    await insertIntoOldPostgresql(client, sample);
    await client.query('COMMIT');
  });
  return {
    another: async () => (await freshDatabase({ adminUrl, template: name })).ownerUrl,
    rows: (url) =>
      query(url, async (client) => {
        const found = [];
        for (const sql of rowsOf) found.push((await client.query(sql)).rows as readonly unknown[]);
        return found;
      }),
    migrate: (url) => migratePostgresql(url),
    remove: () => server.remove(),
  };
}
