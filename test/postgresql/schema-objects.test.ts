// Tests src/backup/verify-database.ts, prisma/
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { markDatabase } from '../../src/backup/restore-database.js';
import { verifyConfigured } from '../../src/backup/verify-database.js';
import type { SchemaObject } from '../../src/store/schema/migrations.js';
import { schemaObjectsFile, schemaObjectsSql } from '../../src/store/postgresql/open-postgresql-store.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const directory = temporaryDirectory();
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase(inject('databases'));
});
afterAll(async () => {
  await database.drop();
  directory.remove();
});

it('is what the file says of each trigger and function that the migrations make', async () => {
  const { rows: objects } = await query(database.ownerUrl, (client) => client.query<SchemaObject>(schemaObjectsSql));
  // `npx vitest run --project postgresql test/postgresql/schema-objects.test.ts -u` writes it.
  await expect(`${JSON.stringify(objects, null, 2)}\n`).toMatchFileSnapshot(schemaObjectsFile);
});

it.each<[string, string]>([
  ['lacks the trigger AuditRecord_no_change of AuditRecord', 'DROP TRIGGER "AuditRecord_no_change" ON "AuditRecord"'],
  [
    'has a trigger AuditTile_no_change of AuditTile that was changed',
    'ALTER TABLE "AuditTile" DISABLE TRIGGER "AuditTile_no_change"',
  ],
  [
    'has a function AuditRecord_refuse() that was changed',
    'CREATE OR REPLACE FUNCTION "AuditRecord_refuse"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
  ],
  [
    'has the trigger quiet of AuditRecord, which no migration makes',
    'CREATE TRIGGER quiet BEFORE INSERT ON "AuditRecord" FOR EACH ROW EXECUTE FUNCTION "AuditRecord_refuse"()',
  ],
])('is refused by the check and by the mark of a restore where it %s', async (why, sql) => {
  const own = await freshDatabase(inject('databases'));
  const dataDir = join(directory.path, 'data');
  try {
    const environment = { KUBEPASS_DATA_DIR: dataDir, ...(await postgresqlEnvironment(dataDir, own.url)) };
    const config = loadConfig(readEnvironment(environment));
    await verifyConfigured(config);
    await query(own.ownerUrl, (client) => client.query(sql));
    await expect(verifyConfigured(config)).rejects.toThrow(`the PostgreSQL database ${why}`);
    await expect(markDatabase(config, { revocations: null, checkpoint: null })).rejects.toThrow(`the database ${why}`);
  } finally {
    await own.drop();
  }
});

it('is sound with an index and a function of an operator', async () => {
  const dataDir = join(directory.path, 'data');
  const environment = { KUBEPASS_DATA_DIR: dataDir, ...(await postgresqlEnvironment(dataDir, database.url)) };
  await query(database.ownerUrl, async (client) => {
    await client.query('CREATE INDEX mine ON "RequestRecord" ("createdAt")');
    await client.query('CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$');
  });
  await verifyConfigured(loadConfig(readEnvironment(environment)));
});
