// Tests src/log/sign-checkpoints.ts, src/log/tree-of-events.ts, src/store/tables/checkpoint-tables.ts
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/audit/checkpoint.js';
import { GrowingTree, leafHash } from '../../../src/audit/merkle-tree.js';
import { readNote, readVerifierKey } from '../../../src/audit/signed-note.js';
import {
  Checkpoints,
  type CheckpointsContext,
  type CheckpointSigner,
  signCheckpoints,
} from '../../../src/log/sign-checkpoints.js';
import { newId } from '../../../src/model/new-id.js';
import type { Restoration } from '../../../src/model/restoration.js';
import type { Announcement } from '../../../src/model/webhook-delivery.js';
import type { Writer } from '../../../src/store/steps/step.js';
import { insertCheckpoint } from '../../../src/store/tables/checkpoint-tables.js';
import { insertRestoration } from '../../../src/store/tables/restoration-table.js';
import { toldBy } from '../../../src/store/writer/followed-writer.js';
import { newCheckpointSigner } from '../../helpers/checkpoint-signer.js';
import { onPostgresql, openTestStore, type OpenedStore } from '../../helpers/test-store.js';
import { aWebhookDelivery, anEvent } from '../store/records.js';

let opened: OpenedStore;
let now: Date;
let announced: Announcement[];
let logged: string[];
beforeEach(async () => {
  opened = await openTestStore();
  now = new Date('2026-11-26T10:00:00.000Z');
  announced = [];
  logged = [];
});
afterEach(() => opened.close());

const signer = newCheckpointSigner();
const say = (_: object, message: string) => void logged.push(message);

/** A process that may sign. */
async function aProcess(
  overrides: Partial<CheckpointsContext> & { readonly writer?: (writer: Writer) => Writer } = {},
): Promise<Checkpoints> {
  const { writer = (same: Writer) => same, ...context } = overrides;
  const checkpoints = new Checkpoints({
    soleProcess: false,
    store: { ...opened.store, writer: writer(opened.store.writer) },
    signers: [signer],
    retiresOthers: true,
    owner: randomUUID(),
    deliveriesOf(announcement) {
      announced.push(announcement);
      return [aWebhookDelivery({ type: announcement.event })];
    },
    clock: () => now,
    log: { info: say, warn: say, error: say },
    ...context,
  });
  await checkpoints.open();
  return checkpoints;
}

async function record(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 50)
    await opened.store.writer.commit({
      operations: [],
      events: Array.from({ length: Math.min(50, left) }, () => anEvent({ at: now })),
    });
}

async function rootAt(size: number): Promise<Buffer> {
  const tree = new GrowingTree();
  for (const text of await opened.store.auditEvents.canonicalTexts(0, size)) tree.append(leafHash(Buffer.from(text)));
  return tree.root();
}

const eventsOfType = async (type: 'CheckpointKeyAdded' | 'CheckpointKeyRetired') =>
  (await opened.store.auditEvents.list({ type }, { limit: 50, cursor: null })).items;
const keys = () => opened.store.checkpoints.keys();

describe('checkpoints', () => {
  it('vouch for every event there is, across tiles, and are signed once for each size', async () => {
    const checkpoints = await aProcess();
    for (const count of [3, 252, 1, 300, 700]) {
      await record(count);
      const checkpoint = await checkpoints.sign();
      const { seq } = await opened.store.auditEvents.head();
      expect(checkpoint).toMatchObject({ size: seq, root: await rootAt(seq) });
      expect(await checkpoints.sign()).toEqual(checkpoint);
    }
    // The rest of the last tile is computed from its events.
    const tiles = await opened.query('SELECT "level", "n" FROM "AuditTile" ORDER BY "level", "n"');
    expect(tiles.map(({ n }) => Number(n))).toEqual([0, 1, 2, 3]);
  });

  it('have a tree of higher levels that a process builds from tiles alone', async () => {
    const checkpoints = await aProcess();
    await record(300);
    await checkpoints.sign();
    await record(100);
    const other = await aProcess({ retiresOthers: false });
    await checkpoints.release();
    const { seq } = await opened.store.auditEvents.head();
    expect(await other.sign()).toMatchObject({ size: seq, root: await rootAt(seq) });
  });

  it('are announced to webhooks in the commit that keeps them, and only then', async () => {
    const checkpoints = await aProcess();
    const checkpoint = await checkpoints.sign();
    await checkpoints.sign();
    expect(announced).toHaveLength(1);
    expect(announced[0]).toMatchObject({
      event: 'audit.checkpoint',
      checkpoint: { size: checkpoint?.size, root: checkpoint?.root, note: checkpoint?.note },
    });
    const { items } = await opened.store.webhookDeliveries.list({}, { limit: 10, cursor: null });
    expect(items.map(({ type }) => type)).toEqual(['audit.checkpoint']);
  });

  it('are signed at once, at intervals, and once more when the process stops', async () => {
    const log = { info: say, warn: say, error: say };
    const signing = signCheckpoints(await aProcess(), 1, log);
    const last = async () => (await opened.store.checkpoints.last())?.size ?? 0;
    const head = async () => (await opened.store.auditEvents.head()).seq;
    await expect.poll(last).toBe(await head());
    await record(2);
    await expect.poll(last).toBe(await head());
    await record(2);
    await signing.stop();
    expect(await last()).toBe(await head());
    // Another process need not wait for the end of the lease.
    await record(1);
    expect(await (await aProcess()).sign()).toMatchObject({ size: await head() });
  });

  it('are signed one after the other, whoever asks, and those who wait share one that has every event', async () => {
    let [atOnce, most, signed] = [0, 0, 0];
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const checkpoints = await aProcess({
      writer: (writer) => ({
        async commit(step) {
          if (toldBy(step, 'checkpoint').length === 0) return writer.commit(step);
          signed += 1;
          atOnce += 1;
          most = Math.max(most, atOnce);
          await held;
          atOnce -= 1;
          return writer.commit(step);
        },
      }),
    });
    await record(3);
    const first = checkpoints.sign();
    await expect.poll(() => signed).toBe(1);
    await record(2);
    const { seq } = await opened.store.auditEvents.head();
    const others = [1, 2, 3].map((i) => checkpoints.sign(() => i < 3));
    goOn();
    expect((await Promise.all(others)).map((checkpoint) => checkpoint?.size)).toEqual([seq, seq, seq]);
    expect((await first)?.size).toBe(seq - 2);
    expect([signed, most]).toEqual([2, 1]);
    expect((await checkpoints.sign())?.size).toBe(seq);
  });

  it('are refused by the database at sizes that may have been signed before a restore', async () => {
    const running = await aProcess();
    await record(20);
    const before = await running.sign();
    const signedEvents = (before?.size ?? 0) + 2;
    const restoration: Restoration = {
      id: newId(now, randomBytes),
      detectedBy: 'command',
      ...{ detectedAt: now, events: 20, knownUntil: now, signedEvents },
      ...{ acknowledgedAt: null, acknowledgedBy: null },
    };
    await opened.store.writer.commit({ operations: [insertRestoration(restoration)], events: [] });
    for (let i = 0; i < 2; i += 1) {
      await record(1);
      expect(await running.sign()).toEqual(before);
    }
    await record(1);
    expect(await running.sign()).toMatchObject({ size: signedEvents + 1 });
  });

  it('are committed only to the log that they were made of, which another server may not have', async () => {
    let lastHash: string | null = null;
    const checkpoints = await aProcess({
      writer: (writer) => ({
        commit: (step) => {
          const operations = step.operations.map((operation) => {
            const checkpoint = operation.tells?.checkpoint;
            return checkpoint && lastHash !== null ? insertCheckpoint({ checkpoint, lastHash }) : operation;
          });
          return writer.commit({ ...step, operations });
        },
      }),
    });
    const first = await checkpoints.sign();
    await record(1);
    lastHash = 'ab'.repeat(32);
    expect(await checkpoints.sign()).toEqual(first);
    lastHash = null;
    expect(await checkpoints.sign()).toMatchObject({ size: (first?.size ?? 0) + 1 });
  });

  it('are not signed for a log that is shorter than the last one, or was changed', async () => {
    const checkpoints = await aProcess();
    await record(20);
    await checkpoints.sign();
    const { seq } = await opened.store.auditEvents.head();
    await opened.execute(
      onPostgresql
        ? 'ALTER TABLE "AuditRecord" DISABLE TRIGGER USER'
        : 'DROP TRIGGER "AuditRecord_no_update"; DROP TRIGGER "AuditRecord_no_delete"',
    );
    await record(1);
    await opened.execute(`UPDATE "AuditRecord" SET "cluster" = 'other' WHERE "lastSeq" = ${seq}`);
    await expect(checkpoints.sign()).rejects.toThrow(
      `the first ${seq} events of the audit log are not those that were signed`,
    );
    await opened.execute(`DELETE FROM "AuditRecord" WHERE "lastSeq" >= ${seq}`);
    await expect(checkpoints.sign()).rejects.toThrow(`its last checkpoint vouches for ${seq} events`);
  });
});

describe('the keys of checkpoints', () => {
  const names = (...signers: readonly CheckpointSigner[]) =>
    signers.map(({ publicKey }) => publicKey.toString('base64'));
  const publicKeys = (all: readonly { readonly verifierKey: string }[]) =>
    all.map(({ verifierKey }) => readVerifierKey(verifierKey)!.publicKey.toString('base64'));

  it('all sign, so that a new one can be added before the old one is taken away; the log records both', async () => {
    const next = newCheckpointSigner();
    await aProcess();
    now = new Date('2026-11-27T10:00:00.000Z');
    const both = await aProcess({ signers: [signer, next] });
    const [old, added] = await keys();
    const { note, size } = (await both.sign())!;
    for (const { verifierKey } of [old!, added!]) {
      const read = readNote(note, [readVerifierKey(verifierKey)!]);
      expect(read.ok && readCheckpoint(read.note.text)?.size).toBe(size);
    }
    await both.release();
    now = new Date('2026-11-28T10:00:00.000Z');
    const alone = await aProcess({ signers: [next] });
    await record(1);
    expect(readNote((await alone.sign())!.note, [readVerifierKey(old!.verifierKey)!]).ok).toBe(false);

    expect(publicKeys(await keys())).toEqual(names(signer, next));
    expect(await keys()).toMatchObject([
      { addedAt: new Date('2026-11-26T10:00:00.000Z'), retiredAt: now },
      { addedAt: new Date('2026-11-27T10:00:00.000Z'), retiredAt: null },
    ]);
    const sha256 = (of: CheckpointSigner) => createHash('sha256').update(of.publicKey).digest('hex');
    expect((await eventsOfType('CheckpointKeyAdded')).map(({ details }) => details)).toEqual([
      { key: old!.verifierKey, sha256: sha256(signer) },
      { key: added!.verifierKey, sha256: sha256(next) },
    ]);
    expect((await eventsOfType('CheckpointKeyRetired')).map(({ details }) => details)).toEqual([
      { key: old!.verifierKey, sha256: sha256(signer) },
    ]);
  });

  it('are recorded once, also if processes start together or again', async () => {
    await Promise.all([aProcess(), aProcess(), aProcess()]);
    await aProcess();
    expect(await eventsOfType('CheckpointKeyAdded')).toHaveLength(1);
    expect(await eventsOfType('CheckpointKeyRetired')).toHaveLength(0);
  });

  it('can come back', async () => {
    const other = newCheckpointSigner();
    await aProcess();
    await aProcess({ signers: [other] });
    await aProcess();
    expect((await keys()).map(({ retiredAt }) => retiredAt === null).sort()).toEqual([false, true]);
    expect(await eventsOfType('CheckpointKeyAdded')).toHaveLength(3);
    expect(await eventsOfType('CheckpointKeyRetired')).toHaveLength(2);
  });

  it('of other processes stay where each process has its own, and that is said', async () => {
    await aProcess({ retiresOthers: false });
    await aProcess({ retiresOthers: false, signers: [newCheckpointSigner()] });
    expect((await keys()).map(({ retiredAt }) => retiredAt)).toEqual([null, null]);
    expect(logged.filter((line) => line.includes('keys of their own'))).toHaveLength(1);
  });
});

describe('of several processes', () => {
  it('one signs, until it stops or its lease ends', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    const first = await one.sign();
    await record(1);
    expect(await other.sign()).toEqual(first);
    now = new Date(now.getTime() + 30_000);
    const second = await one.sign();
    expect(second?.size).toBe((first?.size ?? 0) + 1);
    await record(1);
    now = new Date(now.getTime() + 59_000);
    expect(await other.sign()).toEqual(second);
    now = new Date(now.getTime() + 2_000);
    const third = await other.sign();
    expect(third?.size).toBe((second?.size ?? 0) + 1);
    await record(1);
    expect(await one.sign()).toEqual(third);
    await other.release();
    expect((await one.sign())?.size).toBe((third?.size ?? 0) + 1);
  });

  it('one that is stopped between its signature and its commit, and goes on later, gives out nothing', async () => {
    let goOn: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (goOn = resolve));
    const signed: string[] = [];
    const sleeper = await aProcess({
      writer: (writer) => ({
        async commit(step) {
          for (const { note } of toldBy(step, 'checkpoint')) {
            signed.push(note);
            await stopped;
          }
          return writer.commit(step);
        },
      }),
    });
    const other = await aProcess();
    await record(5);
    const late = sleeper.sign();
    await expect.poll(() => signed.length).toBe(1);
    now = new Date(now.getTime() + 61_000);
    await record(5);
    const taken = await other.sign();
    expect(taken?.size).toBe((await opened.store.auditEvents.head()).seq);
    // Even after the other one's lease ended, too.
    now = new Date(now.getTime() + 61_000);
    goOn();
    expect(await late).toEqual(taken);
    expect(await opened.query('SELECT "note" FROM "Checkpoint"')).toEqual([{ note: taken?.note }]);
    expect(signed[0]).not.toBe(taken?.note);
  });
});
