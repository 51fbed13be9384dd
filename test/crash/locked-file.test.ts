// Tests src/store/sqlite/batch-writer.ts, src/store/sqlite/sqlite-batches.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startChild, type ChildService } from './child-service.js';
import { callTo, Ledger, load, type Answer, type Call } from './ledger.js';

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
const policiesDir = join(directory.path, 'policies');
let child: ChildService;
let call: Call;

beforeAll(async () => {
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
  child = await startChild(dataDir, policiesDir);
  call = callTo(
    () => child.address,
    () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
  );
});
afterAll(async () => {
  await child.kill();
  directory.remove();
});

const lockedSeconds = Number(process.env['KUBEPASS_LOCKED_SECONDS'] ?? 10);
/** Well below the timeouts of the probes in `deploy/`, on a machine that also runs other tests. */
const answerMilliseconds = 2_500;

it(`answers correctly while another process holds the database's lock, still reads, and recovers by itself`, async () => {
  const ledger = new Ledger(true);
  let running = true;
  const loading = load(ledger, Array<Call>(16).fill(call), () => running);
  await expect.poll(() => ledger.fingerprints.size, { timeout: 30_000 }).toBeGreaterThan(50);

  const other = new Database(join(dataDir, 'kubepass.db'), { timeout: 5_000 });
  other.exec('BEGIN EXCLUSIVE');
  const end = performance.now() + lockedSeconds * 1000;
  const seen = { livez: [] as number[], certificates: [] as number[], notReady: 0 };
  const stored = new Set(other.prepare<[], string>('SELECT "fingerprintSha256" FROM "Certificate"').pluck().all());
  while (performance.now() < end) {
    const [livez, read, ready] = [
      await timed(() => call('GET', '/livez')),
      await timed(() => call('GET', '/v1/certificates')),
      await call('GET', '/readyz'),
    ];
    expect(livez.answer.status).toBe(200);
    expect(read.answer.status, read.answer.text).toBe(200);
    seen.livez.push(livez.milliseconds);
    seen.certificates.push(read.milliseconds);
    if (ready.status === 503) {
      expect(ready.headers.get('retry-after')).toBe('5');
      seen.notReady += 1;
    }
    await setTimeout(50);
  }
  // No client was told about an issued certificate that is not stored.
  expect([...ledger.fingerprints].filter((fingerprint) => !stored.has(fingerprint))).toEqual([]);
  other.exec('ROLLBACK');
  other.close();

  await expect.poll(() => ledger.fingerprints.size, { timeout: 30_000 }).toBeGreaterThan(stored.size + 50);
  running = false;
  await loading;
  await expect.poll(async () => (await call('GET', '/readyz')).status, { timeout: 30_000 }).toBe(200);
  await ledger.untilRecovered(call, 30);
  await ledger.everythingHolds(call);
  await ledger.lostAnswersCanBeAskedForAgain(call);
  await ledger.everythingHolds(call);

  expect(seen.notReady).toBeGreaterThan(0);
  expect(ledger.away).toBeGreaterThan(0);
  console.log(
    `locked for ${String(lockedSeconds)} s: ${String(ledger.away)} answers were 503, /livez took ` +
      `${Math.max(...seen.livez).toFixed(0)} ms at most, a list ${Math.max(...seen.certificates).toFixed(0)} ms`,
  );
  expect(Math.max(...seen.livez)).toBeLessThan(answerMilliseconds);
  expect(Math.max(...seen.certificates)).toBeLessThan(answerMilliseconds);
});

async function timed(ask: () => Promise<Answer>): Promise<{ readonly answer: Answer; readonly milliseconds: number }> {
  const began = performance.now();
  const answer = await ask();
  return { answer, milliseconds: performance.now() - began };
}
