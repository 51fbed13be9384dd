// Tests src/backup/checkpoint-beside-database.ts, src/backup/revocations-beside-database.ts,
// src/backup/watch-for-lost-rows.ts
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkpointIn } from '../../src/backup/checkpoint-beside-database.js';
import type { Composition } from '../../src/start/compose.js';
import type { Certificate } from '../../src/model/certificate.js';
import type { Writer } from '../../src/store/steps/step.js';
import { toldBy } from '../../src/store/writer/followed-writer.js';
import { composeOn, issued } from '../helpers/composed-service.js';
import { freshDatabase, prepareDatabases, type TestDatabase } from '../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../helpers/postgresql/server.js';
import { admin } from '../helpers/principals.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { anEvent } from '../unit/store/records.js';
import { blockIdentity } from '../../src/access/block-identity.js';
import { revokeCertificate } from '../../src/access/revoke-certificate.js';
import { executes } from '../helpers/operations.js';

let directory: ReturnType<typeof temporaryDirectory>;
let server: PostgresqlServer;
let database: TestDatabase;
/** By which the clock of all replicas is ahead, in milliseconds. */
let ahead: number;
/** The roots of each size that any replica published. */
let published: Map<number, Set<string>>;
let lastPublished: number;
let running: Replica[];
beforeEach(async () => {
  directory = temporaryDirectory();
  ahead = 0;
  published = new Map();
  lastPublished = 0;
  running = [];
  server = await startPostgresql({ durable: false });
  database = await freshDatabase(await prepareDatabases(server));
});
afterEach(async () => {
  for (const { service } of running) await service.close();
  await server.remove();
  directory.remove();
});

interface Replica {
  readonly service: Composition;
  readonly dataDir: string;
  /** How often it has tried to sign. */
  rounds: number;
}

async function started(name: string): Promise<Replica> {
  const home = join(directory.path, name);
  const dataDir = join(home, 'data');
  mkdirSync(home, { recursive: true });
  let rounds = 0;
  const writer = (same: Writer): Writer => ({
    async commit(step) {
      const result = await same.commit(step);
      if (executes(step, 'INSERT INTO "CheckpointLease"')) rounds += 1;
      for (const { size, root } of result.committed ? toldBy(step, 'checkpoint') : []) {
        lastPublished = size;
        published.set(size, (published.get(size) ?? new Set()).add(root.toString('base64')));
      }
      return result;
    },
  });
  const environment = await postgresqlEnvironment(dataDir, database.url, 'audit: { checkpointSeconds: 1 }\n');
  const service = await composeOn(
    home,
    { KUBEPASS_DATA_DIR: dataDir, KUBEPASS_POLICIES_DIR: join(home, 'policies'), ...environment },
    { writer, clock: () => new Date(Date.now() + ahead) },
  );
  const replica = {
    service,
    dataDir,
    get rounds() {
      return rounds;
    },
  };
  running.push(replica);
  await service.begin();
  return replica;
}

async function stopped(replica: Replica): Promise<void> {
  await replica.service.close();
  running = running.filter((other) => other !== replica);
}

/** The standby that lags: what the server has now, and no more. */
async function standby(): Promise<() => Promise<void>> {
  const copy = join(directory.path, 'standby');
  const copied = (from: string, to: string) => expect(spawnSync('cp', ['-a', from, to]).status).toBe(0);
  await server.stopImmediately();
  copied(server.data, copy);
  await server.start();
  return async () => {
    await server.kill();
    rmSync(server.data, { recursive: true });
    copied(copy, server.data);
    await server.start();
  };
}

const largest = () => Math.max(0, ...published.keys());
const headOf = async ({ service }: Replica) => (await service.store.auditEvents.head()).seq;
/** Records one event, again and again while the server is away. */
const record = ({ service }: Replica) =>
  expect
    .poll(() => service.store.writer.commit({ operations: [], events: [anEvent()] }).catch(() => null))
    .toMatchObject({ committed: true });

/** One more event, and then two more rounds of each replica, unless one has signed it before. Leases end meanwhile. */
async function grow(replica: Replica): Promise<void> {
  await record(replica);
  const size = await headOf(replica);
  const before = running.map(({ rounds }) => rounds);
  lastPublished = 0;
  await expect
    .poll(() => lastPublished === size || running.every(({ rounds }, i) => rounds >= (before[i] ?? 0) + 2))
    .toBe(true);
  ahead += 31_000;
}

const verbose = async ({ service }: Replica) => service.context.health.restored();
const revoke = ({ service }: Replica, { fingerprintSha256 }: Certificate) =>
  revokeCertificate(service.context, admin, fingerprintSha256, { reason: 'keyCompromise', comment: null });
const recordOf = async ({ service }: Replica, { fingerprintSha256 }: Certificate) =>
  (await service.store.certificates.findByFingerprint(fingerprintSha256))?.revocation ?? null;

it('never gives a size two roots, forgets no revocation and says so, over several servers that lack rows', async () => {
  const [one, two] = [await started('one'), await started('two')];
  const certificate = await issued(one.service, 'jane');
  const failOver = await standby();
  await grow(one);
  await grow(two);
  for (let failover = 0; failover < 2; failover += 1) {
    expect(await revoke(one, certificate)).toMatchObject({ ok: true });
    for (let i = 0; i < 3; i += 1) await grow(i === 1 ? two : one);
    const before = largest();
    expect(before).toBeGreaterThan(0);
    await failOver();
    for (let i = 0; i < 4; i += 1) await grow(one);
    expect([...published.values()].map(({ size }) => size)).toEqual(Array.from(published, () => 1));
    for (const replica of [one, two]) {
      await expect.poll(() => verbose(replica)).toMatchObject({ restored: true });
      await expect.poll(() => recordOf(replica, certificate)).toMatchObject({ reason: 'keyCompromise' });
    }
    const { items } = await one.service.store.auditEvents.list(
      { type: 'DatabaseRestored' },
      { limit: 10, cursor: null },
    );
    expect(Math.max(...items.map(({ details }) => Number(details['signedEvents'])))).toBeGreaterThanOrEqual(before);
    // It signs again once the log has outgrown what was published.
    while ((await headOf(one)) <= before) await record(one);
    await expect.poll(() => ((ahead += 1_000), largest())).toBeGreaterThan(before);
  }
  for (const replica of [one, two]) await stopped(replica);
  const again = await started('one');
  expect(await verbose(again)).toMatchObject({ restored: true });
  expect(await recordOf(again, certificate)).toMatchObject({ reason: 'keyCompromise' });
  expect([...published.values()].map(({ size }) => size)).toEqual(Array.from(published, () => 1));
});

it('a replica remembers what another one published and revoked, which is gone with its server', async () => {
  const [one, two] = [await started('one'), await started('two')];
  const certificate = await issued(one.service, 'jane');
  const made = await one.service.context.apiTokens.create(admin, { name: 'portal', roles: ['requester'] });
  if (!made.ok) throw new Error('no token was made');
  const { id } = made.value.token;
  const failOver = await standby();
  await record(two);
  expect(await revoke(one, certificate)).toMatchObject({ ok: true });
  expect(await blockIdentity(one.service.context, admin, 'leo', { reason: 'keyCompromise' })).toMatchObject({
    ok: true,
  });
  expect(await one.service.context.apiTokens.revoke(admin, id)).toMatchObject({ ok: true });
  ahead += 61_000;
  await grow(one);
  await stopped(one);
  const signed = largest();
  await expect
    .poll(() => checkpointIn(readFileSync(join(two.dataDir, 'last-checkpoint'), 'utf8'))?.size)
    .toBeGreaterThanOrEqual(signed);
  const list = `revoked-${(await two.service.store.checkpoints.instanceId()) ?? ''}.ndjson`;
  await expect
    .poll(() => readFileSync(join(two.dataDir, list), 'utf8'))
    .toMatch(new RegExp(`(?=[^]*${certificate.fingerprintSha256})(?=[^]*"folded":"leo")[^]*${id}`));
  await failOver();
  await expect.poll(() => verbose(two).catch(() => null)).toMatchObject({ restored: true });
  await expect.poll(() => recordOf(two, certificate)).toMatchObject({ reason: 'keyCompromise' });
  await expect.poll(() => two.service.store.identityBlocks.find(['leo'])).toMatchObject([{ username: 'leo' }]);
  await expect.poll(async () => (await two.service.store.apiTokens.find(id))?.revokedAt).toBeInstanceOf(Date);
  expect(two.service.context.health.notes()).toContainEqual(expect.stringMatching(/recorded again$/));
  // A look of the replica may have come between the last event and the end of its server.
  const detectedBy = expect.toBeOneOf(['checkpoint', 'head']) as unknown;
  expect(await two.service.context.restored.read(admin)).toMatchObject({
    value: { restorations: [{ detectedBy, signedEvents: largest() }] },
  });
  ahead += 61_000;
  for (let i = 0; i < 3; i += 1) await grow(two);
  expect([...published.values()].map(({ size }) => size)).toEqual(Array.from(published, () => 1));
});
