// Tests src/clusters/cluster-routes.ts, src/clusters/read-clusters.ts, src/clusters/cluster-csr-routes.ts,
// src/clusters/cluster-csrs.ts, src/clusters/probe-cluster.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClusterConnection, type ClusterConnection } from '../../../src/kubernetes/cluster-connection.js';
import { kubeApiserverClient } from '../../../src/kubernetes/csr-object.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { kubepassRules } from '../../helpers/fake-api-server/rbac.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as } from '../../http/support/call.js';
import { policies, startService, type TestService } from '../../http/support/service.js';

const directory = temporaryDirectory();
let server: FakeApiServer;
let service: TestService;
let eve: ClusterConnection;

beforeAll(async () => {
  server = await FakeApiServer.start();
  server.rbac.allowUser('kubepass', kubepassRules);
  server.rbac.allowUser('eve', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
  const kubeconfig = join(directory.path, 'kubepass.kubeconfig');
  writeFileSync(kubeconfig, await server.kubeconfig({ username: 'kubepass' }), { mode: 0o600 });
  const file = join(directory.path, 'eve.kubeconfig');
  writeFileSync(file, await server.kubeconfig({ username: 'eve' }));
  eve = await openClusterConnection({ kind: 'kubeconfig', file, context: null }, { allowExec: false });
  service = await startService({
    policies,
    config: `
clusters:
  - name: demo
    server: ${server.url}
    signer: kubernetes
    kubeconfig: ${kubeconfig}
`,
  });
});
afterAll(async () => {
  await service.close();
  await eve.close();
  await server.close();
  directory.remove();
});

const csrs = '/v1/clusters/demo/certificate-signing-requests';
const newCsr = (name: string, request: string) => ({
  name,
  labels: {},
  annotations: {},
  request,
  signerName: kubeApiserverClient,
  usages: ['client auth'],
  expirationSeconds: 3600,
});

describe('the probe', () => {
  it('has run by itself at the start, and is shown with its cluster', async () => {
    const cluster = async () => as.cluster(await service.as('alice')('get', '/v1/clusters/demo').expect(200));
    await expect.poll(async () => (await cluster()).probedAt).not.toBeNull();
    const { probe, probedAt } = await cluster();
    expect(probe).toMatchObject({ reachable: true, signs: 'yes', accepts: 'yes', missingPermissions: [] });
    const [listed] = as.clusters(await service.as('alice')('get', '/v1/clusters').expect(200)).items;
    expect(listed?.probedAt).toBe(probedAt);
  });

  it('is run by an admin, with or without a body', async () => {
    const plain = as.cluster(await service.as('root')('post', '/v1/clusters/demo/probe').expect(200));
    expect(plain.probe?.lifetimeCap).toBeNull();
    const measured = as.cluster(
      await service.as('root')('post', '/v1/clusters/demo/probe').send({ measureLifetimeCap: true }).expect(200),
    );
    expect(measured.probe?.lifetimeCap).toMatchObject({ capped: true });
    expect(Date.parse(measured.probedAt ?? '')).toBeGreaterThan(Date.parse(plain.probedAt ?? ''));
    const { items } = as.events(
      await service.as('audrey')('get', '/v1/audit-events?type=ClusterProbed&principal=root').expect(200),
    );
    expect(items).toHaveLength(2);
    const request = as.request(
      await service.as('audrey')('get', `/v1/certificate-requests/${plain.probe?.requestId}`).expect(200),
    );
    expect(request).toMatchObject({ state: 'issued', username: 'kubepass-probe', expirationSeconds: 600 });
  });

  it.each(['alice', 'bob', 'audrey'] as const)('is not run by %s', async (person) => {
    await service.as(person)('post', '/v1/clusters/demo/probe').expect(403);
  });

  it('takes nothing else, and no cluster that is not there', async () => {
    const answer = await service.as('root')('post', '/v1/clusters/demo/probe').send({ deep: true }).expect(400);
    expect(as.problem(answer).errors).toMatchObject([{ pointer: '/deep' }]);
    await service.as('root')('post', '/v1/clusters/none/probe').expect(404);
  });
});

describe('the CSR objects of a cluster', () => {
  beforeAll(async () => {
    const { pem } = await csrFor('mallory', ['ops']);
    for (const name of ['b', 'a.x', 'c']) await eve.csrs.create(newCsr(name, pem));
  });

  it('are listed page by page, as JSON and as kubectl prints them', async () => {
    const first = await service.as('bob')('get', `${csrs}?limit=2`).expect(200);
    const { items, nextCursor } = as.csrs(first);
    expect(items.map(({ name }) => name)).toEqual(['a.x', 'b']);
    expect(items[0]).toMatchObject({
      status: 'Pending',
      username: 'eve',
      ours: false,
      requestId: null,
      request: { subject: 'CN=mallory,O=ops', keyAlgorithm: 'ECDSA-P256', refusal: null },
    });
    expect(first.headers['link']).toContain('rel="next"');
    const second = as.csrs(await service.as('bob')('get', `${csrs}?limit=2&cursor=${nextCursor}`).expect(200));
    expect(second.items.map(({ name }) => name)).toEqual(['c']);
    expect(second.nextCursor).toBeNull();
    await service.as('bob')('get', `${csrs}?cursor=%21`).expect(400);

    const text = await service.as('audrey')('get', csrs).set('accept', 'text/plain').expect(200);
    expect(text.text).toMatch(/^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\na\.x +\d+m?s +/);
    expect(text.text.split('\n')).toHaveLength(5);
  });

  it('are described one by one', async () => {
    expect(as.csr(await service.as('root')('get', `${csrs}/a.x`).expect(200))).toMatchObject({ name: 'a.x' });
    const text = await service.as('bob')('get', `${csrs}/b`).set('accept', 'text/plain').expect(200);
    expect(text.text).toMatch(/^Name: +b\n[\s\S]*Requested Duration: +60m\n[\s\S]*Common Name: +mallory\n/);
    expect(text.text).toMatch(/Events: +<none>\n$/);
    await service.as('bob')('get', `${csrs}/none`).expect(404);
    await service.as('bob')('get', `${csrs}/..%2Fa.x`).expect(400);
    await service.as('bob')('get', '/v1/clusters/none/certificate-signing-requests').expect(404);
  });

  it('are not for requesters', async () => {
    await service.as('alice')('get', csrs).expect(403);
    await service.as('alice')('get', `${csrs}/b`).expect(403);
  });

  it('lead to an audit event where they are signed without us', async () => {
    const object = await eve.csrs.find('c');
    if (object) await eve.csrs.approve(object, 'ByHand', '');
    const unknown = async () =>
      as.events(await service.as('audrey')('get', '/v1/audit-events?type=UnknownIdentityIssued').expect(200)).items;
    await expect.poll(async () => (await unknown()).length).toBe(1);
    expect((await unknown())[0]?.details).toMatchObject({ username: 'mallory', groups: ['ops'], objectName: 'c' });
    const own = await service
      .as('alice')('post', '/v1/kubeconfigs')
      .send({ username: 'jane', groups: ['team-a'] });
    expect(own.status).toBe(201);
    expect(await unknown()).toHaveLength(1);
  });

  it('are not there while the API server is away: 503, without a word about why', async () => {
    await server.stop();
    try {
      const answer = await service.as('bob')('get', csrs).expect(503);
      expect(as.problem(answer).type).toBe('urn:kubepass:problem:cluster-unavailable');
      expect(answer.headers['retry-after']).toBe('10');
      expect(answer.text).not.toContain('127.0.0.1');
      const probe = as.cluster(await service.as('root')('post', '/v1/clusters/demo/probe').expect(200)).probe;
      expect(probe).toMatchObject({ reachable: false, signs: 'unknown', reason: 'ClusterUnreachable' });
    } finally {
      await server.restart();
    }
  });
});

describe('a cluster that kubepass signs for by itself', () => {
  it('is probed too, and has no CSR objects to show: 409', async () => {
    const local = await startService();
    const { probe } = as.cluster(await local.as('root')('post', '/v1/clusters/demo/probe').expect(200));
    expect(probe).toMatchObject({ reachable: null, signs: 'yes', accepts: 'unknown', permissions: [] });
    const answer = await local.as('bob')('get', csrs).expect(409);
    expect(as.problem(answer)).toMatchObject({
      type: 'urn:kubepass:problem:cluster-not-connected',
      detail: expect.stringContaining('"demo"') as unknown,
    });
    await local.close();
  });
});
