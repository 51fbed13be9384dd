// Tests src/log/audit-event-routes.ts, src/log/prove-log.ts, src/log/sign-checkpoints.ts,
// src/log/read-audit-events.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, type Checkpoint } from '../../src/audit/checkpoint.js';
import { GrowingTree, isConsistent, leafHash } from '../../src/audit/merkle-tree.js';
import { readNote, readVerifierKey } from '../../src/audit/signed-note.js';
import { verifyFiles } from '../../src/audit/verify-files.js';
import { anEvent } from '../unit/store/records.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as, type Answer } from './support/call.js';
import { startService, type TestService } from './support/service.js';
import { showsInclusion } from '../helpers/shows-inclusion.js';

let service: TestService;
const directory = temporaryDirectory();
beforeAll(async () => {
  // Every call for a checkpoint meets a log that is signed as it is.
  service = await startService();
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

const audrey = (path: string) => service.as('audrey')('get', `/v1/audit-events${path}`);

async function record(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 50) {
    const events = Array.from({ length: Math.min(50, left) }, () =>
      anEvent({ type: 'PolicyEvaluated', at: new Date('2026-11-26T10:00:00Z') }),
    );
    await service.store.writer.commit({ operations: [], events });
  }
}

async function keys(): Promise<readonly string[]> {
  const answer = await audrey('/checkpoint-keys').expect(200);
  return (answer.body as { items: { key: string; validUntil: string | null }[] }).items.map(({ key }) => key);
}

async function checkpoint(): Promise<{ readonly note: string } & Checkpoint> {
  const { text } = await audrey('/checkpoint').set('accept', 'text/plain').expect(200);
  const known = (await keys()).map((key) => readVerifierKey(key)!);
  const read = readNote(text, known);
  if (!read.ok) throw new Error(read.reason);
  return { note: text, ...readCheckpoint(read.note.text)! };
}

const hashesOf = (answer: Answer) =>
  (answer.body as { hashes: string[] }).hashes.map((hash) => Buffer.from(hash, 'base64'));

async function pageOf(query: string): Promise<readonly [seqs: number[], nextCursor: string | null]> {
  const { items, nextCursor } = as.events(await audrey(query).expect(200));
  return [items.map(({ seq }) => seq), nextCursor];
}

async function lines(query = ''): Promise<readonly string[]> {
  const { text } = await audrey(query).set('accept', 'application/x-ndjson').expect(200);
  return text.split('\n').slice(0, -1);
}

describe('GET /v1/audit-events', () => {
  it('has the newest first with order=newest, and those behind a number with afterSeq', async () => {
    await record(30);
    const [seqs, nextCursor] = await pageOf('?limit=3&order=newest');
    const [latest = 0] = seqs;
    expect(seqs).toEqual([latest, latest - 1, latest - 2]);
    expect((await pageOf(`?limit=2&order=newest&cursor=${nextCursor ?? ''}`))[0]).toEqual([latest - 3, latest - 4]);
    await audrey(`?cursor=${nextCursor ?? ''}`).expect(400);
    expect(await pageOf(`?afterSeq=${latest - 2}`)).toEqual([[latest - 1, latest], null]);
    expect(await pageOf(`?afterSeq=${latest}`)).toEqual([[], null]);
    expect(await lines(`?afterSeq=${latest - 2}&order=newest`)).toEqual([
      expect.stringContaining(`"seq":${latest - 1},`),
      expect.stringContaining(`"seq":${latest},`),
    ]);
    for (const query of ['order=oldest', 'afterSeq=-1', 'afterSeq=x']) await audrey(`?${query}`).expect(400);
  });
});

describe('checkpoints of the audit log', () => {
  it('are signed by a key that the log itself has recorded, in the name of the log', async () => {
    const { origin, size, root, note } = await checkpoint();
    const parts = { origin, size, root: root.toString('base64'), checkpoint: note };
    expect((await audrey('/checkpoint').expect(200)).body).toEqual({
      ...parts,
      signedAt: expect.stringMatching(/^\d{4}-.+Z$/) as string,
    });
    expect(origin).toMatch(/^kubepass\/[0-9a-f-]{36}$/);
    expect(size).toBeGreaterThan(0);
    const added = as.events(await audrey('?type=CheckpointKeyAdded').expect(200)).items;
    expect(added).toHaveLength(1);
    expect(added[0]!.details['key']).toBe((await keys())[0]);
    expect((await keys())[0]!.startsWith(`${origin}+`)).toBe(true);
  });

  it('prove each event, and that the log was only added to, across tiles of the tree', async () => {
    const before = await checkpoint();
    await record(700);
    const { seq: size } = await service.store.auditEvents.head();
    const events = await lines();
    expect(events).toHaveLength(size);
    const leaves = events.map((line) => leafHash(Buffer.from(line)));
    const rootAt = (count: number) => {
      const tree = new GrowingTree();
      for (const leaf of leaves.slice(0, count)) tree.append(leaf);
      return tree.root();
    };
    expect(rootAt(before.size)).toEqual(before.root);
    for (const seq of [1, 2, before.size, 255, 256, 257, 512, 513, size]) {
      const proof = hashesOf(await audrey(`/${seq}/proof?size=${size}`).expect(200));
      expect(
        showsInclusion({ index: seq - 1, size, leaf: leaves[seq - 1]! }, proof, rootAt(size)),
        `event ${seq}`,
      ).toBe(true);
    }
    for (const from of [0, 1, before.size, 256, 511, 512, size]) {
      const proof = hashesOf(await audrey(`/consistency?from=${from}&to=${size}`).expect(200));
      expect(isConsistent({ size: from, root: rootAt(from) }, { size, root: rootAt(size) }, proof), `${from}`).toBe(
        true,
      );
    }
  });

  it('are not made from sizes that the log does not have', async () => {
    const { seq } = await service.store.auditEvents.head();
    for (const path of [
      `/${seq + 10}/proof`,
      `/1/proof?size=${seq + 1000}`,
      '/5/proof?size=4',
      '/0/proof',
      '/x/proof',
      '/consistency?from=2&to=1',
      `/consistency?from=1&to=${seq + 1000}`,
      '/consistency?from=1',
    ])
      expect((await audrey(path)).status, path).toBe(400);
  });

  it('end an export with hashes, which kubepass-verify accepts and an edit does not survive', async () => {
    const { note, size } = await checkpoint();
    const exported = await lines('?hashes=true');
    expect(JSON.parse(exported.at(-1)!)).toEqual({ checkpoint: note });
    const file = join(directory.path, 'export.ndjson');
    const key = (await keys())[0]!;
    const verdict = async (all: readonly string[]) => {
      writeFileSync(file, all.map((line) => `${line}\n`).join(''));
      return (await verifyFiles([file, '--key', key, '--json'])).output;
    };
    expect(JSON.parse(await verdict(exported))).toMatchObject({ valid: true, vouchedFor: size, hashes: true });
    const damaged = exported.map((line, i) => (i === 40 ? line.replace('"type":"Policy', '"type":"Polity') : line));
    expect(JSON.parse(await verdict(damaged))).toMatchObject({
      valid: false,
      fault: { reason: 'OtherHash', firstSeq: 41 },
    });
    await audrey('?hashes=true').expect(400);
    await audrey('?hashes=true&afterSeq=1').set('accept', 'application/x-ndjson').expect(400);
    await audrey('?hashes=true&cluster=demo').set('accept', 'application/x-ndjson').expect(400);
  });

  it('are for those who may read the log', async () => {
    for (const path of ['checkpoint', 'checkpoint-keys', '1/proof', 'consistency?from=1&to=1'])
      await service.as('alice')('get', `/v1/audit-events/${path}`).expect(403);
  });
});
