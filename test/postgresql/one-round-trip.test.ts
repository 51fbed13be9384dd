// Tests src/store/postgresql/grouped-queries.ts, src/store/postgresql/pipeline.ts,
// src/store/postgresql/postgresql-batches.ts, src/store/postgresql/apply-steps.ts
import { hash } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { chainRecord, packEvents } from '../../src/audit/audit-record.js';
import { verifyChain } from '../../src/audit/hash-chain.js';
import type { QuotaLimit } from '../../src/model/decision.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import type { CommitResult, Write } from '../../src/store/steps/step.js';
import type { Store } from '../../src/store/store.js';
import { insertIssuer, requireIssuer } from '../../src/store/tables/cluster-issuer-table.js';
import { forgetIdempotencyKeys, insertIdempotencyKey } from '../../src/store/tables/idempotency-key-table.js';
import { insertCertificate } from '../../src/store/tables/insert-certificate.js';
import { rememberPolicySet } from '../../src/store/tables/policy-set-table.js';
import { requireQuota } from '../../src/store/tables/quotas.js';
import { insertRequest, updateRequest } from '../../src/store/tables/write-request.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import {
  aCertificate,
  anAttempt,
  anEvent,
  anIdempotencyEntry,
  anIssuer,
  aRequest,
  instant,
  sha256,
} from '../unit/store/records.js';

let database: TestDatabase;
let store: Store;
const queries = vi.spyOn(pg.Client.prototype, 'query');
/**
 * How many queries went to the database of the test. A service that other files of the worker share asks its own
 * meanwhile.
 */
const queriesHere = () => {
  const name = new URL(database.url).pathname.slice(1);
  return queries.mock.contexts.filter((client) => (client as pg.Client).database === name).length;
};
beforeEach(async () => {
  database = await freshDatabase(inject('databases'));
  store = await openPostgresqlStore({ url: database.url, readConnections: 2 });
  await store.writer.commit({ operations: [], events: [anEvent()] });
  queries.mockClear();
});
afterEach(async () => {
  await store.close();
  await database.drop();
});

const committed = { committed: true };
/** Commits steps with an event each, all in one batch. */
const commitAll = (steps: readonly (readonly Write[])[]): Promise<CommitResult[]> =>
  Promise.all(
    steps.map((operations, i) => store.writer.commit({ operations, events: [anEvent({ principal: String(i) })] })),
  );
const requests = () => Array.from({ length: 20 }, () => aRequest({ state: 'approved' }));
const begin = (id: string, attempt = anAttempt()): Write =>
  updateRequest({
    id,
    from: { state: 'approved', attempt: attempt.number === 1 ? null : attempt.number - 1 },
    to: { state: 'issuing', attempt },
  });
const limit: QuotaLimit = { kind: 'livePerGroup', cluster: 'demo', group: 'dev' };
const quota = (id: string, atMost: number): Write =>
  requireQuota({ limit, atMost, exceptRequest: id, now: instant('2026-03-01T10:00:00.000Z') });

describe('a batch', () => {
  it('is one round trip, whatever its steps do', async () => {
    const all = requests();
    const batches: readonly (readonly (readonly Write[])[])[] = [
      [
        [rememberPolicySet({ digest: 'd', texts: [] })],
        [insertIssuer(anIssuer())],
        [insertIssuer(anIssuer({ name: 'second', state: 'next' }))],
        [forgetIdempotencyKeys(instant('2020-01-01T00:00:00.000Z'), instant('2020-01-01T00:00:00.000Z'))],
      ],
      all.map((request) => [
        quota(request.id, 100),
        insertRequest(request),
        insertIdempotencyKey(anIdempotencyEntry({ key: request.id, requestId: request.id }), aRequest()),
      ]),
      all.map(({ id }, i) => [
        quota(id, 100),
        requireIssuer({ cluster: 'demo', issuer: i % 2 ? 'first' : 'second', states: ['active', 'next'] }),
        begin(id),
      ]),
      all.map((request, i) => {
        const certificate = aCertificate(request, { groups: i % 2 ? ['dev', 'ops'] : [] });
        return [
          updateRequest({
            id: request.id,
            from: { state: 'issuing', owner: 'process-a', attempt: 1 },
            to: { state: 'issued', fingerprintSha256: certificate.fingerprintSha256 },
          }),
          insertCertificate(certificate),
        ];
      }),
    ];
    for (const [i, steps] of batches.entries()) {
      expect(await commitAll(steps)).toEqual(steps.map(() => committed));
      expect(queriesHere()).toBe(i + 1);
    }
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 65 });
    const page = await store.certificates.list({ group: 'ops' }, { limit: 50, cursor: null });
    expect(page.items).toHaveLength(10);
  });

  it('executes its steps in whichever order none of them conflicts', async () => {
    const [one, two] = [aRequest({ state: 'approved' }), aRequest({ state: 'approved' })];
    await commitAll([[insertRequest(one)]]);
    const steps: readonly (readonly Write[])[] = [
      [begin(one.id), insertCertificate(aCertificate(one))],
      [insertCertificate(aCertificate(two)), begin(two.id)],
      [insertRequest(two)],
    ];
    expect(await commitAll(steps)).toEqual(steps.map(() => committed));
    expect(queriesHere()).toBe(2);
  });
});

describe('a batch with a conflict', () => {
  const other = aRequest({ state: 'approved' });
  const cases: readonly (readonly [string, (id: string) => readonly Write[], unknown])[] = [
    ['a request that is there', () => [insertRequest(other)], { kind: 'request', id: other.id }],
    ['a request that moved on', () => [begin(other.id, anAttempt({ number: 3 }))], { kind: 'request', id: other.id }],
    ['a quota that is reached', (id) => [quota(id, 1)], { kind: 'quota', limit, found: 1 }],
    [
      'an Idempotency-Key that is taken',
      () => [insertIdempotencyKey(anIdempotencyEntry(), aRequest())],
      { kind: 'idempotencyKey' },
    ],
    [
      'a serial number that is taken',
      () => [insertCertificate(aCertificate(other, { serialNumber: '0b' }))],
      { kind: 'unique', what: 'serialNumber' },
    ],
    [
      'an issuer that is not active',
      () => [requireIssuer({ cluster: 'demo', issuer: 'second', states: ['active'] })],
      { kind: 'issuer', cluster: 'demo', issuer: 'second' },
    ],
    [
      'a second active issuer',
      () => [insertIssuer(anIssuer({ name: 'second' }))],
      { kind: 'issuer', cluster: 'demo', issuer: 'second' },
    ],
  ];
  it.each(cases)('tells only the step that met %s', async (_, conflicting, conflict) => {
    await commitAll([
      [
        insertRequest(other),
        insertIdempotencyKey(anIdempotencyEntry(), aRequest()),
        insertCertificate(aCertificate(other, { serialNumber: '0b' })),
        insertIssuer(anIssuer()),
      ],
    ]);
    queries.mockClear();
    const mine = aRequest({ state: 'pending', groups: [] });
    const results = await commitAll([
      [insertRequest(mine)],
      [rememberPolicySet({ digest: 'lost', texts: [] }), ...conflicting(mine.id)],
      [updateRequest({ id: mine.id, from: { state: 'pending' }, to: { state: 'approved' } })],
    ]);
    expect(results).toEqual([committed, { committed: false, conflict }, committed]);
    // All at once, step by step, again from the step behind the conflict, and COMMIT.
    expect(queriesHere()).toBe(4);
    expect(await store.requests.find(mine.id)).toMatchObject({ state: 'approved' });
    expect(await store.policySets.find('lost')).toBeNull();
    const events = await store.auditEvents.chunk(2, 10);
    expect(events.map(({ principal }) => principal)).toEqual(['0', '2']);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 4 });
  });

  it('tells the later one of two steps that want the same', async () => {
    const [one] = requests();
    const insert: Write = insertRequest(one!);
    const results = await commitAll([[insert], [insert], [begin(one!.id)], [begin(one!.id)]]);
    const conflict = { committed: false, conflict: { kind: 'request', id: one!.id } };
    expect(results).toEqual([committed, conflict, committed, conflict]);
  });

  it('stores a row that is stored once although the step that brought it first conflicts', async () => {
    await commitAll([[insertRequest(other)]]);
    const decision = { ...aRequest().decision, policy: 'another' };
    const mine = aRequest({ decision });
    const again = [[insertRequest({ ...other, decision })], [insertRequest(mine)]] as const;
    expect(await commitAll(again)).toMatchObject([{ committed: false }, committed]);
    expect(await store.requests.find(mine.id)).toMatchObject({ decision: { policy: 'another' } });
  });
});

describe('two writers', () => {
  it('alternate on one chain', async () => {
    const other = await openPostgresqlStore({ url: database.url, readConnections: 1 });
    for (let i = 0; i < 5; i++)
      for (const { writer } of [store, other])
        expect(await writer.commit({ operations: [], events: [anEvent(), anEvent({ principal: null })] })).toEqual(
          committed,
        );
    await other.close();
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 21 });
  });
});

describe('the function that appends to the chain', () => {
  const awkward = [
    'quotes " and \\ and \\" and \\\\',
    'lines \n \r\n \u2028 \u2029 \u0085',
    'controls \0 \u0001 \b \t \f \u001f \u007f \u009f',
    'beyond \ud83d\ude00 \u{10ffff} \uffff \ufeff é e\u0301',
    "percent %s $1 ? {} '' /* -- */ \\x41 \\u0041",
    '{"details":{},"principal":null,"type":"X"}',
    'x'.repeat(100_000),
    '',
  ];

  it('makes the records that the service makes on SQLite, octet for octet', async () => {
    const events = awkward.flatMap((text, i) => {
      const ids = { requestId: i % 3 ? aRequest().id : null, fingerprintSha256: i % 2 ? sha256(text) : null };
      const shared = {
        ...ids,
        cluster: i % 4 ? text.replaceAll('\0', '') : null,
        at: new Date(Date.UTC(2026, 0, i) + i),
      };
      return [
        anEvent({ ...shared, principal: text.replaceAll('\0', ''), details: { [text]: [text, 1.5, 1e21, -0, null] } }),
        anEvent({ ...shared, principal: null, type: 'IssuanceFailed', details: { b: true, a: { text } } }),
      ];
    });
    let head = await store.auditEvents.head();
    const expected = packEvents(events).map((record) => {
      const chained = chainRecord(head, record);
      head = chained.head;
      return {
        ...chained.record,
        at: record.members.at,
        types: record.types,
        principal: record.members.principal,
        cluster: record.members.cluster,
        hash: hash('sha256', chained.record.events),
      };
    });
    expect(expected.length).toBeGreaterThan(awkward.length - 1);
    // The first half is one step, and the others are steps of the same batch.
    const [first, rest] = [events.slice(0, 8), events.slice(8)];
    await Promise.all([
      store.writer.commit({ operations: [], events: first }),
      ...rest.map((event) => store.writer.commit({ operations: [], events: [event] })),
    ]);
    const rows = await query(database.ownerUrl, async (client) => {
      const found = await client.query<Record<string, unknown>>(
        'SELECT * , to_char("at", \'YYYY-MM-DD"T"HH24:MI:SS.MSZ\') AS "at" FROM "AuditRecord" WHERE "lastSeq" > 1 ORDER BY 1',
      );
      return found.rows;
    });
    const ofFirst = expected.slice(0, 4);
    expect(
      rows.slice(0, 4).map((row) => ({
        firstSeq: Number(row['firstSeq']),
        lastSeq: Number(row['lastSeq']),
        at: new Date(String(row['at'])),
        types: Number(row['types']),
        principal: row['principal'],
        cluster: row['cluster'],
        events: row['events'],
        previousHash: row['previousHash'],
        hashes: row['hashes'],
        hash: hash('sha256', String(row['events'])),
      })),
    ).toEqual(ofFirst);
    expect(rows.map((row) => String(row['events'])).join('\n')).toBe(
      expected.map((record) => record.events).join('\n'),
    );
    expect(await verifyChain(store.auditEvents)).toMatchObject({
      valid: true,
      events: 1 + events.length,
      head: head.hash,
    });
  });

  it('appends to the log itself, even if a temporary table has its name', async () => {
    const record = ['2026-03-01T10:00:00.000', '1', null, null, null, null, 'a', 'b', 'c', '1'];
    await query(database.url, async (client) => {
      await client.query('CREATE TEMPORARY TABLE "AuditRecord" (LIKE public."AuditRecord")');
      await client.query('CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT $1 $$');
      await client.query('SELECT public."AuditRecord_append"($1, $2)', [[record], [['{}', 'null', 'X']]]);
      const { rows } = await client.query(
        'SELECT "lastSeq", octet_length("hashes") FROM public."AuditRecord" ORDER BY 1',
      );
      expect(rows).toEqual([
        { lastSeq: '1', octet_length: 32 },
        { lastSeq: '2', octet_length: 32 },
      ]);
    });
  });
});
