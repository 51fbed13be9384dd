import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../../../src/audit/chain.js';
import { migrateSqlite } from '../../../../src/store/sqlite/migrate-sqlite.js';
import { openSqliteStore } from '../../../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../../../src/store/store.js';
import {
  chainOf,
  copyOldMigrations,
  insertIntoOldSqlite,
  oldEventRow,
  type OldRows,
} from '../../../helpers/old-records.js';
import { answersOf, expectedAnswers, oldSample } from '../../../helpers/old-sample.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { anEvent } from '../../../unit/store/records.js';

let directory: ReturnType<typeof temporaryDirectory>;
let file: string;
beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory.path, 'kubepass.db');
});
afterEach(() => directory.remove());

async function oldDatabase(rows: OldRows, edit = ''): Promise<void> {
  const old = join(directory.path, 'old');
  copyOldMigrations('sqlite', old);
  await migrateSqlite(file, { directory: old });
  onIt((database) => {
    insertIntoOldSqlite(database, rows);
    database.exec(edit);
  });
}

function onIt<T>(work: (database: Database.Database) => T): T {
  const database = new Database(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const all = (sql: string): readonly Record<string, unknown>[] =>
  onIt((database) => database.prepare<[], Record<string, unknown>>(sql).all());

async function onStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({ file });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

it('answers everything as before, and says how far it is', async () => {
  const sample = oldSample(2_100);
  await oldDatabase(sample.rows);
  const messages: string[] = [];
  await migrateSqlite(file, { onProgress: (message) => messages.push(message) });
  expect(messages.slice(0, 2)).toEqual(['migrating: 0 of 2,100 requests', 'migrating: 2,100 of 2,100 requests']);
  expect(await onStore((store) => answersOf(store, sample))).toEqual(expectedAnswers(sample));
  expect(all('SELECT "name" FROM "sqlite_master" WHERE "name" LIKE \'%Moved%\'')).toEqual([]);
});

it('shows the same rows in the views as the tables had', async () => {
  const sample = oldSample(40);
  await oldDatabase(sample.rows);
  const views = ['CertificateRequest', 'Certificate', 'AuditEvent'];
  const rows = () => views.map((view) => all(`SELECT * FROM "${view}" ORDER BY 1`).map(withJson));
  const before = rows();
  await migrateSqlite(file);
  // The views have more columns than the tables had.
  expect(rows()).toMatchObject(before);
});

/**
 * The view has the decision's instant at the end of the text, where it was before as well, and spells characters anew.
 */
const withJson = (row: Record<string, unknown>) =>
  typeof row['decision'] === 'string' ? { ...row, decision: JSON.parse(row['decision']) as unknown } : row;

it('says nothing where there is nothing to move', async () => {
  const messages: string[] = [];
  await migrateSqlite(file, { onProgress: (message) => messages.push(message) });
  expect(messages).toEqual([]);
});

it('goes on after the last number of what was moved', async () => {
  const sample = oldSample(16);
  await oldDatabase(sample.rows);
  await onStore(async (store) => {
    await store.writer.commit({ operations: [], events: [anEvent()] });
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: sample.events.length + 1 });
  });
});

it('makes the ranges of the audit log, and records that end with them', async () => {
  const events = chainOf(Array.from({ length: 2_345 }, (_, i) => anEvent({ at: new Date(Math.floor(i / 70)) })));
  await oldDatabase(events.map((event) => ['AuditEvent', oldEventRow(event)]));
  await migrateSqlite(file);
  expect(all('SELECT * FROM "AuditEventRange"')).toEqual([
    { firstSeq: 1, lastSeq: 1000, earliest: 0, latest: 14 },
    { firstSeq: 1001, lastSeq: 2000, earliest: 14, latest: 28 },
  ]);
  expect(all('SELECT MAX("lastSeq" - "firstSeq") + 1 AS "most" FROM "AuditRecord"')).toEqual([{ most: 70 }]);
  expect(all('SELECT 1 FROM "AuditRecord" WHERE ("firstSeq" - 1) / 1000 <> ("lastSeq" - 1) / 1000')).toEqual([]);
});

describe('a damaged log', () => {
  const events = chainOf(
    Array.from({ length: 12 }, (_, i) =>
      anEvent({
        at: new Date(1_772_000_000_000 + Math.floor(i / 4)),
        requestId: i < 8 ? '01960000-0000-7000-8000-000000000001' : null,
        principal: i % 3 === 0 ? null : 'hr',
        details: { i },
      }),
    ),
  );
  const zeros = '0'.repeat(64);

  it.each([
    ['a principal', `"principal" = 'eve'`, 6],
    ['a principal where there was none', `"principal" = 'eve'`, 7],
    ['a principal that was removed', `"principal" = NULL`, 6],
    ['a cluster', `"cluster" = 'other'`, 6],
    ['a cluster that was removed', `"cluster" = NULL`, 6],
    ['a request', `"requestId" = '01960000-0000-7000-8000-000000000002'`, 6],
    ['a request that is no UUID', `"requestId" = 'request-1'`, 6],
    ['a request whose UUID has upper case', `"requestId" = '01960000-0000-7000-8000-00000000000A'`, 6],
    ['a fingerprint', `"fingerprintSha256" = '${zeros}'`, 6],
    ['a fingerprint that is no hex', `"fingerprintSha256" = 'AB'`, 6],
    ['a type', `"type" = 'CertificateIssued'`, 6],
    ['a type that there is not', `"type" = 'Nothing'`, 6],
    ['an instant', `"at" = '2026-03-01T10:00:00.000+00:00'`, 6],
    ['an instant that is none', `"at" = 'yesterday'`, 6],
    ['an instant that is a number', `"at" = 5`, 6],
    ['a text', `"canonical" = replace("canonical", 'hr', 'eve')`, 6],
    ['a text with details in another form', `"canonical" = replace("canonical", '{"i":', '{"i": ')`, 6],
    ['a text with a line break in it', `"canonical" = replace("canonical", '{"i":', '{"i":' || char(10))`, 6],
    [
      'a text with members behind the details',
      `"canonical" = replace("canonical", ',"fingerprint', ',"x":1,"fingerprint')`,
      6,
    ],
    ['a text that is no JSON', `"canonical" = 'text with "quotes" and' || char(10) || 'lines'`, 6],
    ['a text that is empty', `"canonical" = ''`, 6],
    ['a text that is octets', `"canonical" = x'00ff'`, 6],
    [
      'a text in the form of a line',
      `"canonical" = '{"details":{"i":5},"principal":"hr","type":"CertificateRequested"}'`,
      6,
    ],
    ['a hash', `"hash" = '${zeros}'`, 6],
    ['a hash that is no hex', `"hash" = 'hash'`, 6],
    ['a hash that is too long', `"hash" = "hash" || '00'`, 6],
    ['a hash in upper case', `"hash" = upper("hash")`, 6],
    ['a link', `"previousHash" = '${zeros}'`, 6],
    ['a link that is no hex', `"previousHash" = 'hash'`, 6],
    ['the first link', `"previousHash" = 'hash'`, 1],
    ['the first hash', `"hash" = 'hash'`, 1],
    ['the last hash', `"hash" = 'hash'`, 12],
  ])('is invalid at the same event as before: %s', async (_, set, seq) => {
    await oldDatabase(
      events.map((event) => ['AuditEvent', oldEventRow(event)]),
      `DROP TRIGGER "AuditEvent_no_update"; UPDATE "AuditEvent" SET ${set} WHERE "seq" = ${String(seq)}`,
    );
    const before = all('SELECT "seq", "canonical" FROM "AuditEvent"').map((row) => ({
      ...row,
      canonical: row['canonical'] instanceof Uint8Array ? Buffer.from(row['canonical']).toString() : row['canonical'],
    }));
    await onStore(async (store) => {
      const verified = await verifyChain(store.auditEvents);
      expect(verified).toMatchObject({ valid: false, events: seq - 1, firstInvalidSeq: seq });
      const moved = await store.auditEvents.chunk(0, 100);
      expect(moved.map(({ seq, canonical }) => ({ seq, canonical }))).toEqual(before);
    });
  });

  it('keeps its gaps', async () => {
    await oldDatabase(
      events.map((event) => ['AuditEvent', oldEventRow(event)]),
      `DROP TRIGGER "AuditEvent_no_delete"; DELETE FROM "AuditEvent" WHERE "seq" IN (2, 3, 7)`,
    );
    await onStore(async (store) => {
      expect((await store.auditEvents.chunk(0, 100)).map(({ seq }) => seq)).toEqual([1, 4, 5, 6, 8, 9, 10, 11, 12]);
      expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: false, events: 1, firstInvalidSeq: 2 });
    });
  });
});

it('moves requests and certificates whose columns were edited', async () => {
  const sample = oldSample(40);
  const { rows, certificates } = sample;
  const [first, second, third] = certificates;
  await oldDatabase(
    rows,
    `PRAGMA foreign_keys = OFF;
    UPDATE "CertificateRequest" SET "decision" = 'no JSON', "createdAt" = 'some day' WHERE "state" = 'denied';
    UPDATE "CertificateRequest" SET "decision" = '[]', "attemptIntent" = '"text"' WHERE "state" = 'failed';
    UPDATE "CertificateRequest" SET "decision" = json_remove("decision", '$.decidedAt') WHERE "state" = 'expired';
    UPDATE "CertificateRequest" SET "spkiSha256" = 'KEY', "expiresAt" = 5 WHERE "state" = 'issued';
    UPDATE "CertificateRequest" SET "id" = 'odd' WHERE "id" = '${first?.requestId ?? ''}';
    UPDATE "Certificate" SET "requestId" = 'odd', "groups" = '{' WHERE "requestId" = '${first?.requestId ?? ''}';
    UPDATE "Certificate" SET "notAfter" = 'never', "der" = 'text' WHERE "fingerprintSha256" = '${second?.fingerprintSha256 ?? ''}';
    UPDATE "Certificate" SET "serialNumber" = 'ABC', "spkiSha256" = 1.5 WHERE "fingerprintSha256" = '${third?.fingerprintSha256 ?? ''}';`,
  );
  await migrateSqlite(file);
  expect(all('SELECT COUNT(*) AS "count" FROM "RequestRecord"')).toEqual([{ count: 40 }]);
  expect(all('SELECT COUNT(*) AS "count" FROM "CertificateRecord"')).toEqual([{ count: certificates.length }]);
  expect(
    all(
      'SELECT "c"."groups" FROM "CertificateRecord" AS "c" JOIN "RequestRecord" AS "r" ON "r"."n" = "c"."requestN" WHERE CAST("r"."id" AS TEXT) = \'odd\'',
    ),
  ).toEqual([{ groups: '{' }]);
  expect(all('SELECT "notAfter" FROM "CertificateRecord" WHERE "der" = \'text\'')).toEqual([{ notAfter: 'never' }]);
  expect(all('SELECT DISTINCT "createdAt" FROM "RequestRecord" WHERE "state" = \'denied\'')).toEqual([
    { createdAt: 'some day' },
  ]);
});

it('has migrations that no other program can apply without the move', async () => {
  await oldDatabase(oldSample(1).rows);
  for (const name of ['20261126000000_lean_records', '20261126010000_lean_records_in_use']) {
    const sql = readFileSync(`prisma/migrations/sqlite/${name}/migration.sql`, 'utf8');
    const apply = () => onIt((database) => database.transaction(() => database.exec(sql))());
    if (name.endsWith('in_use')) expect(apply).toThrow('the records are not moved');
    else apply();
  }
});

it('refuses a certificate without its request, and goes on once it can', async () => {
  const sample = oldSample(8);
  await oldDatabase(
    sample.rows,
    `PRAGMA foreign_keys = OFF; CREATE TABLE "Away" AS SELECT * FROM "CertificateRequest" WHERE "state" = 'issued';
    DELETE FROM "CertificateRequest" WHERE "state" = 'issued'`,
  );
  await expect(migrateSqlite(file)).rejects.toThrow('1 foreign keys are broken');
  onIt((database) => database.exec('INSERT INTO "CertificateRequest" SELECT * FROM "Away"; DROP TABLE "Away"'));
  await migrateSqlite(file);
  expect(await onStore((store) => answersOf(store, sample))).toEqual(expectedAnswers(sample));
});
