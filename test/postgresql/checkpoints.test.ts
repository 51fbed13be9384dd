// Tests src/log/sign-checkpoints.ts, src/store/tables/checkpoint-tables.ts
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readCheckpoint } from '../../src/audit/checkpoint.js';
import { GrowingTree, leafHash } from '../../src/audit/merkle-tree.js';
import { readNote, readVerifierKey } from '../../src/audit/signed-note.js';
import { Checkpoints } from '../../src/log/sign-checkpoints.js';
import { alongIndexes, openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import type { Writer } from '../../src/store/steps/step.js';
import type { Store } from '../../src/store/store.js';
import { toldBy } from '../../src/store/writer/followed-writer.js';
import { newCheckpointSigner } from '../helpers/checkpoint-signer.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { anEvent } from '../unit/store/records.js';

const signer = newCheckpointSigner();

/** One of several processes with a clock and a store of its own. */
class Replica {
  /** Milliseconds by which its clock is wrong. */
  offset = 0;
  /** Every note that it signed, whether it was committed or not. */
  readonly notes: string[] = [];
  /** Every note that it gave out. */
  readonly given: string[] = [];
  /** Holds what it commits behind a signature; null: nothing. */
  stopped: Promise<void> | null = null;

  private constructor(
    readonly store: Store,
    readonly checkpoints: Checkpoints,
  ) {}

  static async start(database: TestDatabase): Promise<Replica> {
    const store = await openPostgresqlStore({ url: database.url, readConnections: 3 });
    const writer: Writer = {
      async commit(step) {
        for (const { note } of toldBy(step, 'checkpoint')) {
          replica.notes.push(note);
          await replica.stopped;
        }
        return store.writer.commit(step);
      },
    };
    const ignore = () => undefined;
    const checkpoints = new Checkpoints({
      soleProcess: false,
      store: { ...store, writer },
      signers: [signer],
      retiresOthers: true,
      owner: randomUUID(),
      deliveriesOf: () => [],
      clock: () => new Date(Date.now() + replica.offset),
      log: { info: ignore, warn: ignore, error: ignore },
    });
    const replica: Replica = new Replica(store, checkpoints);
    await checkpoints.open();
    return replica;
  }

  async sign(): Promise<number> {
    const checkpoint = await this.checkpoints.sign();
    if (checkpoint !== null) this.given.push(checkpoint.note);
    return checkpoint?.size ?? 0;
  }

  async record(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1)
      await this.store.writer.commit({
        operations: [],
        events: [anEvent({ at: new Date() }), anEvent({ at: new Date() })],
      });
  }
}

let database: TestDatabase;
let replicas: Replica[];
beforeAll(async () => {
  database = await freshDatabase(inject('databases'));
  replicas = await Promise.all([0, 1, 2].map(() => Replica.start(database)));
});
afterAll(async () => {
  for (const { store } of replicas) await store.close();
  await database.drop();
});

/** Every note that was given out, or that the database has, is of the one log; and each size has one root. */
async function expectOneLog(): Promise<void> {
  const { store } = replicas[0]!;
  const texts = await store.auditEvents.canonicalTexts(0, 100_000);
  const tree = new GrowingTree();
  const roots = texts.map((text) => {
    tree.append(leafHash(Buffer.from(text)));
    return tree.root().toString('base64');
  });
  const kept = await query(
    database.ownerUrl,
    async (client) => (await client.query<{ note: string }>('SELECT "note" FROM "Checkpoint"')).rows,
  );
  const [key] = await store.checkpoints.keys();
  const signed = [...kept.map(({ note }) => note), ...replicas.flatMap(({ notes, given }) => [...notes, ...given])];
  const rootsBySize = new Map<number, Set<string>>();
  for (const note of signed) {
    const read = readNote(note, [readVerifierKey(key!.verifierKey)!]);
    const { size, root } = readCheckpoint(read.ok ? read.note.text : '')!;
    expect(root.toString('base64')).toBe(roots[size - 1]);
    rootsBySize.set(size, (rootsBySize.get(size) ?? new Set()).add(root.toString('base64')));
  }
  expect([...rootsBySize.values()].every((some) => some.size === 1)).toBe(true);
  // Nothing was given out that is not kept.
  const known = new Set(kept.map(({ note }) => note));
  for (const { given } of replicas) for (const note of given) expect(known.has(note)).toBe(true);
}

describe('three replicas on one database', () => {
  it('have one key and one name for the log, although they started together', async () => {
    expect(await replicas[1]!.store.checkpoints.keys()).toHaveLength(1);
    const added = await replicas[0]!.store.auditEvents.list(
      { type: 'CheckpointKeyAdded' },
      { limit: 10, cursor: null },
    );
    expect(added.items).toHaveLength(1);
  });

  it('sign one root for each size, one replica at a time, while all of them record events', async () => {
    let recording = true;
    const signing = replicas.map(async (replica, i) => {
      for (let round = 0; recording; round += 1) {
        // Clocks that are wrong by more than a lease make all of them take it from each other.
        replica.offset = round % 5 === i ? 3_600_000 : 0;
        await replica.sign();
      }
    });
    await Promise.all(replicas.map((replica) => replica.record(200)));
    recording = false;
    await Promise.all(signing);
    expect(replicas.reduce((sum, { given }) => sum + given.length, 0)).toBeGreaterThan(10);
    await expectOneLog();
  });

  it('do not sign twice where one is stopped for a minute behind its signature, and goes on', async () => {
    const [sleeper, other] = replicas as [Replica, Replica, Replica];
    for (const replica of replicas) {
      replica.offset = 0;
      await replica.checkpoints.release();
    }
    // The lease of a clock that was ahead ends by itself; here it is not waited for.
    await query(database.ownerUrl, (client) => client.query('DELETE FROM "CheckpointLease"'));
    await sleeper.record(3);
    let goOn: () => void = () => undefined;
    sleeper.stopped = new Promise((resolve) => (goOn = resolve));
    const before = sleeper.notes.length;
    const late = sleeper.sign();
    await expect.poll(() => sleeper.notes.length, { timeout: 10_000 }).toBe(before + 1);
    await other.record(3);
    const last = await other.store.checkpoints.last();
    // While the lease lasts nobody else signs.
    expect(await other.sign()).toBe(last?.size);
    other.offset = 61_000;
    const taken = await other.sign();
    expect(taken).toBe((await other.store.auditEvents.head()).seq);
    goOn();
    expect(await late).toBe(taken);
    sleeper.stopped = null;
    const notes = await query(
      database.ownerUrl,
      async (client) => (await client.query<{ note: string }>('SELECT "note" FROM "Checkpoint"')).rows,
    );
    expect(notes.map(({ note }) => note)).not.toContain(sleeper.notes.at(-1));
    await expectOneLog();
  });
});

it.each(['force_custom_plan', 'force_generic_plan'])(
  'reads checkpoints, tiles and events along their keys: %s',
  async (mode) => {
    await query(database.ownerUrl, async (client) => {
      await client.query('ALTER TABLE "AuditTile" DISABLE TRIGGER USER');
      await client.query(
        `INSERT INTO "Checkpoint" SELECT 1000000 + i, '', '', now() FROM generate_series(1, 3000) i ON CONFLICT DO NOTHING;
       INSERT INTO "AuditTile" SELECT 0, 1000 + i, '' FROM generate_series(1, 3000) i ON CONFLICT DO NOTHING`,
      );
      for (const [name, value] of Object.entries({ ...alongIndexes, plan_cache_mode: mode }))
        await client.query(`SET ${name} = ${value}`);
      for (const [text, ...values] of [
        ['SELECT * FROM "Checkpoint" ORDER BY "size" DESC LIMIT 1'],
        ['SELECT * FROM "AuditTile" WHERE "level" = $1 AND "n" = $2', '0', '5'],
        ['SELECT "n" FROM "AuditTile" WHERE "level" = $1 ORDER BY "n" DESC LIMIT 1', '0'],
        ['SELECT * FROM "AuditRecord" WHERE "lastSeq" > $1 ORDER BY "lastSeq" LIMIT $2', '5', '256'],
        [
          `INSERT INTO "Checkpoint" SELECT 1, NULL::bytea, '', now()
           WHERE NOT EXISTS (SELECT 1 FROM "Checkpoint" WHERE "size" >= $1)`,
          '7',
        ],
        [
          `DELETE FROM "Checkpoint" WHERE "size" IN (SELECT "size" FROM "Checkpoint" WHERE "signedAt" < $1
           AND "size" < (SELECT MAX("size") FROM "Checkpoint") ORDER BY "signedAt" LIMIT 1000)`,
          '2026-01-01',
        ],
      ] as const) {
        await client.query(`PREPARE "explained" AS ${text}`);
        const args = values.length === 0 ? '' : `(${values.map((value) => `'${value}'`).join(', ')})`;
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE "explained"${args}`);
        await client.query('DEALLOCATE "explained"');
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toMatch(/Index/);
        expect(plan).not.toMatch(/Seq Scan/);
      }
    });
  },
);
