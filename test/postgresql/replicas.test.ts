// Tests src/context/idempotency-keys.ts, src/store/tables/used-proof-table.ts,
// src/access/answer-subject-access-review.ts, src/context/standing.ts
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChild, type ChildService } from '../crash/child-service.js';
import type { CrashPoint } from '../crash/crash-points.js';
import { callTo, everyItem, Ledger, load, type Call } from '../crash/ledger.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { keyProof } from '../helpers/key-proof.js';
import { testPolicies } from '../helpers/issuance.js';
import { freshDatabase, prepareDatabases } from '../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
const policiesDir = join(directory.path, 'policies');
let server: PostgresqlServer;
let environment: Readonly<Record<string, string>>;
const replicas: ChildService[] = [];
/** How many clients call the three replicas and the one that will die, and how often PostgreSQL stops meanwhile. */
const clients = Number(process.env['KUBEPASS_REPLICA_CLIENTS'] ?? 200);
const interruptions = Number(process.env['KUBEPASS_REPLICA_INTERRUPTIONS'] ?? 2);

const start = async (crash?: { readonly at: CrashPoint; readonly on: number }) => {
  const replica = await startChild(dataDir, policiesDir, crash, environment);
  replicas.push(replica);
  return replica;
};
const token = () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
const to = (replica: ChildService): Call => callTo(() => replica.address, token);

beforeAll(async () => {
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
  server = await startPostgresql({ durable: true });
  const { url } = await freshDatabase(await prepareDatabases(server));
  // A short time limit for signing makes the leases short.
  environment = await postgresqlEnvironment(dataDir, url, 'issuing: { timeoutSeconds: 1 }\n');
  await Promise.all([start(), start(), start()]);
});
afterAll(async () => {
  for (const replica of replicas) await replica.kill();
  await server.remove();
  directory.remove();
});

it('issues once for an Idempotency-Key that is sent to all three at once', async () => {
  const calls = replicas.map(to);
  for (let i = 0; i < 10; i++) {
    const [key, username] = [randomUUID(), `user-${randomUUID()}`];
    const body = JSON.stringify({ username, groups: ['team-a'] });
    const answers = await Promise.all(
      calls.map((call) => call('POST', '/v1/kubeconfigs', body, { 'idempotency-key': key })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const issued = await calls[i % 3]!('GET', `/v1/certificates?username=${username}`);
    expect((JSON.parse(issued.text) as { items: unknown[] }).items).toHaveLength(1);
  }
});

it('gives one answer, byte for byte, to a CSR under one Idempotency-Key, whichever replica is asked', async () => {
  const calls = replicas.map(to);
  for (let i = 0; i < 10; i++) {
    const { pem } = await csrFor(`user-${randomUUID()}`, ['team-a']);
    const [key, body] = [randomUUID(), JSON.stringify({ csr: pem })];
    const ask = () =>
      Promise.all(calls.map((call) => call('POST', '/v1/certificate-requests', body, { 'idempotency-key': key })));
    const first = (await ask()).filter(({ status }) => status !== 409);
    expect(first.map(({ status }) => status)).toEqual(first.map(() => 201));
    const again = await ask();
    expect(again.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set([...first, ...again].map(({ text }) => text)).size).toBe(1);
  }
});

it('takes a proof of possession once, whichever replica is shown it', async () => {
  const username = `user-${randomUUID()}`;
  const { pem, keyPair } = await csrFor(username, ['team-a']);
  const [first] = replicas.map(to);
  const { text } = await first!('POST', '/v1/certificate-requests', JSON.stringify({ csr: pem }), {
    prefer: 'wait=20',
  });
  const fingerprint = (JSON.parse(text) as { certificate: { fingerprintSha256: string } }).certificate
    .fingerprintSha256;
  const { pem: csr } = await csrFor(username, ['team-a']);
  let jti = randomUUID();
  const renew = async (replica: ChildService) => {
    const proof = { fingerprint, key: keyPair.privateKey, address: replica.address, csr, claims: { jti } };
    const headers = { authorization: `KubepassProof ${await keyProof(proof)}` };
    const path = `/v1/certificates/${fingerprint}/renew`;
    return (await to(replica)('POST', path, JSON.stringify({ csr }), headers)).status;
  };
  const three = replicas.slice(0, 3);
  let statuses = await Promise.all(three.map(renew));
  // A machine that is too busy for all three has taken no proof.
  for (let tries = 0; tries < 5 && statuses.every((status) => status === 503); tries += 1) {
    jti = randomUUID();
    statuses = await Promise.all(three.map(renew));
  }
  expect(statuses.sort()).toEqual([201, 401, 401]);
  expect(await Promise.all(three.map(renew))).toEqual([401, 401, 401]);
});

/** Whether the API server of the cluster would be told to refuse this certificate. */
async function isDenied(call: Call, fingerprintSha256: string): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: 'jane',
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprintSha256}`] },
    },
  };
  const { text } = await call('POST', '/v1/clusters/demo/access-reviews', JSON.stringify(review));
  return (JSON.parse(text) as { status: { denied?: boolean } }).status.denied === true;
}

async function issuedFor(call: Call, username: string): Promise<string> {
  const body = JSON.stringify({ username, groups: ['team-a'] });
  const { text } = await call('POST', '/v1/kubeconfigs', body);
  return (JSON.parse(text) as { certificate: { fingerprintSha256: string } }).certificate.fingerprintSha256;
}

it('denies everywhere within a second what one replica revoked, also if that one is killed behind its answer', async () => {
  const others = replicas.map(to);
  const doomed = await start();
  const call = to(doomed);
  const [revoked, sibling] = [await issuedFor(call, 'jane'), await issuedFor(call, 'jane')];
  const deniedEverywhere = () => Promise.all(others.map((other) => isDenied(other, revoked)));
  const begun = performance.now();
  expect(await deniedEverywhere()).toEqual(others.map(() => false));
  const once = performance.now() - begun;
  const path = `/v1/certificates/${revoked}/revoke`;
  const { status } = await call('POST', path, JSON.stringify({ reason: 'keyCompromise' }));
  const answeredAt = performance.now();
  await doomed.kill();
  expect(status).toBe(200);
  await expect.poll(deniedEverywhere, { interval: 20 }).toEqual(others.map(() => true));
  // A busy machine also takes its time to ask.
  expect(performance.now() - answeredAt).toBeLessThan(1_000 + 10 * once);
  for (const other of others) expect(await isDenied(other, sibling)).toBe(false);
  const restarted = to(await start());
  expect(await isDenied(restarted, revoked)).toBe(true);
});

it('gives nothing to a name, from any replica, once one of them has answered that it is blocked', async () => {
  const calls = replicas.slice(0, 3).map(to);
  for (let i = 0; i < 10; i++) {
    const username = `leaver-${randomUUID()}`;
    const block = `/v1/identities/${username}/block`;
    const { status } = await calls[i % 3]!('POST', block, JSON.stringify({ reason: 'cessationOfOperation' }));
    expect(status).toBe(200);
    const body = JSON.stringify({ username, groups: ['team-a'] });
    const answers = await Promise.all(calls.map((call) => call('POST', '/v1/kubeconfigs', body)));
    expect(answers.map((answer) => answer.status)).toEqual([403, 403, 403]);
    for (const { text } of answers) expect(text).toContain('IdentityBlocked');
  }
});

it('keeps every promise to 200 clients while a replica is killed during issuing, and PostgreSQL is killed and stopped and comes back', async () => {
  const ledger = new Ledger(true);
  const doomed = await start({ at: 'after the signature', on: 15 });
  const [one, two, three] = replicas as [ChildService, ChildService, ChildService];
  let running = true;
  const asked = [doomed, one, two, three];
  const calls = Array.from({ length: clients }, (_, i) => to(asked[i % asked.length]!));
  const loading = load(ledger, calls, () => running);
  await doomed.gone;
  for (let i = 0; i < interruptions; i++) {
    await setTimeout(1500);
    // The first is like a power failure, the second like an immediate shutdown.
    await (i % 2 ? server.stopImmediately() : server.kill());
    await setTimeout(500);
    await server.start();
  }
  // No replica needs a restart.
  const before = ledger.fingerprints.size;
  await expect.poll(() => ledger.fingerprints.size, { timeout: 60_000 }).toBeGreaterThan(before + 20);
  running = false;
  await loading;
  console.log(
    `${String(clients)} clients, PostgreSQL away ${String(interruptions)} times: ${String(ledger.fingerprints.size)} ` +
      `certificates were received, ${String(ledger.away)} answers were 503`,
  );

  const call = to(one);
  // The others take over the attempts of the dead replica when their leases end, 31 seconds after they began.
  await ledger.untilRecovered(call, 60);
  await ledger.everythingHolds(call);
  await ledger.lostAnswersCanBeAskedForAgain(to(two));
  await ledger.everythingHolds(to(three));
  const events = await everyItem<{ type: string; details: { reason?: string } }>(call, '/v1/audit-events');
  expect(events.some(({ type, details }) => type === 'IssuanceAbandoned' && details.reason === 'ProcessDied')).toBe(
    true,
  );
});
