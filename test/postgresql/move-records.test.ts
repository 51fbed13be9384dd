import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { verifyChain } from '../../src/audit/chain.js';
import { chainLock } from '../../src/store/postgresql/connect.js';
import { grantServiceRights } from '../../src/store/postgresql/grant.js';
import { migratePostgresql } from '../../src/store/postgresql/migrate-postgresql.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import type { Store } from '../../src/store/store.js';
import {
  chainOf,
  copyOldMigrations,
  insertIntoOldPostgresql,
  leanRecords,
  oldEventRow,
  type OldRows,
} from '../helpers/old-records.js';
import { answersOf, expectedAnswers, oldSample } from '../helpers/old-sample.js';
import { freshDatabase, ownerRole, query, serviceRole, type TestDatabase } from '../helpers/postgresql/databases.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { anEvent, aRequest, aCertificate } from '../unit/store/records.js';

let directory: ReturnType<typeof temporaryDirectory>;
let database: TestDatabase;
beforeEach(async () => {
  directory = temporaryDirectory();
  database = await freshDatabase({ ...inject('databases'), template: 'template0' });
  const admin = new URL(inject('databases').adminUrl);
  admin.pathname = new URL(database.url).pathname;
  await query(admin.href, (client) => client.query(`ALTER SCHEMA public OWNER TO ${ownerRole}`));
});
afterEach(async () => {
  await database.drop();
  directory.remove();
});

async function oldDatabase(rows: OldRows, edit = ''): Promise<void> {
  const old = join(directory.path, 'old');
  copyOldMigrations('postgresql', old);
  await migratePostgresql(database.ownerUrl, { directory: old });
  await query(database.ownerUrl, async (client) => {
    await client.query('BEGIN');
    await insertIntoOldPostgresql(client, rows);
    await client.query('COMMIT');
    await client.query(edit);
  });
}

const all = (sql: string) =>
  query(database.ownerUrl, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  });

async function onStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  await grantServiceRights(database.ownerUrl, serviceRole);
  const store = await openPostgresqlStore({ url: database.url });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

it('answers everything as before although three processes start at once, and one says how far it is', async () => {
  const sample = oldSample(2_100);
  await oldDatabase(sample.rows);
  const messages: string[] = [];
  const onProgress = (message: string) => messages.push(message);
  await Promise.all([1, 2, 3].map(() => migratePostgresql(database.ownerUrl, { onProgress })));
  expect(messages.slice(0, 3)).toEqual([
    'migrating: 0 of 2,100 requests',
    'migrating: 2,100 of 2,100 requests',
    `migrating: 0 of ${String(sample.certificates.length)} certificates`,
  ]);
  expect(await onStore((store) => answersOf(store, sample))).toEqual(expectedAnswers(sample));
  expect(await all(`SELECT 1 FROM pg_class WHERE relname LIKE '%Moved%'`)).toEqual([]);
});

it('shows the same rows in the views as the tables had', async () => {
  const sample = oldSample(40);
  await oldDatabase(sample.rows);
  const rows = async () => {
    const views = ['CertificateRequest', 'Certificate', 'AuditEvent'];
    return Promise.all(views.map((view) => all(`SELECT * FROM "${view}" ORDER BY 1`)));
  };
  const before = await rows();
  await migratePostgresql(database.ownerUrl);
  expect(await rows()).toMatchObject(before);
});

it('goes on after the last numbers of what was moved', async () => {
  const sample = oldSample(16);
  await oldDatabase(sample.rows);
  await migratePostgresql(database.ownerUrl);
  await onStore(async (store) => {
    const request = aRequest();
    const certificate = aCertificate(request);
    await store.writer.commit({
      operations: [
        { op: 'insertRequest', request },
        { op: 'insertCertificate', certificate },
      ],
      events: [anEvent()],
    });
    expect((await store.requests.list({}, { limit: 1, cursor: null })).items).toEqual([request]);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: sample.events.length + 1 });
  });
});

it('makes the ranges of the audit log', async () => {
  const events = chainOf(Array.from({ length: 2_345 }, (_, i) => anEvent({ at: new Date(Math.floor(i / 70)) })));
  await oldDatabase(events.map((event) => ['AuditEvent', oldEventRow(event)]));
  await migratePostgresql(database.ownerUrl);
  expect(await all('SELECT "firstSeq", "lastSeq", "latest"::text FROM "AuditEventRange"')).toEqual([
    { firstSeq: '1', lastSeq: '1000', latest: '1970-01-01 00:00:00.014' },
    { firstSeq: '1001', lastSeq: '2000', latest: '1970-01-01 00:00:00.028' },
  ]);
});

it.each([
  ['a principal', `"principal" = 'eve'`, 6],
  ['a principal where there was none', `"principal" = 'eve'`, 7],
  ['a request that is no UUID', `"requestId" = 'request-1'`, 6],
  ['an instant', `"at" = '2026-03-01T11:00:00.000'`, 6],
  ['an instant without an end', `"at" = 'infinity'`, 6],
  ['a text', `"canonical" = replace("canonical", 'hr', 'eve')`, 6],
  ['a text that is no JSON', `"canonical" = E'text with "quotes" and\\nlines'`, 6],
  ['a hash that is no hex', `"hash" = 'hash'`, 6],
  ['the first link', `"previousHash" = 'hash'`, 1],
])('finds a damaged log invalid at the same event as before: %s', async (_, set, seq) => {
  const events = chainOf(
    Array.from({ length: 12 }, (_, i) => anEvent({ principal: i % 3 === 0 ? null : 'hr', details: { i } })),
  );
  await oldDatabase(
    events.map((event) => ['AuditEvent', oldEventRow(event)]),
    `ALTER TABLE "AuditEvent" DISABLE TRIGGER ALL; UPDATE "AuditEvent" SET ${set} WHERE "seq" = ${String(seq)}`,
  );
  const before = await all('SELECT "seq", "canonical" FROM "AuditEvent" ORDER BY "seq"');
  await migratePostgresql(database.ownerUrl);
  await onStore(async (store) => {
    const verified = await verifyChain(store.auditEvents);
    expect(verified).toMatchObject({ valid: false, events: seq - 1, firstInvalidSeq: seq });
    const moved = await store.auditEvents.chunk(0, 100);
    expect(moved.map(({ seq, canonical }) => ({ seq: String(seq), canonical }))).toEqual(before);
  });
});

it('includes everything that a replica of the version before commits meanwhile', async () => {
  const events = chainOf(Array.from({ length: 110 }, () => anEvent()));
  const rows = events.map((event) => ['AuditEvent', oldEventRow(event)] as const);
  await oldDatabase(rows.slice(0, 90));
  await query(database.ownerUrl, async (replica) => {
    await replica.query('BEGIN');
    await replica.query('SELECT pg_advisory_xact_lock($1)', [chainLock]);
    await insertIntoOldPostgresql(replica, rows.slice(90));
    const migrated = migratePostgresql(database.ownerUrl);
    await setTimeout(300);
    await replica.query('COMMIT');
    await migrated;
  });
  await onStore(async (store) => {
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 110 });
  });
});

it('moves requests and certificates whose columns were edited', async () => {
  await oldDatabase(
    oldSample(16).rows,
    `UPDATE "CertificateRequest" SET "decision" = '[1]', "createdAt" = 'infinity', "expiresAt" = '-infinity',
      "attemptIntent" = '"text"', "spkiSha256" = 'KEY';
    UPDATE "Certificate" SET "serialNumber" = 'ABC', "groups" = '{"a": 1}', "notAfter" = 'infinity'
      WHERE "fingerprintSha256" = (SELECT MIN("fingerprintSha256") FROM "Certificate")`,
  );
  await migratePostgresql(database.ownerUrl);
  const text = (column: string) => `convert_from("${column}", 'UTF8') AS "${column}"`;
  expect(
    await all(`SELECT DISTINCT "text", ${text('spkiSha256')}, "createdAt"::text, "decidedAt"::text, "expiresAt"::text
      FROM "RequestRecord" JOIN "Decision" ON "sha256" = "decisionSha256"`),
  ).toEqual([{ text: '[1]', spkiSha256: 'KEY', createdAt: 'infinity', decidedAt: 'infinity', expiresAt: '-infinity' }]);
  expect(
    await all(`SELECT ${text('serialNumber')}, "groups" FROM "CertificateRecord" WHERE "notAfter" = 'infinity'`),
  ).toEqual([{ serialNumber: 'ABC', groups: { a: 1 } }]);
});

it('has migrations that no other program can apply without the move', async () => {
  await oldDatabase(oldSample(1).rows);
  const apply = (name: string) => all(readFileSync(`prisma/migrations/postgresql/${name}/migration.sql`, 'utf8'));
  await apply(leanRecords);
  await expect(apply('20261126010000_lean_records_in_use')).rejects.toThrow('the records are not moved');
});

it('is left by a role without rights, which says who can, and goes on with the owner', async () => {
  const sample = oldSample(24);
  await oldDatabase(sample.rows);
  // The owner's process ended before it had moved anything.
  const started = join(directory.path, 'started');
  copyOldMigrations('postgresql', started, leanRecords);
  await migratePostgresql(database.ownerUrl, { directory: started });
  await query(database.ownerUrl, (client) => client.query(`GRANT SELECT ON "_prisma_migrations" TO ${serviceRole}`));
  await expect(openPostgresqlStore({ url: database.url })).rejects.toThrow(
    /^migration 20261126010000_lean_records_in_use is not applied, and this role may not: run `npm run migrate` with the DATABASE_URL of the role that owns the tables \(permission denied for table MovedCertificateRequest\)$/,
  );
  await migratePostgresql(database.ownerUrl);
  expect(await onStore((store) => answersOf(store, sample))).toEqual(expectedAnswers(sample));
});
