// Tests src/store/sqlite/log-mover.ts, src/store/sqlite/log-mover-thread.ts, src/store/sqlite/batch-writer.ts
import { existsSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectForWriting } from '../../../../src/store/sqlite/batch-writer.js';
import { LogMover, type LogPages } from '../../../../src/store/sqlite/log-mover.js';
import type { WriterThreadData } from '../../../../src/store/sqlite/sqlite-batches.js';
import { insertRequest } from '../../../../src/store/tables/write-request.js';
import { aRequest, testStore } from '../../../unit/store/records.js';

const mebibyte = 1024 * 1024;
/** The pages that a commit of these tests writes into the log. */
const pagesInCommit = 100;

/** The threads that start during the test, in order, with the messages that each was sent. */
function threadsFromNowOn(onStart: (thread: Worker) => void = () => undefined) {
  const threads: { readonly thread: Worker; readonly messages: unknown[] }[] = [];
  const onThread = (thread: Worker) => {
    const messages: unknown[] = [];
    const post = thread.postMessage.bind(thread);
    thread.postMessage = (message: unknown) => {
      messages.push(message);
      post(message);
    };
    threads.push({ thread, messages });
    onStart(thread);
  };
  process.on('worker', onThread);
  onTestFinished(() => void process.off('worker', onThread));
  return threads;
}

/** Notes how many pages the connection itself has to move, each time that it moves some. */
function notingMoves(database: Database.Database): number[] {
  const moves: number[] = [];
  const prepare = database.prepare.bind(database) as (sql: string) => Database.Statement;
  const pages = prepare('PRAGMA wal_checkpoint(NOOP)') as Database.Statement<[], LogPages>;
  vi.spyOn(database, 'prepare').mockImplementation((sql: string) => {
    const statement = prepare(sql);
    if (sql !== 'PRAGMA wal_checkpoint(PASSIVE)') return statement;
    const move = statement.get.bind(statement);
    statement.get = () => {
      const { log, checkpointed } = pages.get()!;
      moves.push(log - checkpointed);
      return move();
    };
    return statement;
  });
  return moves;
}

/** A writer that waits for no lock, and whose log a mover moves. */
async function aWriter(data: Partial<WriterThreadData> = {}) {
  const { file, connect } = await testStore();
  const database = connectForWriting(file, 0);
  database.exec('CREATE TABLE "Bulk" ("n" INTEGER PRIMARY KEY, "octets" BLOB NOT NULL)');
  const insert = database.prepare('INSERT OR REPLACE INTO "Bulk" VALUES (?, zeroblob(3000))');
  const pages = database.prepare<[], LogPages>('PRAGMA wal_checkpoint(NOOP)');
  const moves = notingMoves(database);
  const mover = new LogMover(database, { file, busyTimeoutMs: 0, ...data });
  let rows = 0;
  let anew = 0;
  const commit = () => {
    const before = pages.get()!.log;
    database.exec('BEGIN IMMEDIATE');
    for (const end = rows + pagesInCommit; rows < end; rows++) insert.run(rows);
    database.exec('COMMIT');
    if (pages.get()!.log < before) anew += 1;
    mover.committed();
  };
  onTestFinished(async () => {
    await mover.end();
    database.close();
  });
  return {
    ...{ connect, database, mover, moves, commit },
    log: () => pages.get()!,
    anew: () => anew,
    rows: () => ({ committed: rows, found: connect().prepare('SELECT count(*) FROM "Bulk"').pluck().get() }),
    mebibytes: () => statSync(`${file}-wal`).size / mebibyte,
    /**
     * Commits until so many pages were written, or until something is the case. An answer of the thread is read after
     * as many pages as `unread`, as if they were one commit. Waits for the thread while the log alone has more pages
     * than `mostBehind`: a busy machine gives it no time, and after ten tries the writer moves more.
     */
    async commitPages(
      count: number,
      enough: () => boolean = () => false,
      { unread = pagesInCommit, mostBehind = Infinity } = {},
    ) {
      const behind = () => pages.get()!.log - pages.get()!.checkpointed;
      for (let written = 0; written < count && !enough(); written += unread) {
        while (behind() > mostBehind) await setImmediate();
        for (let pages = 0; pages < unread; pages += pagesInCommit) commit();
        await setImmediate();
      }
    },
  };
}

describe('the write-ahead log', () => {
  it('is moved by a thread while commits wait for no lock, and begins anew again and again', async () => {
    const threads = threadsFromNowOn();
    const writer = await aWriter();
    await writer.commitPages(5_500);
    expect(threads).toEqual([]);
    // The thread is asked at 6,000 pages, and 300 are committed beside it.
    await writer.commitPages(200_000, () => writer.anew() >= 5, { mostBehind: 6_200 });
    expect(writer.anew()).toBe(5);
    expect(threads).toHaveLength(1);
    expect(writer.mebibytes()).toBeLessThanOrEqual(64);
    // SQLite does not move it within a commit, and this thread moves the rest alone, between two commits.
    expect(writer.database.pragma('wal_autocheckpoint', { simple: true })).toBe(0);
    expect(Math.max(...writer.moves)).toBeLessThanOrEqual(400);
    const { committed, found } = writer.rows();
    expect(found).toBe(committed);
    expect(writer.database.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('is left to the thread while more than 400 pages are committed before its answer is read', async () => {
    const writer = await aWriter();
    await writer.commitPages(12_000, () => false, { unread: 1_000 });
    await writer.commitPages(200_000, () => writer.anew() > 0);
    expect(writer.anew()).toBe(1);
    expect(Math.max(...writer.moves)).toBeLessThanOrEqual(400);
  });

  it('begins anew under such commits too, after ten tries', async () => {
    const writer = await aWriter();
    await writer.commitPages(200_000, () => writer.anew() > 0, { unread: 1_000 });
    expect(writer.anew()).toBe(1);
    expect(writer.mebibytes()).toBeGreaterThan(32);
    expect(writer.mebibytes()).toBeLessThanOrEqual(192);
  });

  it('grows while a reader needs it, without a thread that tries all the time, and shrinks afterwards', async () => {
    const threads = threadsFromNowOn();
    const writer = await aWriter();
    writer.commit();
    const reader = writer.connect();
    reader.exec('BEGIN');
    const rows = reader.prepare('SELECT count(*) FROM "Bulk"').pluck();
    expect(rows.get()).toBe(pagesInCommit);
    await writer.commitPages(20_000);
    expect(writer.mebibytes()).toBeGreaterThan(64);
    expect(rows.get()).toBe(pagesInCommit);
    // It tries from 6,000 pages on, and after each 1,000 more.
    expect(threads[0]?.messages.length).toBeLessThanOrEqual(16);
    reader.exec('ROLLBACK');
    await writer.commitPages(200_000, () => writer.anew() > 0);
    await writer.commitPages(1_000);
    expect(writer.mebibytes()).toBeLessThanOrEqual(48);
    expect(Math.max(...writer.moves)).toBeLessThanOrEqual(400);
  });

  it('is moved by another thread where the first one ended', async () => {
    const threads = threadsFromNowOn();
    const writer = await aWriter();
    await writer.commitPages(200_000, () => threads.length > 0);
    await threads[0]?.thread.terminate();
    expect(writer.database.pragma('wal_autocheckpoint', { simple: true })).toBe(8_000);
    await writer.commitPages(400_000, () => threads.length > 1 && writer.anew() > 2);
    expect(threads).toHaveLength(2);
    expect(writer.anew()).toBeGreaterThan(2);
  });

  it('is moved by SQLite itself where every thread ends', async () => {
    const threads = threadsFromNowOn((thread) => void thread.terminate());
    const writer = await aWriter();
    await writer.commitPages(200_000, () => writer.anew() >= 2);
    expect(writer.anew()).toBe(2);
    expect(threads.length).toBeGreaterThan(1);
    expect(writer.mebibytes()).toBeLessThanOrEqual(48);
  });

  it('is moved by SQLite itself where no thread can start', async () => {
    const threads = threadsFromNowOn();
    // No thread can be given a function.
    const writer = await aWriter({ busyTimeoutMs: (() => 0) as unknown as number });
    await writer.commitPages(20_000);
    expect(writer.anew()).toBeGreaterThanOrEqual(2);
    expect([threads, writer.moves]).toEqual([[], []]);
  });

  it('is in the database when the service stops, even while the thread moves it', async () => {
    const { file, commit, store, connect } = await testStore({ writerThread: true });
    const database = new Database(file);
    const pages = database.prepare<[], LogPages>('PRAGMA wal_checkpoint(NOOP)');
    let requests = 0;
    const write = async (count: number) => {
      requests += count;
      const request = () => aRequest({ reason: 'x'.repeat(200_000) });
      await Promise.all(Array.from({ length: count }, () => commit([insertRequest(request())])));
    };
    while (pages.get()!.log < 6_000) await write(1);
    // SQLite alone moves nothing before there are 8,000 pages.
    await expect.poll(() => pages.get()!.checkpointed).toBeGreaterThan(5_500);
    expect(pages.get()!.log).toBeLessThan(8_000);
    database.close();
    await write(200);
    await store.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect(connect().prepare('SELECT count(*) FROM "RequestRecord"').pluck().get()).toBe(requests);
  });
});
