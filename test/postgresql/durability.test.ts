// Tests src/store/postgresql/open-postgresql-store.ts
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { openPostgresqlStore, weakenedDurability } from '../../src/store/postgresql/open-postgresql-store.js';
import { composeOn, type LogLine } from '../helpers/composed-service.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { startPostgresql } from '../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { anEvent } from '../unit/store/records.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await freshDatabase(inject('databases'));
  const { pathname } = new URL(database.url);
  await query(database.ownerUrl, (client) =>
    client.query(`ALTER DATABASE ${pathname.slice(1)} SET synchronous_commit = off`),
  );
});
afterEach(() => database.drop());

it('is warned of at start if the server is not as durable as it should be', async () => {
  const directory = temporaryDirectory();
  const log: LogLine[] = [];
  // The server of the tests runs without fsync in order to be fast.
  const service = await composeOn(directory.path, await postgresqlEnvironment(directory.path, database.url), {}, log);
  await service.close();
  directory.remove();
  const warned = log.filter(({ level }) => level === 'warn').map(({ message }) => message);
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit'])
    expect(warned.filter((message) => message.startsWith(`PostgreSQL runs with ${setting}=off: `))).toHaveLength(1);
});

it('is not warned of if the server has its default settings', async () => {
  const server = await startPostgresql({ durable: true });
  try {
    expect(await weakenedDurability(server.urlOf('postgres'))).toEqual([]);
  } finally {
    await server.remove();
  }
});

it('is that of the commit itself, whatever the default of the database is', async () => {
  await query(database.ownerUrl, (client) =>
    client.query(`
      CREATE TABLE "Seen" ("setting" TEXT);
      CREATE FUNCTION "see"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO public."Seen" VALUES (current_setting('synchronous_commit'));
        RETURN NEW;
      END $$;
      CREATE TRIGGER "see" AFTER INSERT ON "AuditRecord" FOR EACH ROW EXECUTE FUNCTION "see"()`),
  );
  const store = await openPostgresqlStore({ url: database.url });
  await store.writer.commit({ operations: [], events: [anEvent()] });
  await store.close();
  const seen = await query(database.ownerUrl, (client) => client.query('SELECT * FROM "Seen"'));
  expect(seen.rows).toEqual([{ setting: 'on' }]);
});
