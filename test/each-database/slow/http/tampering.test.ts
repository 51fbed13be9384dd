// Tests src/audit/verify-files.ts, src/audit/export-verifier.ts
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { genesis, linkHash } from '../../../../src/audit/hash-chain.js';
import { checkpointText } from '../../../../src/audit/checkpoint.js';
import { GrowingTree, leafHash } from '../../../../src/audit/merkle-tree.js';
import { signNote } from '../../../../src/audit/signed-note.js';
import { verifyFiles } from '../../../../src/audit/verify-files.js';
import type { AuditEvent } from '../../../../src/model/audit-event.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { onPostgresql } from '../../../helpers/test-store.js';
import { anEvent } from '../../../unit/store/records.js';
import { exportToFile } from '../../../http/support/export-to-file.js';
import { startService, type TestService } from '../../../http/support/service.js';

/**
 * Somebody with all rights on the database changes the log. An auditor has kept checkpoints of the log outside, exports
 * the log over HTTP, and checks it with `kubepass-verify`.
 */
const directory = temporaryDirectory();
let service: TestService;
/** Sizes of the checkpoints that the auditor has kept. */
const kept: number[] = [];
let keys = '';
/** The number of an event between the second and the third checkpoint. */
let victim = 0;

const url = (path: string) => `${service.address}/v1/audit-events${path}`;
const auditor = (accept: string) => ({ token: service.tokenOf('audrey'), accept });
const noteFile = (size: number) => join(directory.path, `checkpoint-${size}`);
const allEvents = (): Promise<readonly AuditEvent[]> => service.store.auditEvents.chunk(0, 1_000);

const triggers: Readonly<Record<string, readonly string[]>> = {
  AuditRecord: ['no_update', 'no_delete', 'no_gap', 'range'],
  AuditTile: ['no_update', 'no_delete', 'no_replace'],
};
const withoutTriggers = Object.entries(triggers).flatMap(([table, names]) =>
  onPostgresql
    ? [`ALTER TABLE "${table}" DISABLE TRIGGER USER`]
    : names.map((name) => `DROP TRIGGER "${table}_${name}"`),
);
const tables = ['AuditRecord', 'AuditTile', 'Checkpoint'];

/** Records events, one in each commit, and keeps a checkpoint of the log. */
async function grow(count: number): Promise<void> {
  const { seq } = await service.store.auditEvents.head();
  for (let i = 1; i <= count; i += 1)
    await service.store.writer.commit({
      operations: [],
      events: [anEvent({ details: { username: `user-${seq + i}` } })],
    });
  const file = noteFile(seq + count);
  // The service signs at once where it has no checkpoint. It may still be about to record the first one of its start.
  await vi.waitFor(
    async () => {
      await service.execute('DELETE FROM "Checkpoint"');
      await exportToFile(url('/checkpoint'), file, auditor('text/plain'));
      expect(readFileSync(file, 'utf8').split('\n')[1]).toBe(String(seq + count));
    },
    { timeout: 30_000 },
  );
  kept.push(seq + count);
}

beforeAll(async () => {
  // A replica that sees a loss records it as a restoration, and the log goes on behind the loss. Here the auditor looks
  // first.
  service = await startService({ overrides: { lostRowsMilliseconds: 3_600_000 } });
  for (let i = 0; i < 3; i += 1) await grow(120);
  victim = (kept[1] ?? 0) + 50;
  const answer = await service.as('audrey')('get', '/v1/audit-events/checkpoint-keys').expect(200);
  keys = join(directory.path, 'keys');
  writeFileSync(keys, (answer.body as { items: { key: string }[] }).items.map(({ key }) => `${key}\n`).join(''));
  await service.execute(withoutTriggers.join(';'));
  for (const table of tables) await service.execute(`CREATE TABLE "kept${table}" AS SELECT * FROM "${table}"`);
});
afterEach(async () => {
  const restored = tables.flatMap((table) => [
    `DELETE FROM "${table}"`,
    `INSERT INTO "${table}" SELECT * FROM "kept${table}"`,
  ]);
  await service.execute(restored.join(';'));
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

/** The verdicts on an export without hashes and on one with hashes. */
async function verdicts(checkpoints: readonly number[] = kept): Promise<readonly string[]> {
  const found: string[] = [];
  for (const query of ['', '?hashes=true']) {
    const file = join(directory.path, 'export.ndjson');
    await exportToFile(url(query), file, auditor('application/x-ndjson'));
    const args = checkpoints.flatMap((size) => ['--checkpoint', noteFile(size)]);
    const { output, complaints, exitCode } = await verifyFiles([file, ...args, '--key', keys, '--json']);
    expect(complaints).toBe('');
    const { fault, vouchedFor } = JSON.parse(output) as {
      fault: { reason: string; firstSeq: number; lastSeq: number } | null;
      vouchedFor: number;
    };
    expect(exitCode).toBe(fault === null ? 0 : 1);
    found.push(fault === null ? `vouched for ${vouchedFor}` : `${fault.reason} ${fault.firstSeq}-${fault.lastSeq}`);
  }
  return found;
}

/** Between the second and the third checkpoint. */
const inTheThird = () => `OtherRoot ${(kept[1] ?? 0) + 1}-${kept[2]}`;
const shortOfTheThird = () => `CutOff ${(kept[1] ?? 0) + 1}-${kept[2]}`;
const octets = (hex: string) => (onPostgresql ? `'\\x${hex}'::bytea` : `X'${hex}'`);

/** Moves all events from this one on by one place. */
const shift = (from: number, by: 1 | -1): string =>
  ['"lastSeq" = -"lastSeq"', `"lastSeq" = -"lastSeq" + ${by}, "firstSeq" = "firstSeq" + ${by}`]
    .map((set, i) => `UPDATE "AuditRecord" SET ${set} WHERE "lastSeq" ${i === 0 ? `>= ${from}` : '< 0'}`)
    .join(';');

const rename = (seq: number, to: string): string =>
  `UPDATE "AuditRecord" SET "events" = replace("events", 'user-${seq}', '${to}') WHERE "lastSeq" = ${seq}`;

/** Computes the chain anew from an event on, as the service would. Answers the canonical texts of the log. */
async function chainAnew(from: number): Promise<readonly string[]> {
  const events = await allEvents();
  let hash = events[from - 2]?.hash ?? genesis.hash;
  const updates = events.slice(from - 1).map(({ seq, canonical }) => {
    const previousHash = hash;
    hash = linkHash(previousHash, canonical);
    return `UPDATE "AuditRecord" SET "previousHash" = ${octets(previousHash)}, "hashes" = ${octets(hash)} WHERE "lastSeq" = ${seq}`;
  });
  await service.execute(updates.join(';'));
  return events.map(({ canonical }) => canonical);
}

/** Signs the log with the key of the service, in the place of every checkpoint and tile that the database has. */
async function signAnew(events: readonly string[]): Promise<void> {
  const tree = new GrowingTree();
  for (const event of events) tree.append(leafHash(Buffer.from(event)));
  const [origin = ''] = readFileSync(noteFile(kept[2] ?? 0), 'utf8').split('\n');
  const privateKey = createPrivateKey(readFileSync(join(service.dataDir, 'checkpoint.key')));
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const root = tree.root();
  const note = signNote(checkpointText({ origin, size: tree.size, root }), [{ name: origin, publicKey, privateKey }]);
  const at = onPostgresql ? 'now()' : 'unixepoch() * 1000';
  await service.execute(
    `DELETE FROM "AuditTile"; DELETE FROM "Checkpoint";
     INSERT INTO "Checkpoint" ("size", "root", "note", "signedAt")
       VALUES (${tree.size}, ${octets(root.toString('hex'))}, '${note}', ${at})`,
  );
}

describe('kubepass-verify, with an export over HTTP and checkpoints that were kept,', () => {
  it('accepts a log that nobody has changed', async () => {
    const all = `vouched for ${kept[2]}`;
    expect(await verdicts()).toEqual([all, all]);
    const events = await allEvents();
    expect(events).toHaveLength(kept[2] ?? 0);
  });

  it('finds an event that was edited', async () => {
    await service.execute(rename(victim, 'mallory'));
    expect(await verdicts()).toEqual([inTheThird(), `OtherHash ${victim}-${victim}`]);
  });

  it('finds an event that was edited together with its hash', async () => {
    await service.execute(rename(victim, 'mallory'));
    const { canonical, previousHash } = (await allEvents())[victim - 1]!;
    await service.execute(
      `UPDATE "AuditRecord" SET "hashes" = ${octets(linkHash(previousHash, canonical))} WHERE "lastSeq" = ${victim}`,
    );
    expect(await verdicts()).toEqual([inTheThird(), `BrokenLink ${victim + 1}-${victim + 1}`]);
  });

  it.each(['"cluster" = \'other\'', '"requestId" = NULL', '"types" = 0', '"events" = \'damaged\''])(
    'finds an event with another column: %s',
    async (set) => {
      await service.execute(rename(victim, 'mallory'));
      await service.execute(`UPDATE "AuditRecord" SET ${set} WHERE "lastSeq" = ${victim}`);
      const [plain, withHashes] = await verdicts();
      expect(plain).toMatch(new RegExp(`^(?:${inTheThird()}|NotAnEvent ${victim}-${victim})$`));
      expect(withHashes).toMatch(new RegExp(`^(?:OtherHash|NotAnEvent) ${victim}-${victim}$`));
    },
  );

  it('finds the place of an event that was deleted', async () => {
    await service.execute(`DELETE FROM "AuditRecord" WHERE "lastSeq" = ${victim}`);
    const missing = `NotInOrder ${victim}-${victim}`;
    expect(await verdicts()).toEqual([missing, missing]);
  });

  it('finds an event that was deleted where those behind it have other numbers', async () => {
    await service.execute(`DELETE FROM "AuditRecord" WHERE "lastSeq" = ${victim}; ${shift(victim, -1)}`);
    // One event fewer than the last checkpoint vouches for.
    const [plain, withHashes] = await verdicts();
    expect(plain).toBe(shortOfTheThird());
    expect(withHashes).toBe(`BrokenLink ${victim}-${victim}`);
    expect(await verdicts(kept.slice(0, 2))).toEqual([expect.any(String), `BrokenLink ${victim}-${victim}`]);
  });

  it('finds an event that was put in', async () => {
    await service.execute(
      `${shift(victim, 1)};
       INSERT INTO "AuditRecord" ("lastSeq", "firstSeq", "at", "types", "principal", "cluster", "requestId",
           "fingerprintSha256", "events", "previousHash", "hashes")
         SELECT ${victim}, ${victim}, "at", "types", "principal", "cluster", "requestId", "fingerprintSha256",
           replace("events", 'user-${victim - 1}', 'mallory'), "hashes", "hashes"
         FROM "AuditRecord" WHERE "lastSeq" = ${victim - 1}`,
    );
    expect(await verdicts()).toEqual([inTheThird(), `OtherHash ${victim}-${victim}`]);
  });

  it('finds two events that changed places', async () => {
    await service.execute(
      [
        `UPDATE "AuditRecord" SET "lastSeq" = -1 WHERE "lastSeq" = ${victim}`,
        `UPDATE "AuditRecord" SET "lastSeq" = ${victim}, "firstSeq" = ${victim} WHERE "lastSeq" = ${victim + 1}`,
        `UPDATE "AuditRecord" SET "lastSeq" = ${victim + 1}, "firstSeq" = ${victim + 1} WHERE "lastSeq" = -1`,
      ].join(';'),
    );
    expect(await verdicts()).toEqual([inTheThird(), `BrokenLink ${victim}-${victim}`]);
  });

  it('finds where the log was cut off', async () => {
    await service.execute(
      `DELETE FROM "AuditRecord" WHERE "lastSeq" > ${victim}; DELETE FROM "Checkpoint"; DELETE FROM "AuditTile"`,
    );
    expect(await verdicts()).toEqual([shortOfTheThird(), shortOfTheThird()]);
  });

  it('finds that the log is empty', async () => {
    await service.execute('DELETE FROM "AuditRecord"; DELETE FROM "Checkpoint"; DELETE FROM "AuditTile"');
    const all = `CutOff 1-${kept[2]}`;
    expect(await verdicts()).toEqual([all, all]);
  });

  it('finds a chain that was written anew from an event on and signed with the key of the service', async () => {
    await service.execute(rename(victim, 'mallory'));
    await signAnew(await chainAnew(victim));
    // Nothing inside the log shows it.
    const { body } = await service.as('audrey')('get', '/v1/audit-events/verification').expect(200);
    expect(body).toMatchObject({ valid: true });
    const all = `vouched for ${kept[2]}`;
    expect((await verdicts([]))[1]).toBe(all);
    expect(await verdicts()).toEqual([inTheThird(), inTheThird()]);
    // With one checkpoint alone it is somewhere before that.
    const anywhere = `OtherRoot 1-${kept[2]}`;
    expect(await verdicts(kept.slice(2))).toEqual([anywhere, anywhere]);
  });

  it('finds that a database is older than a checkpoint', async () => {
    const older = victim - 20;
    await service.execute(`DELETE FROM "AuditRecord" WHERE "lastSeq" > ${older}`);
    await signAnew((await allEvents()).map(({ canonical }) => canonical));
    const all = `vouched for ${older}`;
    expect((await verdicts([]))[1]).toBe(all);
    // The service has signed what is left, and that checkpoint is in the export with hashes.
    expect(await verdicts()).toEqual([shortOfTheThird(), `CutOff ${older + 1}-${kept[2]}`]);
  });

  it('finds that a database was older than a checkpoint and has gone on from there', async () => {
    const older = victim - 20;
    for (let seq = older + 1; seq <= (kept[2] ?? 0); seq += 1) await service.execute(rename(seq, `later-${seq}`));
    await signAnew(await chainAnew(older + 1));
    expect(await verdicts()).toEqual([inTheThird(), inTheThird()]);
  });
});
