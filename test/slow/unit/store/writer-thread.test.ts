// Tests src/store/sqlite/writer-thread.ts, src/store/sqlite/flat-batch.ts, src/store/sqlite/sqlite-batches.ts
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyChain } from '../../../../src/audit/hash-chain.js';
import { StoreUnavailableError } from '../../../../src/model/errors.js';
import { flatBatch } from '../../../../src/store/sqlite/flat-batch.js';
import { ThreadedBatches } from '../../../../src/store/sqlite/sqlite-batches.js';
import { insertCertificate } from '../../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../../src/store/tables/write-request.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { aCertificate, anEvent, aRequest, testStore } from '../../../unit/store/records.js';

/** The threads that start during the test, in order. */
function threadsFromNowOn(): readonly Worker[] {
  const threads: Worker[] = [];
  const onThread = (thread: Worker) => threads.push(thread);
  process.on('worker', onThread);
  onTestFinished(() => void process.off('worker', onThread));
  return threads;
}

describe('a writer on a thread of its own', () => {
  it('commits what comes at once, octets and instants included, and continues the chain', async () => {
    const { store, commit } = await testStore({ writerThread: true });
    const requests = Array.from({ length: 30 }, () => aRequest());
    const results = await Promise.all(
      requests.map((request) => commit([insertRequest(request)], [anEvent({ requestId: request.id })])),
    );
    expect(results).toEqual(requests.map(() => ({ committed: true })));
    const [request] = requests;
    expect(await store.requests.find(request!.id)).toEqual(request);
    // The view is on a larger buffer, as for data that was read from the network.
    const certificate = aCertificate(request!, { der: Buffer.alloc(10_000, 7).subarray(100, 104) });
    expect(await commit([insertCertificate(certificate)], [anEvent()])).toEqual({ committed: true });
    const found = await store.certificates.findByFingerprint(certificate.fingerprintSha256);
    expect(found).toMatchObject({ der: new Uint8Array([7, 7, 7, 7]) });
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 31 });
  });

  it('tells a conflict to whom it concerns', async () => {
    const { commit } = await testStore({ writerThread: true });
    const request = aRequest();
    const insert = () => commit([insertRequest(request)], [anEvent()]);
    expect(await Promise.all([insert(), insert(), commit([], [anEvent()])])).toEqual([
      { committed: true },
      { committed: false, conflict: { kind: 'request', id: request.id } },
      { committed: true },
    ]);
  });

  it('tells what SQLite could not do, by its code', async () => {
    const { connect, commit } = await testStore({ writerThread: true, busyTimeoutMs: 20 });
    await commit([], [anEvent()]);
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    await expect(commit([], [anEvent()])).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      cause: { code: 'SQLITE_BUSY', message: 'database is locked' },
    });
    other.exec('ROLLBACK');
    expect(await commit([], [anEvent()])).toEqual({ committed: true });
  });

  it('waits for a lock that is let go soon', async () => {
    const { connect, commit } = await testStore({ writerThread: true, busyTimeoutMs: 20 });
    await commit([], [anEvent()]);
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    const waiting = commit([], [anEvent()]);
    await setTimeout(300);
    other.exec('ROLLBACK');
    expect(await waiting).toEqual({ committed: true });
  });

  it('tells why a step cannot be stored', async () => {
    const { commit } = await testStore({ writerThread: true });
    const request = aRequest({ cluster: null as unknown as string });
    const failed = commit([insertRequest(request)], [anEvent()]);
    await expect(failed).rejects.toThrow('NOT NULL constraint failed: RequestRecord.cluster');
  });

  it('finishes what waits before it closes, and leaves no log beside the database', async () => {
    const { store, commit, connect } = await testStore({ writerThread: true });
    const waiting = Array.from({ length: 20 }, () => commit([], [anEvent()]));
    await store.close();
    expect(await Promise.all(waiting)).toHaveLength(20);
    expect(connect().prepare('SELECT count(*) AS "events" FROM "AuditRecord"').get()).toEqual({ events: 20 });
  });

  it('is replaced where it ends, and nobody is told that what was under way is committed', async () => {
    const threads = threadsFromNowOn();
    const { store, commit, connect } = await testStore({ writerThread: true, busyTimeoutMs: 200 });
    await commit([], [anEvent()]);
    // The commit is under way for as long as it waits for the lock.
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    const underWay = commit([], [anEvent()]);
    const refused = expect(underWay).rejects.toThrow(StoreUnavailableError);
    await setTimeout(50);
    await threads[0]?.terminate();
    other.exec('ROLLBACK');
    await refused;
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    expect(await commit([], [anEvent()])).toEqual({ committed: true });
    await store.ping();
    expect(threads).toHaveLength(2);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true });
  });

  it('fails in one place where it fails while it closes', async () => {
    const threads = threadsFromNowOn();
    const directory = temporaryDirectory();
    const batches = new ThreadedBatches({ file: join(directory.path, 'none', 'none.db'), busyTimeoutMs: 20 });
    // The database does not exist; the thread stays alive and reports it.
    await expect(batches.commit(flatBatch([]), false)).rejects.toThrow(/open/);
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    onTestFinished(() => void process.off('unhandledRejection', onUnhandled));
    const closing = batches.close();
    threads[0]?.emit('error', new Error('out of memory'));
    await expect(closing).rejects.toThrow(StoreUnavailableError);
    await setTimeout(50);
    expect(unhandled).toEqual([]);
    await threads[0]?.terminate();
    directory.remove();
  });
});
