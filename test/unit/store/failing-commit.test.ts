// Tests src/store/writer/ordered-writer.ts, src/store/sqlite/batch-writer.ts, src/store/sqlite/sqlite-batches.ts
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/audit/hash-chain.js';
import { StoreBusyError, StoreUnavailableError } from '../../../src/model/errors.js';
import type { Step } from '../../../src/store/steps/step.js';
import { OrderedWriter } from '../../../src/store/writer/ordered-writer.js';
import { migrateSqlite } from '../../../src/store/sqlite/migrate-sqlite.js';
import { BatchWriter, connectForWriting } from '../../../src/store/sqlite/batch-writer.js';
import { SqliteBatches } from '../../../src/store/sqlite/sqlite-batches.js';
import { forgetIdempotencyKeys } from '../../../src/store/tables/idempotency-key-table.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { rememberPolicySet } from '../../../src/store/tables/policy-set-table.js';
import { insertRequest, updateRequest } from '../../../src/store/tables/write-request.js';
import { aCertificate, anAttempt, anEvent, aRequest, testStore } from './records.js';

describe('a commit that fails', () => {
  it('rejects everyone in the batch while somebody else holds the write lock, and the next one works', async () => {
    const { store, connect, commit } = await testStore({ busyTimeoutMs: 20 });
    await commit([], [anEvent()]);
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    const requests = [aRequest(), aRequest()];
    const results = await Promise.allSettled(requests.map((request) => commit([insertRequest(request)], [anEvent()])));
    for (const result of results) {
      const reason: unknown = result.status === 'rejected' ? result.reason : null;
      expect(reason).toBeInstanceOf(StoreUnavailableError);
      expect(reason).toMatchObject({ cause: { code: 'SQLITE_BUSY' } });
    }
    expect((await store.auditEvents.head()).seq).toBe(1);
    other.exec('ROLLBACK');
    for (const request of requests)
      expect(await commit([insertRequest(request)], [anEvent()])).toEqual({ committed: true });
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 3 });
  });

  it('is none where the lock is given back in time, and the event loop is free meanwhile', async () => {
    const { store, connect, commit } = await testStore({ busyTimeoutMs: 20 });
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    // If the event loop waited for the lock, this would never run.
    setImmediate(() => setImmediate(() => other.exec('ROLLBACK')));
    const requests = [aRequest(), aRequest()];
    const results = await Promise.all(requests.map((request) => commit([insertRequest(request)], [anEvent()])));
    expect(results).toEqual([{ committed: true }, { committed: true }]);
    await store.ping();
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 2 });
  });

  it('makes the store say that it cannot do its work, until a commit works again', async () => {
    const { store, connect, commit } = await testStore({ busyTimeoutMs: 20 });
    await store.ping();
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    await expect(commit([], [anEvent()])).rejects.toThrow(StoreUnavailableError);
    await expect(store.ping()).rejects.toThrow(/^commits have failed since 20/);
    other.exec('ROLLBACK');
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    expect(await commit([], [])).toEqual({ committed: true });
    await store.ping();
  });

  it('is not made up for by a commit that writes nothing', async () => {
    const { file, connect } = await testStore();
    const connection = connectForWriting(file, 20);
    const writer = new OrderedWriter(new SqliteBatches(new BatchWriter(connection)), { queue: 10, batch: 10 });
    const forgetNothing = () =>
      writer.commit({ operations: [forgetIdempotencyKeys(new Date(0), new Date(0))], events: [] });
    const frames = () => {
      const other = connect();
      const [{ log }] = other.pragma('wal_checkpoint(PASSIVE)') as [{ log: number }];
      return log;
    };
    await forgetNothing();
    const before = frames();
    connection.pragma('query_only = ON');
    await expect(writer.commit({ operations: [], events: [anEvent()] })).rejects.toThrow(StoreUnavailableError);
    await expect(forgetNothing()).rejects.toThrow(StoreUnavailableError);
    connection.pragma('query_only = OFF');
    expect(frames()).toBe(before);
    expect(await forgetNothing()).toEqual({ committed: true });
    expect(frames()).not.toBe(before);
    expect(writer.failingSince).toBeNull();
    await writer.close();
  });

  it('is over even where SQLite leaves the transaction open: a COMMIT that is refused', async () => {
    const { store, file } = await testStore();
    const connection = connectForWriting(file, 100);
    const writer = new OrderedWriter(new SqliteBatches(new BatchWriter(connection)), { queue: 10, batch: 10 });
    // COMMIT itself checks a deferred constraint; it then fails and leaves the transaction open.
    connection.exec(`
      CREATE TEMP TABLE "parent" ("id" INTEGER PRIMARY KEY);
      CREATE TEMP TABLE "child" ("parent" INTEGER REFERENCES "parent" ("id") DEFERRABLE INITIALLY DEFERRED);
      CREATE TEMP TRIGGER "refuse" AFTER INSERT ON main."AuditRecord" WHEN NEW."principal" = 'refused'
        BEGIN INSERT INTO "child" VALUES (1); END;`);
    const commit = (principal: string) => writer.commit({ operations: [], events: [anEvent({ principal })] });
    const results = await Promise.allSettled([commit('neighbour'), commit('refused')]);
    expect(results).toMatchObject(Array(2).fill({ status: 'rejected', reason: { name: 'StoreUnavailableError' } }));
    expect(connection.inTransaction).toBe(false);
    expect(await commit('next')).toEqual({ committed: true });
    await writer.close();
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 1 });
  });

  it('is over even where SQLite leaves the transaction open: a statement that cannot run', async () => {
    const { store, connect, commit } = await testStore();
    const other = connect();
    other.exec('ALTER TABLE "PolicySet" RENAME TO "Hidden"');
    const remember = () => commit([rememberPolicySet({ digest: 'x', texts: [] })], [anEvent()]);
    const results = await Promise.allSettled([commit([], [anEvent()]), remember()]);
    expect(results).toMatchObject(Array(2).fill({ status: 'rejected', reason: { name: 'StoreUnavailableError' } }));
    // The failed commit leaves no lock behind.
    other.exec('ALTER TABLE "Hidden" RENAME TO "PolicySet"');
    expect(await remember()).toEqual({ committed: true });
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 1 });
  });

  it('continues the chain of whoever wrote meanwhile', async () => {
    const { store, file, commit } = await testStore();
    await commit([], [anEvent()]);
    const second = new OrderedWriter(new SqliteBatches(new BatchWriter(connectForWriting(file, 100))), {
      queue: 10,
      batch: 10,
    });
    await second.commit({ operations: [], events: [anEvent(), anEvent()] });
    await second.close();
    await commit([], [anEvent()]);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 4 });
  });

  it('leaves nothing behind on a full disk, and the next one works', async () => {
    const { store, file, commit } = await testStore();
    await commit([], [anEvent()]);
    const disk = connectForWriting(file, 100);
    const writer = new OrderedWriter(new SqliteBatches(new BatchWriter(disk)), { queue: 10, batch: 10 });
    // The migrations leave free pages behind.
    disk.exec('VACUUM');
    const pages = disk.pragma('page_count', { simple: true }) as number;
    disk.pragma(`max_page_count = ${String(pages)}`);
    const requests = [aRequest(), aRequest({ reason: 'x'.repeat(100_000) }), aRequest()];
    const insertAll = () =>
      Promise.allSettled(
        requests.map((request) => writer.commit({ operations: [insertRequest(request)], events: [anEvent()] })),
      );
    for (const result of await insertAll())
      expect(result).toMatchObject({ status: 'rejected', reason: { cause: { code: 'SQLITE_FULL' } } });
    expect((await store.requests.list({}, { limit: 10, cursor: null })).items).toEqual([]);
    expect((await store.auditEvents.head()).seq).toBe(1);
    disk.pragma(`max_page_count = ${String(pages + 1000)}`);
    for (const result of await insertAll()) expect(result).toMatchObject({ value: { committed: true } });
    await writer.close();
    expect(await commit([], [anEvent()])).toEqual({ committed: true });
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 5 });
  });
});

describe('the queue', () => {
  it('turns away what is more than it holds, and takes more once it is through', async () => {
    const { store, commit } = await testStore({ queueLimit: 5 });
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => commit([], [anEvent()])));
    expect(results.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill('fulfilled'),
      ...Array<string>(3).fill('rejected'),
    ]);
    for (const result of results.slice(5))
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(StoreBusyError);
    expect(await commit([], [anEvent()])).toEqual({ committed: true });
    expect((await store.auditEvents.head()).seq).toBe(6);
  });

  it('never turns away the outcome of what was let in, however long the queue', async () => {
    const { commit } = await testStore({ queueLimit: 1 });
    const request = aRequest({ state: 'issuing', attempt: anAttempt() });
    await commit([insertRequest(request)]);
    const waiting = commit([], [anEvent()]);
    const refused = commit([insertRequest(aRequest())]);
    const outcome = commit([updateRequest({ id: request.id, from: { state: 'issuing' }, to: { state: 'approved' } })]);
    // The certificate was signed in an attempt that another process has taken over.
    const orphan = commit([insertCertificate(aCertificate(request, { orphan: true }))]);
    await expect(refused).rejects.toBeInstanceOf(StoreBusyError);
    expect(await Promise.all([waiting, outcome, orphan])).toEqual(Array(3).fill({ committed: true }));
  });

  it('commits what arrives together at once, and what arrives meanwhile next', async () => {
    const batches: (readonly Step[])[] = [];
    const writer = new OrderedWriter(
      {
        commit(steps) {
          batches.push(steps);
          return steps.map(() => ({ result: { committed: true } }));
        },
        close: () => undefined,
      },
      { queue: 100, batch: 3 },
    );
    const [a, b, c, d, e] = Array.from({ length: 5 }, (): Step => ({ operations: [], events: [anEvent()] }));
    const results = await Promise.all([a!, b!, c!, d!].map((step) => writer.commit(step)));
    expect(results).toEqual(Array(4).fill({ committed: true }));
    await writer.commit(e!);
    expect(batches).toEqual([[a, b, c], [d], [e]]);
  });

  it('finishes what waits before the store closes, and takes nothing after', async () => {
    const { store, file, commit } = await testStore();
    const waiting = Array.from({ length: 20 }, () => commit([], [anEvent()]));
    await store.close();
    expect(await Promise.all(waiting)).toHaveLength(20);
    await expect(commit([], [anEvent()])).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await migrateSqlite(file)).toEqual([]);
  });
});
