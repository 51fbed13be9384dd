// Tests src/store/tables/audit-archive-table.ts, src/store/tables/checkpoint-tables.ts
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/audit/hash-chain.js';
import type { AuditEventDraft } from '../../../src/model/audit-event.js';
import { pruneAuditRecords, requireArchivedThrough } from '../../../src/store/tables/audit-archive-table.js';
import { insertAuditTile } from '../../../src/store/tables/checkpoint-tables.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { longAgo, now, recordEvents, retentionOn } from '../../helpers/retention.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { anEvent, aRequest, sha256, testStore, type TestStore } from './records.js';

const hex = 'ab'.repeat(32);
const detailsOf = (from: number, to: number) => ({
  ...{ from, to, file: `audit-${String(from).padStart(12, '0')}-${String(to).padStart(12, '0')}.ndjson` },
  ...{ sha256: hex, checkpoint: 'a note' },
});
const archivedEvent = (details: object): AuditEventDraft =>
  anEvent({ type: 'AuditEventsArchived', at: now, principal: null, cluster: null, details: { ...details } });

/** A log of 800 events, of which a checkpoint vouches for the first 700 or so. */
async function signedLog(): Promise<TestStore> {
  const opened = await testStore();
  await recordEvents(opened.store, 700);
  const { checkpoints } = await retentionOn(opened.store, '/nowhere');
  await checkpoints.sign();
  await recordEvents(opened.store, 100, () => anEvent({ at: longAgo }));
  return opened;
}

const marks = async ({ query }: TestStore) =>
  (await query('SELECT "lastSeq" FROM "AuditArchive" ORDER BY "lastSeq"')).map(({ lastSeq }) => Number(lastSeq));
const records = async ({ query }: TestStore) =>
  Number((await query('SELECT COUNT(*) AS "n" FROM "AuditRecord"'))[0]?.['n']);

describe('the mark of the archives', () => {
  it('moves with the event that tells of an archive, and in no other way', async () => {
    const opened = await signedLog();
    expect(await marks(opened)).toEqual([]);
    expect(await opened.commit([], [archivedEvent(detailsOf(1, 256))])).toEqual({ committed: true });
    expect(await marks(opened)).toEqual([256]);
    await opened.commit([], [archivedEvent(detailsOf(257, 512))]);
    expect(await marks(opened)).toEqual([256, 512]);
    const [own] = await opened.store.auditEvents.chunk(511, 1);
    expect(await opened.store.auditArchives.last()).toMatchObject({
      ...{ firstSeq: 257, lastSeq: 512, sha256: hex, lastHash: own?.hash, archivedAt: now },
    });
  });

  it.each([
    ['with a gap', detailsOf(513, 768)],
    ['with an overlap', detailsOf(1, 512)],
    ['for events that an archive has', detailsOf(1, 256)],
    ['below the last one', detailsOf(257, 256)],
    ['in the middle of a tile', detailsOf(257, 500)],
    ['beyond the last checkpoint', detailsOf(257, 768)],
    ['beyond the log', detailsOf(257, 2560)],
    ['without a hash', { ...detailsOf(257, 512), sha256: '' }],
    ['with half a hash', { ...detailsOf(257, 512), sha256: 'ab' }],
    ['with another name', { ...detailsOf(257, 512), file: 'audit.ndjson' }],
    ['without numbers', { ...detailsOf(257, 512), to: null }],
  ])('is refused %s', async (_, details) => {
    const opened = await signedLog();
    await opened.commit([], [archivedEvent(detailsOf(1, 256))]);
    const { seq } = await opened.store.auditEvents.head();
    await expect(opened.commit([], [archivedEvent(details)])).rejects.toThrow();
    expect(await marks(opened)).toEqual([256]);
    // Neighbours in the same commit are not affected.
    const both = await Promise.allSettled([
      opened.commit([], [archivedEvent(details)]),
      opened.commit([], [anEvent({ at: now })]),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect((await opened.store.auditEvents.head()).seq).toBe(seq + 1);
    expect(await verifyChain(opened.store.auditEvents)).toMatchObject({ valid: true });
  });

  it('is refused where no checkpoint vouches for the events, and where a tile is missing', async () => {
    const opened = await testStore();
    await recordEvents(opened.store, 600);
    await expect(opened.commit([], [archivedEvent(detailsOf(1, 256))])).rejects.toThrow();
    const { checkpoints } = await retentionOn(opened.store, '/nowhere');
    await checkpoints.sign();
    const drop = onPostgresql
      ? 'DROP TRIGGER "AuditTile_no_change" ON "AuditTile"'
      : 'DROP TRIGGER "AuditTile_no_delete"';
    await opened.execute(`${drop}; DELETE FROM "AuditTile" WHERE "level" = 0 AND "n" = 1`);
    await expect(opened.commit([], [archivedEvent(detailsOf(1, 512))])).rejects.toThrow();
    expect(await opened.commit([], [archivedEvent(detailsOf(1, 256))])).toEqual({ committed: true });
  });

  it('is not moved by an event that only looks like it', async () => {
    const opened = await signedLog();
    await opened.commit(
      [],
      [
        anEvent({ type: 'PolicyEvaluated', principal: 'eve', details: detailsOf(1, 256) }),
        anEvent({
          type: 'PolicyEvaluated',
          principal: null,
          details: { text: ',"principal":null,"type":"AuditEventsArchived"}' },
        }),
      ],
    );
    expect(await marks(opened)).toEqual([]);
  });

  it('moves for one of two processes that archived the same events', async () => {
    const opened = await signedLog();
    const step = {
      operations: [requireArchivedThrough(0)],
      events: [archivedEvent(detailsOf(1, 256))],
    } as const;
    const results = [await opened.store.writer.commit(step), await opened.store.writer.commit(step)];
    expect(results).toEqual([{ committed: true }, { committed: false, conflict: { kind: 'auditArchive', seq: 0 } }]);
    expect(await marks(opened)).toEqual([256]);
  });

  const insert = (values: string, or = '') =>
    `INSERT ${or} INTO "AuditArchive" ("lastSeq", "firstSeq", "file", "sha256", "lastHash", "archivedAt") ${values}`;
  const another = (lastSeq: number, firstSeq: number) =>
    insert(
      `SELECT ${lastSeq}, ${firstSeq}, 'audit-${String(firstSeq).padStart(12, '0')}-${String(lastSeq).padStart(12, '0')}.ndjson',
        "sha256", "lastHash", "archivedAt" FROM "AuditArchive"`,
    );
  const byHand: readonly (readonly [string, string])[] = [
    ['a mark without an event', another(512, 257)],
    ['a mark with a gap', another(768, 513)],
    ['a lower mark', another(128, 1)],
    ['an update', 'UPDATE "AuditArchive" SET "lastSeq" = 512'],
    ['an update that changes nothing', 'UPDATE "AuditArchive" SET "lastSeq" = "lastSeq"'],
    ['a mark that is moved down', 'UPDATE "AuditArchive" SET "lastSeq" = 1'],
    ['a delete', 'DELETE FROM "AuditArchive"'],
    ['an upsert', `${another(256, 1)} WHERE true ON CONFLICT ("lastSeq") DO UPDATE SET "lastSeq" = 512`],
    ...(onPostgresql
      ? ([['a truncation', 'TRUNCATE "AuditArchive"']] as const)
      : ([['a replacement', another(256, 1).replace('INSERT', 'INSERT OR REPLACE')]] as const)),
  ];
  it.each(byHand)('does not move by hand: %s', async (_, sql) => {
    const opened = await signedLog();
    await opened.commit([], [archivedEvent(detailsOf(1, 256))]);
    await expect(opened.execute(sql)).rejects.toThrow('the audit log is append-only');
    await expect(opened.executeAsService(sql)).rejects.toThrow(
      onPostgresql ? 'permission denied' : 'the audit log is append-only',
    );
    expect(await marks(opened)).toEqual([256]);
  });
});

describe('records that an archive has', () => {
  async function archivedLog(): Promise<TestStore> {
    const opened = await signedLog();
    await opened.commit([], [archivedEvent(detailsOf(1, 256))]);
    return opened;
  }

  it('are deleted by the service in steps, and no others are', async () => {
    const opened = await archivedLog();
    const before = await records(opened);
    await opened.commit([pruneAuditRecords({ timelines: [], after: 0, through: 90 })]);
    expect(await records(opened)).toBe(before - 30);
    await opened.commit([pruneAuditRecords({ timelines: [], after: 0, through: 256 })]);
    // A record with event 256 has events behind it, so it stays.
    const [first] = await opened.query('SELECT MIN("firstSeq") AS "n" FROM "AuditRecord"');
    expect(Number(first?.['n'])).toBe(256);
    await expect(opened.commit([pruneAuditRecords({ timelines: [], after: 0, through: 258 })])).rejects.toThrow();
    expect(await records(opened)).toBe(before - 85);
    expect(await verifyChain(opened.store.auditEvents)).toMatchObject({ valid: true, archivedEvents: 256 });
  });

  it('are all that raw SQL can delete', async () => {
    const opened = await archivedLog();
    const before = await records(opened);
    const [service, owner] = [opened.executeAsService, opened.execute];
    for (const sql of [
      'DELETE FROM "AuditRecord"',
      'DELETE FROM "AuditRecord" WHERE "lastSeq" > 256',
      'DELETE FROM "AuditRecord" WHERE "lastSeq" = 258',
      'DELETE FROM "AuditRecord" WHERE "lastSeq" = (SELECT MAX("lastSeq") FROM "AuditRecord")',
      'UPDATE "AuditRecord" SET "principal" = NULL WHERE "lastSeq" = 3',
      'UPDATE "AuditRecord" SET "lastSeq" = 1 WHERE "lastSeq" = 300',
    ]) {
      await expect(owner(sql), sql).rejects.toThrow('the audit log is append-only');
      await expect(service(sql), sql).rejects.toThrow(
        onPostgresql ? 'permission denied' : 'the audit log is append-only',
      );
    }
    if (onPostgresql) {
      await expect(service('TRUNCATE "AuditRecord"')).rejects.toThrow('permission denied');
      await expect(owner('TRUNCATE "AuditRecord"')).rejects.toThrow('the audit log is append-only');
      await expect(service('DELETE FROM "AuditRecord" WHERE "lastSeq" = 3')).rejects.toThrow('permission denied');
      await expect(service('SELECT "AuditRecord_prune"(0, 1000)')).rejects.toThrow('the audit log is append-only');
    } else {
      await expect(
        service('INSERT OR REPLACE INTO "AuditRecord" SELECT * FROM "AuditRecord" WHERE "lastSeq" = 3'),
      ).rejects.toThrow('the audit log is append-only');
    }
    expect(await records(opened)).toBe(before);
    await owner('DELETE FROM "AuditRecord" WHERE "lastSeq" <= 256');
    expect(await records(opened)).toBe(before - 85);
    // An archive that is pruned does not make room for other events.
    await expect(
      owner('INSERT INTO "AuditRecord" SELECT * FROM "AuditRecord" WHERE "lastSeq" = 258'),
    ).rejects.toThrow();
  });

  if (onPostgresql)
    it('are deleted by nobody to whom the right was not granted', async () => {
      const { query } = await archivedLog();
      const [right] = await query(
        `SELECT has_function_privilege('public', 'public."AuditRecord_prune"(bigint, bigint)', 'EXECUTE') AS "everybody",
          has_function_privilege('kubepass', 'public."AuditRecord_prune"(bigint, bigint)', 'EXECUTE') AS "service"`,
      );
      expect(right).toEqual({ everybody: false, service: true });
    });

  it('are deleted only once the timeline of their request is kept', async () => {
    const opened = await testStore();
    const request = aRequest();
    await opened.commit([insertRequest(request)], [anEvent({ at: longAgo, requestId: request.id })]);
    await recordEvents(opened.store, 300);
    const { checkpoints } = await retentionOn(opened.store, '/nowhere');
    await checkpoints.sign();
    const kept = {
      ...{ requestId: request.id, lastSeq: 1, at: longAgo },
      entries: [{ type: 'CertificateRequested', principal: 'hr', message: 'nul \u0000 and "quotes"' }],
    };
    const early = opened.commit([pruneAuditRecords({ timelines: [kept], after: 0, through: 1 })]);
    await expect(early).rejects.toThrow();
    await opened.commit([], [archivedEvent(detailsOf(1, 256))]);

    await expect(opened.commit([pruneAuditRecords({ timelines: [], after: 0, through: 1 })])).rejects.toThrow();
    await expect(opened.execute('DELETE FROM "AuditRecord" WHERE "lastSeq" = 1')).rejects.toThrow('append-only');
    await opened.commit([pruneAuditRecords({ timelines: [kept], after: 0, through: 1 })]);
    expect(await opened.store.auditEvents.ofRequest(request.id)).toEqual([]);
    const timeline = await opened.store.auditArchives.timelineOf(request.id);
    expect(timeline).toEqual({ through: 1, entries: [{ ...kept.entries[0], at: longAgo }] });
    // A second process that was slower changes nothing.
    await opened.commit([pruneAuditRecords({ timelines: [{ ...kept, entries: [] }], after: 0, through: 1 })]);
    expect(await opened.store.auditArchives.timelineOf(request.id)).toEqual(timeline);

    for (const sql of [
      `UPDATE "TimelineRecord" SET "entries" = '[]'`,
      'DELETE FROM "TimelineRecord"',
      `INSERT INTO "TimelineRecord" SELECT "requestId", 2, "at", "entries" FROM "TimelineRecord"`,
      `INSERT INTO "TimelineRecord" SELECT "requestId", 300, "at", "entries" FROM "TimelineRecord"`,
      ...(onPostgresql ? ['TRUNCATE "TimelineRecord"'] : []),
    ])
      await expect(opened.execute(sql), sql).rejects.toThrow('the audit log is append-only');
    // A replacement is passed over without a word.
    if (!onPostgresql)
      await opened.execute(
        `INSERT OR REPLACE INTO "TimelineRecord" SELECT "requestId", "lastSeq", "at", '[]' FROM "TimelineRecord"`,
      );
    expect(await opened.store.auditArchives.timelineOf(request.id)).toEqual(timeline);
  });
});

describe('tiles', () => {
  it('are not replaced', async () => {
    const opened = await signedLog();
    const tile = await opened.store.checkpoints.tile(0, 1);
    const other = onPostgresql
      ? `INSERT INTO "AuditTile" VALUES (0, 1, 'x') ON CONFLICT ("level", "n") DO UPDATE SET "hashes" = 'x'`
      : `INSERT OR REPLACE INTO "AuditTile" VALUES (0, 1, 'x')`;
    await opened.execute(other).catch(() => undefined);
    expect(await opened.store.checkpoints.tile(0, 1)).toEqual(tile);
    if (!onPostgresql)
      for (const rowid of ['rowid', 'oid', '_rowid_'])
        await opened
          .execute(`INSERT OR REPLACE INTO "AuditTile" (${rowid}, "level", "n", "hashes") VALUES (2, 9, 9, 'x')`)
          .catch(() => undefined);
    expect(await opened.store.checkpoints.tile(0, 1)).toEqual(tile);
    const step = {
      operations: [insertAuditTile({ level: 0, n: 1, hashes: Buffer.from(sha256('x')) })],
      events: [],
    } as const;
    await opened.store.writer.commit(step).catch(() => undefined);
    expect(await opened.store.checkpoints.tile(0, 1)).toEqual(tile);
  });
});
