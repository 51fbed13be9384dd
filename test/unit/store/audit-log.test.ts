// Tests src/store/tables/audit-event-table.ts, src/audit/hash-chain.ts
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/audit/hash-chain.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { anEvent, type TestStore, testStore } from './records.js';

async function withEvents(count: number): Promise<TestStore> {
  const opened = await testStore();
  for (let i = 0; i < count; i++) await opened.commit([], [anEvent({ principal: `principal-${String(i)}` })]);
  return opened;
}

describe('the table of audit events', () => {
  const columns = '"firstSeq", "lastSeq", "at", "types", "events", "previousHash", "hashes"';
  const insert = (
    first: string,
    last: string,
    previousHash: string,
    hashes: string,
    or = '',
    table = '"AuditRecord"',
  ) =>
    `INSERT ${or} INTO ${table} (${columns})
      SELECT ${first}, ${last}, "at", "types", "events", ${previousHash}, ${hashes} FROM "AuditRecord" WHERE "lastSeq" = 3`;
  const onEveryDatabase = [
    ['an update', 'UPDATE "AuditRecord" SET "principal" = NULL WHERE "lastSeq" = 2'],
    ['an update that changes nothing', 'UPDATE "AuditRecord" SET "lastSeq" = "lastSeq"'],
    ['a delete', 'DELETE FROM "AuditRecord" WHERE "lastSeq" = 3'],
    ['a delete of everything', 'DELETE FROM "AuditRecord"'],
    [
      'an upsert',
      `INSERT INTO "AuditRecord" SELECT * FROM "AuditRecord" WHERE "lastSeq" = 2
        ON CONFLICT ("lastSeq") DO UPDATE SET "events" = 'x'`,
    ],
    ['a gap', insert('5', '5', '"hashes"', '"hashes"')],
    ['an event before the first', insert('0', '0', '"hashes"', '"hashes"')],
    ['a record that ends before it begins', insert('4', '3', '"hashes"', '"hashes"')],
    ['a record with fewer hashes than events', insert('4', '5', '"hashes"', '"hashes"')],
    ['a link to another event than the last', insert('4', '4', '"previousHash"', '"hashes"')],
  ];
  const ofSqlite = [
    ['a replacement', 'INSERT OR REPLACE INTO "AuditRecord" SELECT * FROM "AuditRecord" WHERE "lastSeq" = 2'],
    ['a replacement of a later record', insert('2', '3', '"previousHash"', '"hashes" || "hashes"', 'OR REPLACE')],
  ];
  const ofPostgresql = [
    ['an update of no row', 'UPDATE "AuditRecord" SET "principal" = NULL WHERE "lastSeq" = 99'],
    ['a truncation', 'TRUNCATE "AuditRecord"'],
    ['a truncation of everything', 'TRUNCATE "AuditRecord", "PolicySet" CASCADE'],
    [
      'several records of which one does not follow',
      `INSERT INTO "AuditRecord" (${columns})
        SELECT 4 + n, 4 + n, "at", "types", "events", CASE n WHEN 0 THEN "hashes" ELSE "previousHash" END, "hashes"
        FROM "AuditRecord", generate_series(0, 1) n WHERE "lastSeq" = 3`,
    ],
    [
      'a temporary table that stands in for it',
      `CREATE TEMPORARY TABLE "AuditRecord" AS SELECT * FROM public."AuditRecord" WHERE "lastSeq" = 3;
        UPDATE "AuditRecord" SET "lastSeq" = 8;
        ${insert('9', '9', '"hashes"', '"hashes"', '', 'public."AuditRecord"').replace('"lastSeq" = 3', '"lastSeq" = 8')}`,
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
    ? 'DROP TRIGGER "AuditRecord_no_change" ON "AuditRecord"; DROP TRIGGER "AuditRecord_no_delete" ON "AuditRecord"'
    : 'DROP TRIGGER "AuditRecord_no_update"; DROP TRIGGER "AuditRecord_no_delete"';

  /** Removes the triggers, as the owner of the table can, and then executes `sql`. */
  async function tamperedWith(sql: string): Promise<unknown> {
    const { store, execute } = await withEvents(5);
    await execute(`${dropTriggers}; ${sql}`);
    return verifyChain(store.auditEvents, 2);
  }

  const set = (assignment: string) => `UPDATE "AuditRecord" SET ${assignment} WHERE "lastSeq" = 3`;
  const tampering: readonly (readonly [string, string, number])[] = [
    ['an edited principal', set(`"principal" = 'someone'`), 3],
    ['a principal that is taken away', set(`"principal" = NULL`), 3],
    ['an edited cluster', set(`"cluster" = 'prod'`), 3],
    ['a request where there was none', set('"requestId" = substr("previousHash", 1, 16)'), 3],
    ['a certificate where there was none', set('"fingerprintSha256" = "previousHash"'), 3],
    ['edited types', set('"types" = 1'), 3],
    [
      'an instant moved by a millisecond',
      set(onPostgresql ? `"at" = "at" + interval '1 millisecond'` : '"at" = "at" + 1'),
      3,
    ],
    ...(onPostgresql ? [] : [['an instant that is none', set(`"at" = 'garbage'`), 3] as const]),
    ['an edited text', set(`"events" = replace("events", 'jane', 'june')`), 3],
    ['a text that is no JSON', set(`"events" = 'x'`), 3],
    ['a second line', set(`"events" = "events" || chr`.replace('chr', onPostgresql ? 'chr(10)' : 'char(10)')), 3],
    ['edited hashes', set('"hashes" = "previousHash"'), 3],
    ['no hashes', set('"hashes" = substr("hashes", 1, 0)'), 3],
    ['an edited link', set('"previousHash" = "hashes"'), 3],
    ['a deleted event', 'DELETE FROM "AuditRecord" WHERE "lastSeq" = 3', 3],
    ['deleted first events', 'DELETE FROM "AuditRecord" WHERE "lastSeq" < 3', 1],
    [
      'a deleted event, its number taken over',
      `DELETE FROM "AuditRecord" WHERE "lastSeq" = 2; ${set('"firstSeq" = 2')}`,
      2,
    ],
    [
      'events that changed places',
      `UPDATE "AuditRecord" SET "lastSeq" = 99, "firstSeq" = 99 WHERE "lastSeq" = 2;
        UPDATE "AuditRecord" SET "lastSeq" = 2, "firstSeq" = 2 WHERE "lastSeq" = 3;
        UPDATE "AuditRecord" SET "lastSeq" = 3, "firstSeq" = 3 WHERE "lastSeq" = 99`,
      2,
    ],
  ];
  it.each(tampering)('finds %s', async (_, sql, firstInvalidSeq) => {
    expect(await tamperedWith(sql)).toMatchObject({ valid: false, events: firstInvalidSeq - 1, firstInvalidSeq });
  });

  it('keeps a log readable whose text is damaged', async () => {
    const { store, execute } = await withEvents(2);
    await execute(`${dropTriggers}; UPDATE "AuditRecord" SET "events" = '[' WHERE "lastSeq" = 1`);
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
