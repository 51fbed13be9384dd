// Tests src/store/tables/request-table.ts
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { CertificateRequest, RequestFilter } from '../../../src/model/certificate-request.js';
import { newId } from '../../../src/model/new-id.js';
import type { Page } from '../../../src/model/outcome.js';
import { insertRequest, recordDecision } from '../../../src/store/tables/write-request.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { anEvent, aRequest, instant, testStore, type TestStore } from './records.js';

const decided = (principal: string, { id }: CertificateRequest, at: Date) =>
  recordDecision({ principal, requestId: id, at });
const second = (n: number): Date => new Date(Date.UTC(2026, 2, 1, 10, 0, n));

async function allOf({ store }: TestStore, filter: RequestFilter, limit = 50): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<CertificateRequest> = await store.requests.list(filter, { limit, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

it('lists what a person decided on by the last decision, page by page, with each other filter', async () => {
  const opened = await testStore();
  const requests = Array.from({ length: 9 }, (_, i) =>
    aRequest({
      id: newId(second(i), randomBytes),
      state: i % 3 === 0 ? 'denied' : i % 3 === 1 ? 'pending' : 'issued',
      cluster: i % 2 ? 'a' : 'b',
      username: i < 5 ? 'early' : 'late',
      labels: i === 4 ? { team: 'red' } : {},
    }),
  );
  const [first, , third] = requests as [CertificateRequest, CertificateRequest, CertificateRequest];
  await opened.commit(requests.map((request) => insertRequest(request)));
  await opened.commit([
    ...requests.slice(0, 8).map((request, i) => decided('bob', request, second(100 - Math.floor(i / 2)))),
    decided('eve', third, second(0)),
  ]);
  // The second decision on one request counts.
  await opened.commit([decided('bob', first, second(200))]);
  const ids = (...numbers: number[]) => numbers.map((i) => requests[i]?.id);
  for (const limit of [1, 2, 3, 50])
    expect(await allOf(opened, { decidedBy: 'bob' }, limit)).toEqual(ids(0, 1, 3, 2, 5, 4, 7, 6));
  const having = (filter: RequestFilter) => allOf(opened, { decidedBy: 'bob', ...filter }, 2);
  expect(await having({ state: 'denied' })).toEqual(ids(0, 3, 6));
  expect(await having({ state: ['denied', 'issued'] })).toEqual(ids(0, 3, 2, 5, 6));
  expect(await having({ cluster: 'a', username: 'early' })).toEqual(ids(1, 3));
  expect(await having({ usernamePrefix: 'la' })).toEqual(ids(5, 7, 6));
  expect(await having({ labels: [{ key: 'team', value: 'red' }] })).toEqual(ids(4));
  expect(await having({ usernamePrefix: 'la', username: 'early' })).toEqual([]);
  expect(await allOf(opened, { decidedBy: 'eve' })).toEqual(ids(2));
  expect(await allOf(opened, { decidedBy: 'Bob' })).toEqual([]);
  expect(await allOf(opened, { state: ['pending', 'issued'] }, 2)).toEqual(ids(8, 7, 5, 4, 2, 1));
  expect(await allOf(opened, { state: ['pending', 'issued', 'pending'], cluster: 'a' }, 2)).toEqual(ids(7, 5, 1));
});

it('ends a page after so many rows where hardly one has the other filter, and goes on there', async () => {
  const opened = await testStore();
  const requests = Array.from({ length: 2_300 }, (_, i) => aRequest({ cluster: i % 1100 === 7 ? 'rare' : 'common' }));
  for (const operations of [
    requests.map((request) => insertRequest(request)),
    requests.map((request, i) => decided('bob', request, second(i))),
  ])
    await opened.commit(operations);
  const ids = [2207, 1107, 7].map((i) => requests[i]?.id);
  expect(await allOf(opened, { decidedBy: 'bob', cluster: 'rare' })).toEqual(ids);
  const page = await opened.store.requests.list({ decidedBy: 'bob', cluster: 'rare' }, { limit: 50, cursor: null });
  expect(page.items.length).toBeLessThan(3);
});

it('knows the decisions that were made before there was a table of them', async () => {
  const opened = await testStore();
  const at = (n: number) => instant(`2026-03-01T10:00:00.00${String(n)}Z`);
  const approval = (principal: string, n: number) => ({ principal, at: at(n), comment: null });
  const approved = aRequest({ state: 'issued', approvals: [approval('bob', 1), approval('eve', 2)] });
  const both = aRequest({ state: 'denied', approvals: [approval('bob', 3)] });
  const byPolicy = aRequest({ state: 'denied', failure: { reason: 'NoLongerPermitted', message: 'no' } });
  const archived = aRequest({ state: 'denied' });
  const archivedOfPolicy = aRequest({ state: 'denied', failure: { reason: 'NoLongerPermitted', message: 'no' } });
  const automatic = aRequest({ state: 'issued' });
  const all = [approved, both, byPolicy, archived, archivedOfPolicy, automatic];
  const denial = ({ id }: CertificateRequest, principal: string | null, n: number, details: object) =>
    anEvent({ type: 'RequestDenied', requestId: id, principal, at: at(n), details: { ...details } });
  await opened.commit(
    all.map((request) => insertRequest(request)),
    [
      denial(both, 'bob', 4, { comment: 'no' }),
      denial(byPolicy, 'bob', 5, { reason: 'NoLongerPermitted', violations: [] }),
      denial(automatic, null, 6, { reason: 'PolicyDenied', policySetDigest: '', violations: [] }),
    ],
  );
  await opened.execute(`DROP TRIGGER "TimelineRecord_of_record"${onPostgresql ? ' ON "TimelineRecord"' : ''}`);
  const octets = (hex: string) => (onPostgresql ? `'\\x${hex}'` : `x'${hex}'`);
  const when = onPostgresql ? `'2026-03-01T10:00:00.007'` : String(at(7).getTime());
  for (const { id } of [archived, archivedOfPolicy])
    await opened.execute(`INSERT INTO "TimelineRecord" ("requestId", "lastSeq", "at", "entries")
      VALUES (${octets(id.replaceAll('-', ''))}, 1, ${when}, '[["RequestDenied","bob","no"]]')`);
  const database = onPostgresql ? 'postgresql' : 'sqlite';
  const file = `prisma/migrations/${database}/20261210000000_decisions_of_people/migration.sql`;
  const [, filling = ''] = readFileSync(file, 'utf8').split(/^-- Approvals, then.*$/m);
  await opened.execute('DELETE FROM "RequestDecision"');
  await opened.execute(filling);
  expect(await allOf(opened, { decidedBy: 'bob' })).toEqual([archived.id, both.id, approved.id]);
  expect(await allOf(opened, { decidedBy: 'eve' })).toEqual([approved.id]);
  const rows = await opened.query('SELECT "principal" FROM "RequestDecision"');
  expect(rows).toHaveLength(4);
  const page = await opened.store.requests.list({ decidedBy: 'bob' }, { limit: 1, cursor: null });
  expect(JSON.parse(Buffer.from(page.nextCursor ?? '', 'base64url').toString())).toEqual([
    'requests/decided',
    at(7).toISOString(),
    expect.any(String),
  ]);
});
