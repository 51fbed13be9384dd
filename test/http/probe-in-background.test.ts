// Tests src/clusters/probe-cluster.ts, src/context/under-way.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { kubepassRules } from '../helpers/fake-api-server/rbac.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { policies, startService, type TestService } from './support/service.js';
import { rememberProbe } from '../../src/store/tables/cluster-tables.js';

/** Nobody asks kubepass about the certificates of this cluster, so a revoked one goes on working. */
const directory = temporaryDirectory();
let server: FakeApiServer;
beforeAll(async () => {
  server = await FakeApiServer.start();
  server.rbac.allowUser('kubepass', kubepassRules);
  const kubeconfig = await server.kubeconfig({ username: 'kubepass' });
  writeFileSync(join(directory.path, 'kubepass.kubeconfig'), kubeconfig, { mode: 0o600 });
});
afterAll(async () => {
  await server.close();
  directory.remove();
});

const start = (patienceMilliseconds: number) =>
  startService({
    policies,
    overrides: { probeTimes: { answerSeconds: 0.01, patienceMilliseconds } },
    config: `
publicAddress: { url: "https://kubepass.example" }
clusters:
  - name: demo
    server: ${server.url}
    signer: kubernetes
    kubeconfig: ${join(directory.path, 'kubepass.kubeconfig')}
    revocation: { mode: webhook }
`,
  });

const find = async (service: TestService) =>
  as.cluster(await service.as('alice')('get', '/v1/clusters/demo').expect(200));
const probe = (service: TestService) => service.as('root')('post', '/v1/clusters/demo/probe');
const events = async (service: TestService, type: string) =>
  as.events(await service.as('audrey')('get', `/v1/audit-events?type=${type}`).expect(200)).items;

describe('a probe that takes longer than its caller waits', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await start(500);
  });
  afterAll(() => service.close());

  it('goes on: 202 leads to the cluster, which shows it until its result is there', async () => {
    // Then the probe at the start has ended.
    await expect.poll(async () => (await find(service)).probedAt).not.toBeNull();
    const answer = await probe(service).send({ verifyRevocation: true }).expect(202);
    expect(answer.headers).toMatchObject({ location: '/v1/clusters/demo', 'retry-after': '5' });
    const { probeStartedAt, probedAt } = as.cluster(answer);
    expect(Date.parse(probeStartedAt ?? '')).toBeGreaterThan(Date.parse(probedAt ?? ''));
    expect((await find(service)).probeStartedAt).toBe(probeStartedAt);

    const joined = await probe(service).send({ verifyRevocation: true }).expect(202);
    expect(as.cluster(joined).probeStartedAt).toBe(probeStartedAt);
    expect(as.cluster(await probe(service).expect(202)).probeStartedAt).toBe(probeStartedAt);

    await expect.poll(async () => (await find(service)).probeStartedAt).toBeNull();
    const after = await find(service);
    expect(Date.parse(after.probedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(probeStartedAt ?? ''));
    expect(after.probe?.revocation).toMatchObject({ mode: 'webhook', verified: false, reason: 'StillAccepted' });
    expect(await events(service, 'RevocationEnforced')).toHaveLength(2);
    expect(await events(service, 'ClusterProbed')).toHaveLength(2);
  });

  it('is shown by a replica that did not make it, once it has ended', async () => {
    const stored = await service.store.clusterProbes.find('demo');
    const later = { cluster: 'demo', probedAt: new Date(Date.now() + 1000), result: stored!.result };
    await service.store.writer.commit({ operations: [rememberProbe(later)], events: [] });
    expect((await find(service)).probedAt).toBe(later.probedAt.toISOString());
  });
});

describe('a service that stops', () => {
  it('ends a probe that would try a revoked certificate for an hour, and records no result', async () => {
    const service = await start(3_600_000);
    const revoked = async () => (await events(service, 'CertificateRevoked')).length;
    await expect.poll(revoked).toBe(1);
    expect((await find(service)).probeStartedAt).not.toBeNull();
    await probe(service).send({ verifyRevocation: true }).expect(202);
    await service.close();
    expect(service.log()).not.toContain('could not be probed');
  });
});
