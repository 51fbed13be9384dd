// Tests src/store/tables/audit-event-table.ts, prisma/migrations/
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { AuditEventFilter, AuditEventType } from '../../../../src/model/audit-event.js';
import type { Store } from '../../../../src/store/store.js';
import { insertRequest } from '../../../../src/store/tables/write-request.js';
import { longAgo, now, recordEvents, retentionOn } from '../../../helpers/retention.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { onPostgresql } from '../../../helpers/test-store.js';
import { anEvent, aRequest, testStore, type TestStore } from '../../../unit/store/records.js';

async function listed({ auditEvents }: Store, filter: AuditEventFilter, limit = 50): Promise<number[]> {
  const seqs: number[] = [];
  let cursor: string | null = null;
  do {
    const page = await auditEvents.list(filter, { limit, cursor });
    seqs.push(...page.items.map(({ seq }) => seq));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return seqs;
}

const without = (type: AuditEventType, details: object) =>
  anEvent({ type, cluster: null, principal: 'scim', details: { ...details } });
const subjects = async ({ query }: TestStore) =>
  (await query('SELECT "username", "lastSeq" FROM "AuditSubject" ORDER BY "lastSeq", "username"')).map(
    ({ username, lastSeq }) => [username, Number(lastSeq)],
  );

/** Events 1 to 12: of jane's request, of a request that lacks, and of names in details. */
async function withEvents(): Promise<TestStore> {
  const opened = await testStore();
  const jane = aRequest({ username: 'jane', cluster: 'a' });
  const of = (type: AuditEventType, details = {}) => anEvent({ type, requestId: jane.id, cluster: 'a', details });
  await opened.commit(
    [insertRequest(jane)],
    [of('CertificateRequested', { username: 'jane' }), of('ApprovalRecorded', { comment: '"username":"eve"' })],
  );
  await opened.commit([], [of('RequestApproved')]);
  await opened.commit([], [anEvent({ type: 'RequestDenied', requestId: aRequest().id })]);
  // Two usernames in one record.
  await opened.commit(
    [],
    ['jane', 'mary'].map((username) => without('UnknownIdentityIssued', { username })),
  );
  await opened.commit([], [without('DirectoryMembershipChanged', { added: ['mary', 'eve'], removed: ['jane'] })]);
  await opened.commit([], [without('PolicyReplayed', { username: null, changed: { username: 7 } })]);
  await opened.commit([], [without('IdentityBlocked', { username: 'j'.repeat(254), labels: { username: 'eve' } })]);
  await opened.commit(
    [],
    [without('IdentityBlocked', { username: 'ja\\u0000ne"\n', added: 'eve', removed: [7, ['eve']] })],
  );
  // PostgreSQL has no text with U+0000.
  await opened.commit(
    [],
    ['\u0000', 'late'].map((username) => without('UnknownIdentityIssued', { username })),
  );
  return opened;
}

it('lists the events about a username, with each other filter, in both orders, page by page', async () => {
  const { store } = await withEvents();
  for (const limit of [1, 2, 50]) {
    expect(await listed(store, { username: 'jane' }, limit)).toEqual([1, 2, 3, 5, 7]);
    expect(await listed(store, { username: 'jane', order: 'newest' }, limit)).toEqual([7, 5, 3, 2, 1]);
    expect(await listed(store, { username: 'mary' }, limit)).toEqual([6, 7]);
  }
  expect(await listed(store, { username: 'eve' })).toEqual([7]);
  expect(await listed(store, { username: 'late' })).toEqual([12]);
  expect(await listed(store, { username: 'Jane' })).toEqual([]);
  expect(await listed(store, { username: 'ja\\u0000ne"\n' })).toEqual([10]);
  const janes = (filter: AuditEventFilter) => listed(store, { username: 'jane', ...filter });
  expect(await janes({ type: 'ApprovalRecorded' })).toEqual([2]);
  expect(await janes({ principal: 'scim', order: 'newest' })).toEqual([7, 5]);
  expect(await janes({ cluster: 'a', afterSeq: 2 })).toEqual([3]);
  expect(await janes({ fingerprintSha256: 'ab'.repeat(32) })).toEqual([]);
  expect(await janes({ before: new Date(0) })).toEqual([]);
});

it('finds the few events about a username that also match, among thousands', async () => {
  const { store, commit } = await testStore();
  const busy = (i: number) => without('IdentityBlocked', { username: 'busy', i });
  for (let i = 0; i < 2400; i += 400)
    await Promise.all(
      Array.from({ length: 400 }, (_, j) =>
        commit([], [i + j === 1500 ? anEvent({ type: 'IdentityUnblocked', details: { username: 'busy' } }) : busy(j)]),
      ),
    );
  const [found, ...others] = await listed(store, { username: 'busy', type: 'IdentityUnblocked' });
  expect(others).toEqual([]);
  expect(await listed(store, { username: 'busy', principal: 'scim', order: 'newest' })).toHaveLength(2399);
  expect(await listed(store, { username: 'busy', order: 'newest', type: 'IdentityUnblocked' })).toEqual([found]);
});

it('knows the usernames of events that were recorded before, damaged ones among them, and of no event twice', async () => {
  const opened = await withEvents();
  const before = (await subjects(opened)).filter(([name]) => name !== '\u0000');
  expect(before).toEqual([
    ...[2, 3].map((seq) => ['jane', seq]),
    ...['jane', 'mary'].map((name) => [name, 6]),
    ...['eve', 'jane', 'mary'].map((name) => [name, 7]),
    ['ja\\u0000ne"\n', 10],
    ['late', 12],
  ]);
  for (const name of ['AuditRecord_no_update', 'AuditRecord_no_change', 'AuditSubject_no_delete'])
    await opened.execute(`DROP TRIGGER IF EXISTS "${name}"${onPostgresql ? ` ON "${name.split('_')[0] ?? ''}"` : ''}`);
  const database = onPostgresql ? 'postgresql' : 'sqlite';
  const file = `prisma/migrations/${database}/20261212000000_subjects_of_events/migration.sql`;
  const [filling = ''] = /^INSERT [^;]*"AuditSubject"[^;]*;/m.exec(readFileSync(file, 'utf8')) ?? [];
  const refilled = async () => {
    await opened.execute('DELETE FROM "AuditSubject"');
    await opened.execute(filling);
    return (await subjects(opened)).filter(([name]) => name !== '\u0000');
  };
  expect(await refilled()).toEqual(before);
  await opened.execute(`UPDATE "AuditRecord" SET "events" = '{"details":{"username":"eve' WHERE "lastSeq" = 7`);
  expect(await refilled()).toEqual(before.filter(([, seq]) => seq !== 7));
});

it('keeps the usernames as long as their records', async () => {
  const opened = await testStore();
  const directory = temporaryDirectory();
  await recordEvents(opened.store, 600, (i) => ({
    ...without('IdentityBlocked', { username: `user-${i}` }),
    at: longAgo,
  }));
  await recordEvents(opened.store, 3, () => ({ ...without('IdentityBlocked', { username: 'late' }), at: now }));
  for (const sql of [
    'DELETE FROM "AuditSubject"',
    `UPDATE "AuditSubject" SET "username" = 'eve'`,
    ...(onPostgresql ? ['TRUNCATE "AuditSubject"'] : []),
  ])
    await expect(opened.execute(sql), sql).rejects.toThrow('the audit log is append-only');
  const { checkpoints, archived } = await retentionOn(opened.store, directory.path);
  await checkpoints.sign();
  await archived.run();
  expect(await listed(opened.store, { username: 'user-1', order: 'newest' })).toEqual([]);
  expect((await subjects(opened)).filter(([, seq]) => Number(seq) <= 512)).toEqual([]);
  expect(await listed(opened.store, { username: 'user-590' })).toHaveLength(1);
  expect(await listed(opened.store, { username: 'late' })).toHaveLength(3);
  directory.remove();
});
