// Tests src/log/tree-of-events.ts, src/audit/merkle-tile.ts
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GrowingTree, leafHash, rootOfSubtree } from '../../../src/audit/merkle-tree.js';
import { Checkpoints } from '../../../src/log/sign-checkpoints.js';
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.js';
import type { Step } from '../../../src/store/steps/step.js';
import type { Store } from '../../../src/store/store.js';
import { retireCheckpointKey } from '../../../src/store/tables/checkpoint-tables.js';
import { newCheckpointSigner } from '../../helpers/checkpoint-signer.js';
import { onPostgresql, openTestStore, type OpenedStore } from '../../helpers/test-store.js';
import { anEvent } from '../store/records.js';

let opened: OpenedStore;
beforeEach(async () => {
  opened = await openTestStore({ writerThread: true });
});
afterEach(() => opened.close());

const now = new Date('2026-11-29T10:00:00.000Z');
const stepOf = (events: number, operations: Step['operations'] = []): Step => ({
  operations,
  events: Array.from({ length: events }, () => anEvent({ at: now })),
});

async function record(count: number, store: Store = opened.store, step = stepOf): Promise<void> {
  for (let left = count; left > 0; left -= 1_000) {
    const sizes = Array.from({ length: 20 }, (_, i) => Math.min(50, left - 50 * i)).filter((size) => size > 0);
    await Promise.all(sizes.map((size) => store.writer.commit(step(size))));
  }
}

/** The store of a process that has just started on the same database. */
const another = (): Promise<Store> =>
  onPostgresql ? opened.another() : openSqliteStore({ file: opened.file, writerThread: true });

/** PostgreSQL tells the numbers of events with their commit, so it keeps their tile with the next one. */
const nextCommit = async (): Promise<unknown> => (onPostgresql ? opened.store.writer.commit(stepOf(0)) : null);

async function leavesOf(n: number): Promise<Buffer> {
  const texts = await opened.store.auditEvents.canonicalTexts(256 * n, 256);
  return Buffer.concat(texts.map((text) => leafHash(Buffer.from(text))));
}

/** The numbers of the tiles of the lowest level. Each has the leaves of its events. */
async function keptTiles(): Promise<readonly number[]> {
  const rows = await opened.query('SELECT "n", "hashes" FROM "AuditTile" WHERE "level" = 0 ORDER BY "n"');
  for (const { n, hashes } of rows) expect(Buffer.from(hashes as Uint8Array)).toEqual(await leavesOf(Number(n)));
  return rows.map(({ n }) => Number(n));
}

async function process(): Promise<Checkpoints> {
  const checkpoints = new Checkpoints({
    soleProcess: true,
    store: opened.store,
    signers: [newCheckpointSigner()],
    retiresOthers: true,
    owner: randomUUID(),
    deliveriesOf: () => [],
    clock: () => now,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  await checkpoints.open();
  return checkpoints;
}

/** The checkpoint has the root of all events. */
async function sign(by?: Checkpoints): Promise<unknown> {
  const checkpoint = await (by ?? (await process())).sign();
  const { seq } = await opened.store.auditEvents.head();
  const tree = new GrowingTree();
  for (let n = 0; n <= seq; n += 10_000)
    for (const text of await opened.store.auditEvents.canonicalTexts(n, 10_000))
      tree.append(leafHash(Buffer.from(text)));
  expect(checkpoint).toMatchObject({ size: seq, root: tree.root() });
  return checkpoint;
}

it('a complete tile is kept with the events that complete it, without a checkpoint', async () => {
  await record(255);
  expect(await keptTiles()).toEqual([]);
  await record(1);
  await nextCommit();
  expect(await keptTiles()).toEqual([0]);
  await record(700);
  await nextCommit();
  expect(await keptTiles()).toEqual([0, 1, 2]);
});

it('steps that are undone leave no leaf behind', async () => {
  const conflict = retireCheckpointKey({ verifierKey: 'unknown', at: now });
  for (let round = 0; round < 30; round++)
    await Promise.all([
      opened.store.writer.commit(stepOf(7)),
      opened.store.writer.commit(stepOf(3, [conflict])),
      opened.store.writer.commit(stepOf(11)),
      opened.store.writer.commit(stepOf(90, [conflict])),
      opened.store.writer.commit(stepOf(5)),
    ]);
  await nextCommit();
  expect((await opened.store.auditEvents.head()).seq).toBe(30 * 23);
  expect(await keptTiles()).toEqual([0, 1]);
  await sign();
});

it('events of another process are read by whoever signs, and no tile is missing in between', async () => {
  const other = await another();
  for (let round = 0; round < 6; round++) {
    await record(70, opened.store);
    await record(110, other);
  }
  await nextCommit();
  const before = await keptTiles();
  expect(before).toEqual(before.map((_, n) => n));
  await sign();
  expect(await keptTiles()).toEqual([0, 1, 2, 3]);
  // The process that is alone keeps tiles again.
  await record(300);
  await sign();
  await record(300);
  await nextCommit();
  expect(await keptTiles()).toEqual([0, 1, 2, 3, 4, 5]);
  await other.close();
});

it('a process that starts in the middle of a tile reads the events of it once', async () => {
  await record(300);
  const started = await another();
  await record(213, started);
  if (onPostgresql) await sign();
  expect(await keptTiles()).toEqual([0, 1]);
  await started.close();
});

it('a log from before tiles gets those that it lacks from whoever signs, and the next ones with their events', async () => {
  await record(1_000);
  await nextCommit();
  await opened.execute(
    onPostgresql
      ? 'ALTER TABLE "AuditTile" DISABLE TRIGGER ALL; DELETE FROM "AuditTile"; ALTER TABLE "AuditTile" ENABLE TRIGGER ALL'
      : 'DROP TRIGGER "AuditTile_no_delete"; DELETE FROM "AuditTile"',
  );
  await record(300);
  await nextCommit();
  expect(await keptTiles()).toEqual([]);
  await sign();
  expect(await keptTiles()).toEqual([0, 1, 2, 3, 4]);
  await record(300);
  await nextCommit();
  expect(await keptTiles()).toEqual([0, 1, 2, 3, 4, 5]);
});

it('a tile of a higher level has the roots of the tiles below it', async () => {
  await record(65_536 + 300);
  await sign();
  const [tile] = await opened.query('SELECT "hashes" FROM "AuditTile" WHERE "level" = 1');
  const below = await opened.query('SELECT "hashes" FROM "AuditTile" WHERE "level" = 0 AND "n" < 256 ORDER BY "n"');
  const roots = below.map(({ hashes }) => rootOfSubtree(hashes as Uint8Array));
  expect(Buffer.from(tile?.['hashes'] as Uint8Array)).toEqual(Buffer.concat(roots));
});

it('a process that signs on a server that lost the last events does not remember their tiles', async () => {
  const signing = await process();
  await record(600);
  await nextCommit();
  await sign(signing);
  const off = (table: string, sql: string) =>
    onPostgresql
      ? `ALTER TABLE "${table}" DISABLE TRIGGER ALL; ${sql}; ALTER TABLE "${table}" ENABLE TRIGGER ALL`
      : `DROP TRIGGER "${table}_no_delete"; ${sql}`;
  await opened.execute(off('AuditRecord', 'DELETE FROM "AuditRecord" WHERE "lastSeq" > 151'));
  await opened.execute(off('AuditTile', 'DELETE FROM "AuditTile"'));
  await opened.execute('DELETE FROM "Checkpoint"');
  const later = new Date(now.getTime() + 1);
  const others = (events: number) => ({ operations: [], events: Array(events).fill(anEvent({ at: later })) });
  await record(700, opened.store, others);
  await sign(signing);
});
