// Tests src/store/postgresql/postgresql-batches.ts, src/store/postgresql/apply-steps.ts,
// src/store/postgresql/connect.ts
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { verifyChain } from '../../src/audit/hash-chain.js';
import { StoreUnavailableError } from '../../src/model/errors.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import type { Write } from '../../src/store/steps/step.js';
import type { Store } from '../../src/store/store.js';
import { rememberPolicySet } from '../../src/store/tables/policy-set-table.js';
import { retryWebhook } from '../../src/store/tables/webhook-delivery-table.js';
import { insertRequest } from '../../src/store/tables/write-request.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { anEvent, aRequest } from '../unit/store/records.js';
import { lateMilliseconds, startCommitProxy, type CommitProxy } from './commit-proxy.js';

let database: TestDatabase;
let proxy: CommitProxy;
let store: Store;
beforeEach(async () => {
  database = await freshDatabase(inject('databases'));
  const url = new URL(database.url);
  proxy = await startCommitProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  store = await openPostgresqlStore({ url: url.href, readConnections: 2, settleMilliseconds: 500 });
});
afterEach(async () => {
  await proxy.resume().catch(() => undefined);
  await store.close();
  await proxy.close();
  await database.drop();
});

const record = (operations: readonly Write[] = [insertRequest(aRequest())]) =>
  store.writer.commit({ operations, events: [anEvent()] });
const committed = { committed: true };

/** The state that a second connection sees, without the proxy. */
const stored = () =>
  query(database.url, async (client) => {
    const { rows } = await client.query<{ requests: string; events: string }>(
      'SELECT (SELECT count(*) FROM "RequestRecord") "requests", (SELECT count(*) FROM "AuditEvent") "events"',
    );
    return { requests: Number(rows[0]?.requests), events: Number(rows[0]?.events) };
  });

describe('a connection that is lost in a commit', () => {
  const unknown = new StoreUnavailableError(
    'the connection was lost in a commit, and whether it was made is not known',
  );
  const remember = (digest: string) =>
    store.writer.commit({ operations: [rememberPolicySet({ digest, texts: [] })], events: [] });

  it.each([
    ['at once', 1],
    ['after a conflict', 2],
  ])('is a success if the commit was made %s and only its answer was lost, for each step', async (_, nth) => {
    await record();
    proxy.breakNext('answer lost', nth);
    const request = aRequest();
    const twice: readonly Write[] = [insertRequest(request), insertRequest(request)];
    const results = await Promise.all([record(), record(twice), record()]);
    expect(results).toEqual([
      committed,
      { committed: false, conflict: { kind: 'request', id: request.id } },
      committed,
    ]);
    expect(await stored()).toEqual({ requests: 3, events: 3 });
    expect(await record()).toEqual(committed);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 4 });
  });

  it('is a success for steps without events too', async () => {
    await record();
    proxy.breakNext('answer lost');
    expect(await remember('d')).toEqual(committed);
    expect(await store.policySets.find('d')).toEqual([]);
  });

  it('is not noticed if the commit did not arrive: it is made on another connection', async () => {
    await record();
    proxy.breakNext('commit lost');
    expect(await Promise.all([record(), record()])).toEqual([committed, committed]);
    expect(await stored()).toEqual({ requests: 3, events: 3 });
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 3 });
  });

  it('is a failure if the connection was a new one, and nothing is stored', async () => {
    // The first commit opens the mark.
    proxy.breakNext('commit lost', 2);
    const results = await Promise.allSettled([record(), record()]);
    expect(results).toMatchObject(
      Array(2).fill({ status: 'rejected', reason: { name: 'StoreUnavailableError', message: 'the commit failed' } }),
    );
    expect(await stored()).toEqual({ requests: 0, events: 0 });
    await expect(store.ping()).rejects.toThrow(/^commits have failed since 20/);
    expect(await record()).toEqual(committed);
    await store.ping();
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 1 });
  });

  it('makes nothing twice if the commit arrives after the connection was given up', async () => {
    await record();
    proxy.breakNext('late');
    const step: readonly Write[] = [retryWebhook({ id: 'none', at: new Date() })];
    expect(await record(step)).toEqual(committed);
    expect(await stored()).toEqual({ requests: 1, events: 2 });
    await setTimeout(2 * lateMilliseconds);
    expect(await stored()).toEqual({ requests: 1, events: 2 });
    expect(await record()).toEqual(committed);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 3 });
  });

  it('is neither if it cannot be found out: no caller is told of a success, nor that nothing was stored', async () => {
    await record();
    proxy.breakNext('answer lost for good');
    await expect(record()).rejects.toThrow(unknown);
    expect(await stored()).toEqual({ requests: 2, events: 2 });
    await proxy.resume();
    expect(await record()).toEqual(committed);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 3 });
  });

  it('is neither for steps without events too', async () => {
    await record();
    proxy.breakNext('answer lost for good');
    await expect(remember('d')).rejects.toThrow(unknown);
    await proxy.resume();
    expect(await remember('d')).toEqual(committed);
  });
});

describe('the mark of a writer', () => {
  const marks = () =>
    query(database.ownerUrl, async (client) => {
      const { rows } = await client.query<{ writer: string; batch: string }>('SELECT * FROM "WriterMark"');
      return rows;
    });

  it('counts its batches, and is removed when the store is closed', async () => {
    const other = await openPostgresqlStore({ url: database.url, readConnections: 1 });
    const batches = [];
    for (let i = 0; i < 3; i++) {
      expect(await other.writer.commit({ operations: [], events: [anEvent()] })).toEqual(committed);
      batches.push(Number((await marks())[0]?.batch) - i);
    }
    expect(new Set(batches).size).toBe(1);
    await other.close();
    expect(await marks()).toEqual([]);
  });

  it('is removed after a day by another writer, which harms nobody', async () => {
    await record();
    await query(database.ownerUrl, (client) =>
      client.query(`UPDATE "WriterMark" SET "committedAt" = "committedAt" - interval '25 hours'`),
    );
    const other = await openPostgresqlStore({ url: database.url, readConnections: 1 });
    await other.writer.commit({ operations: [], events: [anEvent()] });
    expect(await marks()).toHaveLength(1);
    await other.close();
    expect(await record()).toEqual(committed);
    expect(await marks()).toHaveLength(1);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 3 });
  });
});

describe('the database being away', () => {
  it('is not noticed if the connection was lost while nothing was under way', async () => {
    await record();
    await query(inject('databases').adminUrl, (client) =>
      client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
        new URL(database.url).pathname.slice(1),
      ]),
    );
    expect(await record()).toEqual(committed);
    expect(await store.requests.unfinished()).toEqual([]);
  });

  it('does not keep a server that took over from getting again the rows that it lost', async () => {
    await record();
    await query(database.ownerUrl, (client) => client.query('TRUNCATE "RequestRecord", "Decision" CASCADE'));
    await query(inject('databases').adminUrl, (client) =>
      client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
        new URL(database.url).pathname.slice(1),
      ]),
    );
    // The batch that meets the new connection was made for the old one.
    await record().catch(() => undefined);
    expect(await record()).toEqual(committed);
  });

  it('fails commits and reads at once, until it is back', async () => {
    await record();
    await proxy.pause();
    await expect(record()).rejects.toBeInstanceOf(StoreUnavailableError);
    for (const read of [
      () => store.requests.unfinished(),
      () => store.inventory.find(['a']),
      () => store.quotas.found([{ kind: 'livePerRequester', cluster: 'demo', requester: 'hr' }], '', new Date()),
      () => store.alone(() => Promise.resolve()),
      () => store.ping(),
    ])
      await expect(read()).rejects.toBeInstanceOf(StoreUnavailableError);
    await proxy.resume();
    expect(await record()).toEqual(committed);
    await store.ping();
    expect(await store.requests.unfinished()).toEqual([]);
  });

  it('tells nobody the password', async () => {
    await proxy.pause();
    const error: unknown = await record().catch((reason: unknown) => reason);
    const texts = [];
    for (let cause = error; cause instanceof Error; cause = cause.cause)
      texts.push(cause.stack, JSON.stringify(Object.entries(cause)));
    expect(texts.length).toBeGreaterThan(2);
    expect(texts.join('\n')).not.toContain(new URL(database.url).password);
  });
});

describe('a commit', () => {
  it('waits while another process continues the chain', async () => {
    await record();
    await query(database.url, async (other) => {
      await other.query('BEGIN');
      await other.query('SELECT pg_advisory_xact_lock($1)', [0x6b75626570617373n.toString()]);
      let done = false;
      const recording = record().finally(() => (done = true));
      await setTimeout(200);
      expect(done).toBe(false);
      await other.query('COMMIT');
      expect(await recording).toEqual(committed);
    });
  });

  it('fails for all steps if a statement fails for all, and leaves nothing behind', async () => {
    await record();
    const rename = (from: string, to: string) =>
      query(database.ownerUrl, (client) => client.query(`ALTER TABLE "${from}" RENAME TO "${to}"`));
    await rename('PolicySet', 'Hidden');
    const remember = () => record([rememberPolicySet({ digest: 'x', texts: [] })]);
    const results = await Promise.allSettled([record(), remember()]);
    expect(results).toMatchObject(Array(2).fill({ status: 'rejected', reason: { name: 'StoreUnavailableError' } }));
    expect(await stored()).toEqual({ requests: 1, events: 1 });
    await rename('Hidden', 'PolicySet');
    expect(await remember()).toEqual(committed);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 2 });
  });

  it('fails alone if no column can hold its values', async () => {
    const tooLong = aRequest({ expirationSeconds: 2 ** 40 });
    const results = await Promise.allSettled([record(), record([insertRequest(tooLong)]), record()]);
    expect(results).toMatchObject([{ value: committed }, { reason: { code: '22003' } }, { value: committed }]);
    const noInstant = aRequest({ createdAt: new Date('2026-03-01T10:00:00Z'), waitsUntil: new Date(NaN) });
    const others = await Promise.allSettled([record(), record([insertRequest(noInstant)]), record()]);
    expect(others).toMatchObject([{ value: committed }, { reason: { name: 'RangeError' } }, { value: committed }]);
    expect(await stored()).toEqual({ requests: 4, events: 4 });
  });

  it('keeps a text with U+0000, which PostgreSQL cannot store, with U+FFFD in its place', async () => {
    const request = aRequest({ username: 'jane\0', groups: ['a\0', '\\u0000'] });
    expect(await record([insertRequest(request)])).toEqual(committed);
    expect(await store.requests.find(request.id)).toMatchObject({
      username: 'jane\ufffd',
      groups: ['a\ufffd', '\\u0000'],
    });
    const { items } = await store.requests.list({ username: 'jane\0' }, { limit: 10, cursor: null });
    expect(items).toHaveLength(1);
  });

  it('gives each of many conflicting steps its own outcome', async () => {
    const request = aRequest();
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, i) => record([insertRequest(i % 2 ? request : aRequest())])),
    );
    expect(results.filter((result) => result.committed)).toHaveLength(31);
    expect(results.flatMap((result) => (result.committed ? [] : result.conflict))).toEqual(
      Array(29).fill({ kind: 'request', id: request.id }),
    );
    expect(await stored()).toEqual({ requests: 31, events: 31 });
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 31 });
  });
});
