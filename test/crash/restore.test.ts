// Tests src/backup/restore-database.ts, src/backup/replace-database.ts, src/programs/backup.ts,
// src/programs/restore.ts
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/backup/open-store.js';
import { verifyConfigured } from '../../src/backup/verify-database.js';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { testPolicies } from '../helpers/issuance.js';
import { runVerb } from '../helpers/run-program.js';
import { mountSmallDisk } from '../helpers/small-disk.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startChild, type ChildService } from './child-service.js';
import { callTo, Ledger, load, type Call } from './ledger.js';

/** How often a restore is killed. */
const kills = Number(process.env['KUBEPASS_RESTORE_KILLS'] ?? 4);

const directory = temporaryDirectory();
const policiesDir = join(directory.path, 'policies');
const backup = join(directory.path, 'backup.db');
const dataOf = (name: string) => join(directory.path, name);
const environmentOf = (dataDir: string) => ({ KUBEPASS_DATA_DIR: dataDir, KUBEPASS_POLICIES_DIR: policiesDir });
const configOf = (dataDir: string) => loadConfig(readEnvironment(environmentOf(dataDir)));
let child: ChildService | undefined;
let dataDir = dataOf('one');
const call: Call = callTo(
  () => child?.address ?? '',
  () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
);

beforeAll(() => {
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
});
afterAll(async () => {
  await child?.kill();
  directory.remove();
});

const bodyOf = async (path: string) =>
  JSON.parse((await call('GET', path, undefined, { accept: 'application/json' })).text) as Record<string, unknown>;

/** The serial numbers of all certificates that a database knows. */
function serialNumbers(file: string): readonly string[] {
  const database = new Database(file, { readonly: true });
  try {
    return database
      .prepare<[], { serialNumber: string }>('SELECT "serialNumber" FROM "Certificate"')
      .all()
      .map((row) => row.serialNumber);
  } finally {
    database.close();
  }
}

const revoke = async (fingerprint: string) =>
  expect((await call('POST', `/v1/certificates/${fingerprint}/revoke`, '{"reason":"keyCompromise"}')).status).toBe(200);
const isRevoked = async (fingerprint: string) =>
  (await bodyOf(`/v1/certificates/${fingerprint}`))['status'] === 'revoked';

it('a backup under full load, kill -9 and a restore elsewhere forget no revocation and give out no serial number twice', async () => {
  child = await startChild(dataDir, policiesDir);
  const ledger = new Ledger(true);
  let running = true;
  const loading = load(ledger, Array<Call>(16).fill(call), () => running);
  await expect.poll(() => ledger.fingerprints.size, { timeout: 60_000 }).toBeGreaterThan(60);
  const [revokedBefore, revokedAfter] = [...ledger.fingerprints] as [string, string];
  await revoke(revokedBefore);

  const made = await runVerb('backup', [backup], environmentOf(dataDir));
  expect(made, made.stderr).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/it is sound: \d+ events/);
  expect(made.stdout).toContain(join(dataDir, 'ca', 'ca.key'));

  const then = ledger.fingerprints.size;
  await expect.poll(() => ledger.fingerprints.size, { timeout: 60_000 }).toBeGreaterThan(then + 60);
  const young = [...ledger.fingerprints].at(-1) ?? '';
  for (const fingerprint of [revokedAfter, young]) await revoke(fingerprint);
  running = false;
  const killed = child.kill();
  await Promise.allSettled([loading, killed]);
  const given = serialNumbers(join(dataDir, 'kubepass.db'));

  // Elsewhere: the CA and the keys come from where they are kept, the list and the checkpoint from the old machine.
  const old = dataDir;
  dataDir = dataOf('two');
  mkdirSync(dataDir, { mode: 0o700 });
  cpSync(join(old, 'ca'), join(dataDir, 'ca'), { recursive: true });
  for (const file of ['checkpoint.key', 'admin-token']) cpSync(join(old, file), join(dataDir, file));
  const list = join(old, 'kubepass.db.revoked.ndjson');
  const note = join(old, 'kubepass.db.checkpoint');
  const restored = await runVerb(
    'restore',
    [backup, '--revocations', list, '--checkpoint', note],
    environmentOf(dataDir),
  );
  expect(restored, restored.stderr).toMatchObject({ code: 0, stderr: '' });

  child = await startChild(dataDir, policiesDir);
  expect(await bodyOf('/v1/audit-events/verification')).toMatchObject({ valid: true });
  for (const fingerprint of [revokedBefore, revokedAfter]) expect(await isRevoked(fingerprint)).toBe(true);
  expect((await call('GET', `/v1/certificates/${young}`)).status).toBe(404);
  // Nobody needs a token to see it.
  const ready = (await (await fetch(`${child.address}/readyz?verbose=true`)).json()) as { notes: readonly string[] };
  expect(ready).toMatchObject({ restored: true });
  expect(ready.notes.join('\n')).toMatch(/certificates that a CA of this service signed since are unknown/);

  const again = new Ledger();
  let issuing = true;
  const more = load(again, Array<Call>(8).fill(call), () => issuing);
  await expect.poll(() => again.fingerprints.size, { timeout: 60_000 }).toBeGreaterThan(60);
  issuing = false;
  await more;
  await again.everythingHolds(call);
  expect((await call('POST', '/v1/restored/acknowledge')).status).toBe(200);
  expect(await bodyOf('/readyz?verbose=true')).toMatchObject({ restored: false });
  await child.kill();
  const now = serialNumbers(join(dataDir, 'kubepass.db'));
  const known = new Set(serialNumbers(backup));
  const fresh = now.filter((serialNumber) => !known.has(serialNumber));
  expect(fresh.length).toBeGreaterThan(60);
  expect(new Set([...given, ...fresh]).size).toBe(given.length + fresh.length);
});

describe('a restore', () => {
  beforeAll(() => child?.kill());

  it('that is killed at any moment leaves the old database or the new one, whole', async () => {
    const environment = environmentOf(dataDir);
    const config = configOf(dataDir);
    const eventsNow = async () => (await verifyConfigured(config)).log?.events ?? 0;
    const began = performance.now();
    expect((await runVerb('restore', [backup, '--force'], environment)).code).toBe(0);
    const took = performance.now() - began;
    const restored = await eventsNow();
    const outcomes = { old: 0, new: 0 };
    for (let kill = 0; kill < kills; kill += 1) {
      // The old database is told from the new one by one more event.
      const store = await openStore(config, { writerThread: false });
      await store.writer.commit({
        operations: [],
        events: [
          {
            type: 'RestoredAcknowledged',
            at: new Date(),
            ...{ principal: null, cluster: null, requestId: null, fingerprintSha256: null },
            details: { restorations: 0 },
          },
        ],
      });
      await store.close();
      const before = await eventsNow();
      await runVerb('restore', [backup, '--force'], environment, {
        killAfter: took * (0.3 + (0.7 * (kill + 1)) / kills),
      });
      // Whatever opens the database next finishes what was begun.
      await (await openStore(config, { writerThread: false })).close();
      const after = await eventsNow();
      expect([before, restored]).toContain(after);
      outcomes[after === before ? 'old' : 'new'] += 1;
    }
    console.log(`a restore was killed ${kills} times: ${outcomes.old} times nothing had changed`);
    expect((await runVerb('restore', [backup, '--force'], environment)).code).toBe(0);
    expect(readdirSync(dataDir).filter((name) => /restoring|under-way/.test(name))).toEqual([]);
  });

  it('says in one sentence what is wrong, and exits with 1, or with 2 where it is called wrongly', async () => {
    const environment = environmentOf(dataDir);
    const taken = await runVerb('restore', [backup], environment);
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toMatch(/^[^\n]+with --force it is replaced[^\n]+\n$/);
    expect(await runVerb('restore', [], environment)).toMatchObject({ code: 2, stdout: '' });
    expect(await runVerb('backup', [backup], environment)).toMatchObject({ code: 1 });
    const checked = await runVerb('restore', ['--check'], environment);
    expect(checked, checked.stderr).toMatchObject({ code: 0 });
    expect(checked.stdout).toMatch(/^the database was checked: it is sound: \d+ events/);
  });
});

const disk = mountSmallDisk(24);
if ('unavailable' in disk) console.log(`a restore on a full disk is not tested: ${disk.unavailable}`);

it.skipIf('unavailable' in disk)('on a full disk neither command changes anything', async () => {
  if ('unavailable' in disk) return;
  try {
    const full = join(disk.path, 'data');
    expect((await runVerb('restore', [backup], environmentOf(full))).code).toBe(0);
    const octets = readFileSync(join(full, 'kubepass.db'));
    disk.fill();
    const restored = await runVerb('restore', [backup, '--force'], environmentOf(full));
    expect(restored.stderr).toMatch(/^there is no room in [^\n]+: nothing was changed\n$/);
    expect(restored.code).toBe(1);
    const made = await runVerb('backup', [join(disk.path, 'second.db')], environmentOf(full));
    expect(made.stderr).toMatch(/^there is no room in [^\n]+: nothing was changed\n$/);
    expect(made.code).toBe(1);
    expect(readFileSync(join(full, 'kubepass.db'))).toEqual(octets);
    expect(readdirSync(full).filter((name) => /restoring|under-way|before-restore/.test(name))).toEqual([]);
    expect(existsSync(join(disk.path, 'second.db.part'))).toBe(false);
    disk.free();
    expect((await runVerb('restore', [backup, '--force'], environmentOf(full))).code).toBe(0);
  } finally {
    rmSync(join(disk.path, 'data'), { recursive: true, force: true });
    disk.remove();
  }
});
