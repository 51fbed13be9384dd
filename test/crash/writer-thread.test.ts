// Tests src/store/sqlite/writer-thread.ts, src/store/sqlite/sqlite-batches.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startChild, type ChildService } from './child-service.js';
import { callTo, Ledger, load, type Call } from './ledger.js';

const rounds = Number(process.env['KUBEPASS_WRITER_THREAD_ROUNDS'] ?? 8);

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

it(`promises nothing that is lost, and continues by itself, if the thread that writes ends ${String(rounds)} times under load`, async () => {
  const ledger = new Ledger(true);
  let running = true;
  const loading = load(ledger, Array<Call>(16).fill(call), () => running);
  let unknown = 0;
  for (let round = 0; round < rounds; round++) {
    const issued = ledger.fingerprints.size;
    await expect.poll(() => ledger.fingerprints.size, { timeout: 30_000, interval: 10 }).toBeGreaterThan(issued + 20);
    await setTimeout(Math.random() * 20);
    const away = ledger.away;
    child.process.kill('SIGUSR2');
    await setTimeout(200);
    if (ledger.away > away) unknown += 1;
  }
  const issued = ledger.fingerprints.size;
  await expect.poll(() => ledger.fingerprints.size, { timeout: 30_000 }).toBeGreaterThan(issued + 20);
  running = false;
  await loading;
  await ledger.untilRecovered(call, 60);
  await ledger.everythingHolds(call);
  await ledger.lostAnswersCanBeAskedForAgain(call);
  await ledger.everythingHolds(call);
  expect((await call('GET', '/readyz')).status).toBe(200);
  console.log(
    `the writer's thread ended ${String(rounds)} times, ${String(unknown)} times in a commit: ` +
      `${String(ledger.fingerprints.size)} certificates were received, ${String(ledger.away)} answers were 503`,
  );
  // Otherwise the thread never existed, and nothing was tested.
  expect(unknown).toBeGreaterThan(0);
});
