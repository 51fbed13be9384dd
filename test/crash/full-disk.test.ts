import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPolicies } from '../helpers/issuance.js';
import { mountSmallDisk } from '../helpers/small-disk.js';
import { freshDatabase, prepareDatabases } from '../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { onPostgresql } from '../helpers/test-store.js';
import { startChild, type ChildService } from './child-service.js';
import { callTo, Ledger, load, type Call } from './ledger.js';

/** Each round fills the disk, and then gives the space back. */
const rounds = Number(process.env['KUBEPASS_FULL_DISK_ROUNDS'] ?? 2);
const fullSeconds = 3;

// SQLite's log grows to 32 MiB before it is moved into the database. An empty PostgreSQL is already larger than that.
const disk = mountSmallDisk(onPostgresql ? 200 : 64);
if ('unavailable' in disk) console.log(`a full disk is not tested: ${disk.unavailable}`);

describe.skipIf('unavailable' in disk)('a full disk', () => {
  if ('unavailable' in disk) return;
  const directory = temporaryDirectory();
  const policiesDir = join(directory.path, 'policies');
  const dataDir = join(onPostgresql ? directory.path : disk.path, 'data');
  let server: PostgresqlServer | undefined;
  let environment: Readonly<Record<string, string>> = {};
  let child: ChildService | undefined;
  const call: Call = callTo(
    () => child?.address ?? '',
    () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
  );

  beforeAll(async () => {
    mkdirSync(policiesDir);
    writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
    if (onPostgresql) {
      server = await startPostgresql({ durable: true, parent: disk.path, walMebibytes: 32 });
      const { url } = await freshDatabase(await prepareDatabases(server));
      environment = await postgresqlEnvironment(dataDir, url);
    }
    child = await startChild(dataDir, policiesDir, undefined, environment);
  }, 120_000);
  afterAll(async () => {
    await child?.kill();
    await server?.remove();
    disk.remove();
    directory.remove();
  });

  const ledger = new Ledger(true);

  it('loses nothing and promises nothing, still reads, and recovers without a restart when there is space again', async () => {
    let running = true;
    const loading = load(ledger, Array<Call>(16).fill(call), () => running);
    for (let round = 0; round < rounds; round++) {
      const issued = ledger.fingerprints.size;
      await expect.poll(() => ledger.fingerprints.size, { timeout: 60_000 }).toBeGreaterThan(issued + 30);

      const away = ledger.away;
      const ballast = setInterval(() => disk.fill(), 20);
      await expect.poll(() => ledger.away, { timeout: 60_000 }).toBeGreaterThan(away + 20);
      const end = performance.now() + fullSeconds * 1000;
      while (performance.now() < end) {
        expect((await call('GET', '/livez')).status).toBe(200);
        // A server that a full disk has ended answers nobody.
        const read = await call('GET', '/v1/certificates?limit=1');
        if (!onPostgresql) expect(read.status, read.text).toBe(200);
        await setTimeout(100);
      }
      const ready = await call('GET', '/readyz');
      expect(ready.status).toBe(503);
      expect(ready.headers.get('retry-after')).toBe('5');
      clearInterval(ballast);
      disk.free();
      // PostgreSQL ends itself if it cannot write its log; its operator starts it again.
      await server?.start();

      const before = ledger.fingerprints.size;
      await expect.poll(() => ledger.fingerprints.size, { timeout: 60_000 }).toBeGreaterThan(before + 30);
      await expect.poll(async () => (await call('GET', '/readyz')).status, { timeout: 30_000 }).toBe(200);
    }
    running = false;
    await loading;
    console.log(
      `the disk was full ${String(rounds)} times: ${String(ledger.fingerprints.size)} certificates were received, ` +
        `${String(ledger.away)} answers were 503`,
    );
    // On PostgreSQL an attempt has to wait for the end of its lease.
    await ledger.untilRecovered(call, 120);
    await ledger.everythingHolds(call);
    await ledger.lostAnswersCanBeAskedForAgain(call);
    await ledger.everythingHolds(call);
  }, 300_000);

  it('has every answered request on disk', async () => {
    await child?.kill();
    const ahead = onPostgresql ? { CLOCK_AHEAD_SECONDS: '200' } : {};
    child = await startChild(dataDir, policiesDir, undefined, { ...environment, ...ahead });
    await ledger.everythingHolds(call);
  }, 60_000);
});
