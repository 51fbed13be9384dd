// Tests src/store/writer/ordered-writer.ts, src/store/sqlite/batch-writer.ts, src/observability/health.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { uris } from '../../../src/directory/scim/scim-input.js';
import { testPolicies } from '../../helpers/issuance.js';
import { mountSmallDisk } from '../../helpers/small-disk.js';
import { freshDatabase, prepareDatabases } from '../../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { startChild, type ChildService } from '../../crash/child-service.js';
import { callTo, Ledger, load, type Call } from '../../crash/ledger.js';

/** Each round fills the disk, and then gives the space back. */
const rounds = Number(process.env['KUBEPASS_FULL_DISK_ROUNDS'] ?? 2);
const fullSeconds = 3;

// SQLite's log grows to 24 MiB and more before it is moved into the database. An empty PostgreSQL is already larger
// than that.
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
  });
  afterAll(async () => {
    await child?.kill();
    await server?.remove();
    disk.remove();
    directory.remove();
  });

  /** Takes what others leave, until the test ends at the latest: a timer that outlives it would fail in other tests. */
  const keepFull = () => {
    const ballast = setInterval(() => disk.fill(), 20);
    onTestFinished(() => clearInterval(ballast));
    return ballast;
  };

  it('takes nothing of what an identity provider sends meanwhile, and all of it afterwards', async () => {
    const made = await call('POST', '/v1/api-tokens', JSON.stringify({ name: 'connector', roles: ['directory'] }));
    const { token } = JSON.parse(made.text) as { readonly token: string };
    const connector = callTo(
      () => child?.address ?? '',
      () => token,
    );
    const scim = (method: string, path: string, body?: object) =>
      connector(method, `/scim/v2${path}`, body && JSON.stringify(body), { 'content-type': 'application/scim+json' });
    const join = (userName: string) => scim('POST', '/Users', { schemas: [uris.user], userName, active: true });
    const { id } = JSON.parse((await join('leaver')).text) as { readonly id: string };
    const ask = async (path: string, group: string) =>
      JSON.parse((await call('POST', path, JSON.stringify({ username: 'leaver', groups: [group] }))).text) as {
        readonly id: string;
      };
    const waiting = await ask('/v1/certificate-requests', 'ops-a');
    expect((await call('POST', '/v1/kubeconfigs', '{"username":"leaver","groups":["team-a"]}')).status).toBe(201);
    const leave = () =>
      scim('PATCH', `/Users/${id}`, {
        schemas: [uris.patch],
        Operations: [{ op: 'replace', path: 'active', value: false }],
      });
    const state = async () => {
      const read = async (path: string) =>
        JSON.parse((await call('GET', path)).text) as Readonly<Record<string, unknown>>;
      const [certificates, request, user] = [
        (await read('/v1/certificates?username=leaver')) as { readonly items: readonly { readonly status: string }[] },
        await read(`/v1/certificate-requests/${waiting.id}`),
        JSON.parse((await scim('GET', `/Users/${id}`)).text) as Readonly<Record<string, unknown>>,
      ];
      const statuses = certificates.items.map(({ status }) => status);
      return { active: user['active'], request: request['state'], certificates: statuses };
    };
    const here = { active: true, request: 'pending', certificates: ['valid'] };
    expect(await state()).toEqual(here);

    const taken: string[] = [];
    let refused = '';
    const ballast = keepFull();
    for (let i = 0; refused === '' && i < 20_000; i++) {
      const { status } = await join(`filler-${String(i)}`);
      expect([201, 503]).toContain(status);
      if (status === 201) taken.push(`filler-${String(i)}`);
      else refused = `filler-${String(i)}`;
    }
    for (const answer of [await leave(), await scim('DELETE', `/Users/${id}`), await leave()]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('content-type')).toMatch(/^application\/scim\+json/);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      const detail = expect.stringMatching(/try again/) as unknown;
      expect(JSON.parse(answer.text)).toEqual({ schemas: [uris.error], status: '503', detail });
    }
    if (!onPostgresql) expect(await state()).toEqual(here);
    clearInterval(ballast);
    disk.free();
    await server?.start();

    await expect.poll(async () => (await join('last')).status, { timeout: 60_000 }).toBe(201);
    expect(await state()).toEqual(here);
    expect((await leave()).status).toBe(200);
    expect(await state()).toEqual({ active: false, request: 'cancelled', certificates: ['revoked'] });
    const isThere = async (userName: string) => {
      const filter = encodeURIComponent(`userName eq "${userName}"`);
      const list = JSON.parse((await scim('GET', `/Users?filter=${filter}`)).text) as { readonly totalResults: number };
      return list.totalResults === 1;
    };
    for (const userName of taken.slice(-20)) expect(await isThere(userName), userName).toBe(true);
    // PostgreSQL may have committed what its end kept it from telling.
    if (!onPostgresql) expect(await isThere(refused)).toBe(false);
    console.log(`the disk was full after ${String(taken.length)} people`);
  });

  const ledger = new Ledger(true);

  it('loses nothing and promises nothing, still reads, and recovers without a restart when there is space again', async () => {
    let running = true;
    const loading = load(ledger, Array<Call>(16).fill(call), () => running);
    onTestFinished(() => void (running = false));
    for (let round = 0; round < rounds; round++) {
      const issued = ledger.fingerprints.size;
      await expect.poll(() => ledger.fingerprints.size, { timeout: 60_000 }).toBeGreaterThan(issued + 30);

      const away = ledger.away;
      const ballast = keepFull();
      await expect.poll(() => ledger.away, { timeout: 60_000 }).toBeGreaterThan(away + 20);
      const end = performance.now() + fullSeconds * 1000;
      while (performance.now() < end) {
        expect((await call('GET', '/livez')).status).toBe(200);
        // A server that a full disk has ended answers nobody.
        const read = await call('GET', '/v1/certificates?limit=1');
        if (!onPostgresql) expect(read.status, read.text).toBe(200);
        await setTimeout(100);
      }
      // A commit that found room at the last moment counts until the next one fails.
      let ready = await call('GET', '/readyz');
      await expect.poll(async () => (ready = await call('GET', '/readyz')).status, { timeout: 30_000 }).toBe(503);
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
  });

  it('has every answered request on disk', async () => {
    await child?.kill();
    const ahead = onPostgresql ? { CLOCK_AHEAD_SECONDS: '200' } : {};
    child = await startChild(dataDir, policiesDir, undefined, { ...environment, ...ahead });
    await ledger.everythingHolds(call);
  });
});
