import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/audit/chain.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { anEvent, type TestStore, testStore } from './records.js';

async function withEvents(count: number): Promise<TestStore> {
  const opened = await testStore();
  for (let i = 0; i < count; i++) await opened.commit([], [anEvent({ principal: `principal-${String(i)}` })]);
  return opened;
}

describe('the table of audit events', () => {
  const onEveryDatabase = [
    ['an update', 'UPDATE "AuditEvent" SET "principal" = NULL WHERE "seq" = 2'],
    ['an update that changes nothing', 'UPDATE "AuditEvent" SET "seq" = "seq"'],
    ['a delete', 'DELETE FROM "AuditEvent" WHERE "seq" = 3'],
    ['a delete of everything', 'DELETE FROM "AuditEvent"'],
    [
      'an upsert',
      `INSERT INTO "AuditEvent" SELECT * FROM "AuditEvent" WHERE "seq" = 2
        ON CONFLICT ("seq") DO UPDATE SET "hash" = 'x'`,
    ],
    [
      'a gap',
      `INSERT INTO "AuditEvent" ("seq", "at", "type", "canonical", "previousHash", "hash")
        SELECT 5, "at", "type", "canonical", "hash", 'x' FROM "AuditEvent" WHERE "seq" = 3`,
    ],
    [
      'an event before the first',
      `INSERT INTO "AuditEvent" ("seq", "at", "type", "canonical", "previousHash", "hash")
        SELECT 0, "at", "type", "canonical", "hash", 'x' FROM "AuditEvent" WHERE "seq" = 3`,
    ],
    [
      'a link to another event than the last',
      `INSERT INTO "AuditEvent" ("seq", "at", "type", "canonical", "previousHash", "hash")
        SELECT 4, "at", "type", "canonical", "hash", 'x' FROM "AuditEvent" WHERE "seq" = 2`,
    ],
  ];
  const ofSqlite = [
    ['a replacement', 'INSERT OR REPLACE INTO "AuditEvent" SELECT * FROM "AuditEvent" WHERE "seq" = 2'],
    [
      'a replacement by rowid',
      `INSERT OR REPLACE INTO "AuditEvent" ("rowid", "seq", "at", "type", "canonical", "previousHash", "hash")
        SELECT 1, 4, "at", "type", "canonical", "hash", 'x' FROM "AuditEvent" WHERE "seq" = 3`,
    ],
  ];
  const ofPostgresql = [
    ['an update of no row', 'UPDATE "AuditEvent" SET "principal" = NULL WHERE "seq" = 99'],
    ['a truncation', 'TRUNCATE "AuditEvent"'],
    ['a truncation of everything', 'TRUNCATE "AuditEvent", "PolicySet" CASCADE'],
    [
      'several events of which one does not follow',
      `INSERT INTO "AuditEvent" ("seq", "at", "type", "canonical", "previousHash", "hash")
        SELECT 4 + n, "at", "type", "canonical", CASE n WHEN 0 THEN "hash" ELSE 'y' END, 'x'
        FROM "AuditEvent", generate_series(0, 1) n WHERE "seq" = 3`,
    ],
    [
      'a temporary table that stands in for it',
      `CREATE TEMPORARY TABLE "AuditEvent" AS SELECT 8 AS "seq", 'y' AS "hash";
        INSERT INTO public."AuditEvent" ("seq", "at", "type", "canonical", "previousHash", "hash")
          VALUES (9, now(), 'x', 'x', 'y', 'z')`,
    ],
  ];
  it.each([...onEveryDatabase, ...(onPostgresql ? ofPostgresql : ofSqlite)])('refuses %s', async (_, sql = '') => {
    const { store, execute } = await withEvents(3);
    await expect(execute(sql)).rejects.toThrow('the audit log is append-only');
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 3 });
  });
});

describe('verification of a stored log', () => {
  const dropTriggers = onPostgresql
    ? 'DROP TRIGGER "AuditEvent_no_change" ON "AuditEvent"'
    : 'DROP TRIGGER "AuditEvent_no_update"; DROP TRIGGER "AuditEvent_no_delete"';

  /** Removes the triggers, as the owner of the table can, and then executes `sql`. */
  async function tamperedWith(sql: string): Promise<unknown> {
    const { store, execute } = await withEvents(5);
    await execute(`${dropTriggers}; ${sql}`);
    return verifyChain(store.auditEvents, 2);
  }

  const tampering: readonly (readonly [string, string, number])[] = [
    ['an edited column', `UPDATE "AuditEvent" SET "principal" = 'someone' WHERE "seq" = 3`, 3],
    [
      'an instant moved by a millisecond',
      `UPDATE "AuditEvent" SET "at" = '2026-03-01T10:00:00.001+00:00' WHERE "seq" = 3`,
      3,
    ],
    ...(onPostgresql
      ? []
      : [['an instant that is none', `UPDATE "AuditEvent" SET "at" = 'garbage' WHERE "seq" = 3`, 3] as const]),
    ['an edited text', `UPDATE "AuditEvent" SET "canonical" = replace("canonical", 'jane', 'june') WHERE "seq" = 3`, 3],
    ['a text that is no JSON', `UPDATE "AuditEvent" SET "canonical" = 'x' WHERE "seq" = 3`, 3],
    ['an edited hash', `UPDATE "AuditEvent" SET "hash" = upper("hash") WHERE "seq" = 3`, 3],
    ['a deleted event', `DELETE FROM "AuditEvent" WHERE "seq" = 3`, 3],
    ['deleted first events', `DELETE FROM "AuditEvent" WHERE "seq" < 3`, 1],
    [
      'events that changed places',
      `UPDATE "AuditEvent" SET "seq" = 99 WHERE "seq" = 2; UPDATE "AuditEvent" SET "seq" = 2 WHERE "seq" = 3;
        UPDATE "AuditEvent" SET "seq" = 3 WHERE "seq" = 99`,
      2,
    ],
  ];
  it.each(tampering)('finds %s', async (_, sql, firstInvalidSeq) => {
    expect(await tamperedWith(sql)).toMatchObject({ valid: false, events: firstInvalidSeq - 1, firstInvalidSeq });
  });

  it('keeps a log readable whose text is damaged', async () => {
    const { store, execute } = await withEvents(2);
    await execute(`${dropTriggers}; UPDATE "AuditEvent" SET "canonical" = '[' WHERE "seq" = 1`);
    const events = await store.auditEvents.chunk(0, 10);
    expect(events.map(({ details }) => details)).toEqual([{}, { username: 'jane' }]);
  });

  it('goes on while events are appended', async () => {
    const { store, commit } = await withEvents(20);
    let appended = 0;
    const verification = { ended: false };
    const appending = (async () => {
      while (!verification.ended) {
        await commit([], [anEvent()]);
        appended++;
      }
    })();
    expect(await verifyChain(store.auditEvents, 2)).toMatchObject({ valid: true });
    verification.ended = true;
    await appending;
    expect(appended).toBeGreaterThan(3);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 20 + appended });
  });
});
