// Tests src/observability/health.ts, src/http/pages/health-routes.ts, src/start/compose.ts,
// src/requests/recover-requests.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignJWT, generateKeyPair } from 'jose';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { StoreUnavailableError } from '../../src/model/errors.js';
import type { Component } from '../../src/model/health.js';
import { createLogger } from '../../src/observability/logger.js';
import { createRequest } from '../../src/requests/create-request.js';
import { buildApp } from '../../src/start/app.js';
import type { Step, Writer } from '../../src/store/steps/step.js';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { kubepassRules } from '../helpers/fake-api-server/rbac.js';
import { composeOn, type LogLine } from '../helpers/composed-service.js';
import { alice } from '../helpers/principals.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startService, type Caller, type TestService } from './support/service.js';

const directory = temporaryDirectory();
let server: FakeApiServer;
let service: TestService;

beforeAll(async () => {
  server = await FakeApiServer.start();
  server.rbac.allowUser('kubepass', kubepassRules);
  const kubeconfig = join(directory.path, 'kubeconfig');
  writeFileSync(kubeconfig, await server.kubeconfig({ username: 'kubepass' }), { mode: 0o600 });
  const cluster = (name: string) => `
  - { name: ${name}, server: "${server.url}", signer: kubernetes, kubeconfig: "${kubeconfig}" }`;
  service = await startService({
    config: `clusters:${cluster('secret-eu')}${cluster('secret-us')}`,
    overrides: { policyRoundMilliseconds: 10 },
  });
});
afterAll(async () => {
  await service.close();
  await server.close();
  directory.remove();
});

interface Verbose {
  readonly status: string;
  readonly notes: readonly string[];
  readonly components: readonly Component[];
  readonly clusters?: readonly Readonly<Record<string, unknown>>[];
}

const verbose = async (caller: Caller = service.anonymous): Promise<Verbose> =>
  (await caller('get', '/readyz?verbose').expect(200)).body as Verbose;

const named = ({ components }: Pick<Verbose, 'components'>, name: string) =>
  components.find((one) => one.name === name);

describe('/readyz?verbose', () => {
  it('shows the state of each component, with numbers and without names, to anybody', async () => {
    const answer = await verbose();
    expect(answer.components.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'database ok',
      'recovery ok',
      'writer-queue ok',
      'clusters ok',
      'policies ok',
      'deny-list ok',
      'checkpoints ok',
      'webhooks ok',
      'issuers ok',
    ]);
    expect(named(answer, 'clusters')?.figures).toMatchObject({ configured: 2, unreachable: 0 });
    expect(named(answer, 'policies')?.figures).toMatchObject({ policies: 2, guardrails: 1 });
    expect(named(answer, 'checkpoints')?.figures['events']).toBeGreaterThan(0);
    expect(Object.keys(answer)).not.toContain('clusters');
    expect(JSON.stringify(answer)).not.toContain('secret-');
  });

  it.each(['audrey', 'root'] as const)('names the clusters for %s', async (person) => {
    await service.as('root')('post', '/v1/clusters/secret-eu/probe').send({}).expect(200);
    const { clusters } = await verbose(service.as(person));
    expect(clusters).toEqual([
      { name: 'secret-eu', state: 'ok', reachable: true, signs: 'yes', probedAt: expect.any(String) as string },
      expect.objectContaining({ name: 'secret-us' }),
    ]);
  });

  it.each(['alice', 'bob', 'petra'] as const)('names no cluster for %s', async (person) => {
    expect(JSON.stringify(await verbose(service.as(person)))).not.toContain('secret-');
  });

  it('takes a credential that is not known for none', async () => {
    const forged = await new SignJWT({ sub: 'root' })
      .setProtectedHeader({ alg: 'RS256' })
      .sign((await generateKeyPair('RS256')).privateKey);
    for (const guess of [`kubepass_${'A'.repeat(43)}`, forged, 'x', ''])
      expect(JSON.stringify(await verbose(service.withToken(guess)))).not.toContain('secret-');
  });

  it('stays ready while a cluster is out of reach, and says so', async () => {
    // The probes that every start makes have ended: they would wait for a certificate.
    for (const name of ['secret-eu', 'secret-us'])
      await service.as('root')('post', `/v1/clusters/${name}/probe`).send({}).expect(200);
    await server.stop();
    await service.as('root')('post', '/v1/clusters/secret-eu/probe').send({}).expect(200);
    const answer = await verbose(service.as('audrey'));
    expect(named(answer, 'clusters')).toMatchObject({
      state: 'degraded',
      // The other one may be probed meanwhile.
      figures: { unreachable: expect.toSatisfy((count: number) => count >= 1) as number },
    });
    expect(answer.clusters?.[0]).toMatchObject({ name: 'secret-eu', state: 'degraded', reachable: false });
    await service.anonymous('get', '/readyz').expect(200);
    await server.restart();
  });

  it('says that the policies on disk are not those in force', async () => {
    const file = join(service.dataDir, '..', 'policies', 'broken.yaml');
    writeFileSync(file, 'kind: Nonsense\n');
    await expect.poll(async () => named(await verbose(), 'policies')?.state).toBe('degraded');
  });
});

it('shows which component has failed, and to an auditor the clusters, while the service is not ready', async () => {
  const cluster = { name: 'demo', state: 'ok', reachable: null, signs: 'unknown', probedAt: null } as const;
  const own = await startService({
    context: (context) => ({
      ...context,
      health: {
        ...context.health,
        ready: () => Promise.reject(new Error('secret detail')),
        report: async (viewer) => ({
          components: [{ name: 'database', state: 'failed', figures: {} }],
          clusters: viewer === null ? null : [cluster],
        }),
      },
    }),
  });
  const { body, text } = await own.anonymous('get', '/readyz?verbose').expect(503);
  expect(body).toMatchObject({
    type: 'urn:kubepass:problem:service-unavailable',
    detail: 'not ready: the database does not answer; the log has its error',
    components: [{ name: 'database', state: 'failed', figures: {} }],
  });
  expect(text).not.toContain('secret detail');
  expect(body).not.toHaveProperty('clusters');
  expect((await own.as('audrey')('get', '/readyz?verbose').expect(503)).body).toMatchObject({ clusters: [cluster] });
  expect((await own.anonymous('get', '/readyz').expect(503)).body).not.toHaveProperty('components');
  await own.close();
});

const data = temporaryDirectory();
afterAll(() => data.remove());

const tellsOf = ({ events }: Step, type: string) => events.some((event) => event.type === type);
const before = (type: string, act: () => Promise<void>) => (writer: Writer) => ({
  async commit(step: Step) {
    if (tellsOf(step, type)) await act();
    return writer.commit(step);
  },
});

it('listens before what was left is recovered, and is ready afterwards', async () => {
  const failing = before('CertificateIssued', () => Promise.reject(new StoreUnavailableError('disk I/O error')));
  const earlier = await composeOn(data.path, {}, { writer: failing });
  const { pem } = await csrFor('jane', ['team-a']);
  const options = { waitSeconds: 5, idempotency: null };
  const outcome = await createRequest(earlier.context, alice, { csr: pem }, options);
  const id = outcome.ok ? outcome.value.request.id : '';
  await earlier.close();

  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const log: LogLine[] = [];
  const composed = await composeOn(data.path, {}, { writer: before('IssuanceAbandoned', () => released) }, log);
  const app = buildApp(composed.context, { logger: createLogger({ level: 'silent' }) });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const statusOf = async (path: string) => (await fetch(`${address}${path}`)).status;
  const stateOf = async () => (await composed.store.requests.find(id))?.state;
  const recovered = composed.begin();
  expect([await statusOf('/livez'), await statusOf('/readyz'), await stateOf()]).toEqual([200, 503, 'issuing']);

  release();
  await recovered;
  expect([await statusOf('/readyz'), await stateOf()]).toEqual([200, 'issued']);
  expect(log.filter(({ message }) => message.includes('that were left'))).toEqual([
    { level: 'info', fields: { requests: 1 }, message: 'recovering the requests that were left' },
    {
      level: 'info',
      fields: { requests: 1, failed: 0, onClusters: 0 },
      message: 'the requests that were left are recovered',
    },
  ]);
  await app.close();
  await composed.close();
});
