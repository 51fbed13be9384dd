// Tests src/clusters/cluster-csr-text.ts, src/clusters/cluster-csr-routes.ts, packages/inspect/src/inspect.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import type { ClusterBody } from '../../src/clusters/cluster-schemas.js';
import { as } from '../http/support/call.js';
import { startService, type TestService } from '../http/support/service.js';
import { approveCsrObject, createCsrObject, issuedCertificate, succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: people }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["team-*", "kubeadm:cluster-admins"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
`;

async function serve(plane: ControlPlane): Promise<TestService> {
  const kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
  return startService({
    policies,
    config:
      `clusters:\n  - { name: real, server: "${plane.server}", signer: kubernetes, kubeconfig: ${kubeconfig}, ` +
      `allowPrivilegedGroups: ["kubeadm:cluster-admins"] }\nissuing: { timeoutSeconds: 12 }\n`,
  });
}

const cluster = async (service: TestService) =>
  (await service.as('root')('get', '/v1/clusters/real')).body as ClusterBody;

const probe = async (service: TestService, body = {}) => {
  const answer = await service.as('root')('post', '/v1/clusters/real/probe').send(body);
  expect(answer.status, answer.text).toBe(200);
  return cluster(service);
};

describeControlPlane('the administrator’s procedure, call by call', () => {
  let plane: ControlPlane;
  let service: TestService;
  beforeAll(async () => {
    plane = await openControlPlane();
    service = await serve(plane);
  });
  afterAll(async () => {
    await service.close();
    await plane.stop();
  });

  it('inspects the CA', async () => {
    const text = await service
      .as('alice')('get', '/v1/clusters/real/certificate-authority')
      .set('accept', 'text/plain');
    expect(text.text).toMatch(/^Certificate:\n {4}Data:\n {8}Version: 3 \(0x2\)/);
    expect(text.text).toContain('CA:TRUE');
    const { serving } = as.authorities(await service.as('alice')('get', '/v1/clusters/real/certificate-authority'));
    expect(serving.pem.trim()).toBe(plane.caPem.trim());
  });

  it('lists and describes certificate signing requests like kubectl', async () => {
    const { pem } = await csrFor('anna', ['team-a']);
    await createCsrObject(plane, 'anna', pem);
    const list = await service
      .as('bob')('get', '/v1/clusters/real/certificate-signing-requests')
      .set('accept', 'text/plain');
    expect(list.text.split('\n')[0]).toMatch(/^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION/);
    expect(list.text).toMatch(/^anna +\d+s +kubernetes\.io\/kube-apiserver-client +kubernetes-admin .*Pending/m);

    const described = await service
      .as('bob')('get', '/v1/clusters/real/certificate-signing-requests/anna')
      .set('accept', 'text/plain');
    const kubectl = await succeed(plane, ['describe', 'csr', 'anna']);
    for (const line of ['Name:', 'Requesting User:', 'Signer:', 'Status:', 'Subject:', 'Common Name:', 'Organization:'])
      expect(
        described.text
          .split('\n')
          .find((l) => l.trim().startsWith(line))
          ?.replace(/\s+/g, ' '),
      ).toBe(
        kubectl
          .split('\n')
          .find((l) => l.trim().startsWith(line))
          ?.replace(/\s+/g, ' '),
      );
    await succeed(plane, ['delete', 'csr', 'anna']);
  });

  it('makes an administrator: request, certificate, kubeconfig, get nodes', async () => {
    await succeed(plane, [
      'create',
      'clusterrolebinding',
      'kubeadm:cluster-admins',
      '--clusterrole=cluster-admin',
      '--group=kubeadm:cluster-admins',
    ]);
    const answer = await service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ username: 'anna', groups: ['kubeadm:cluster-admins'] });
    expect(answer.status, answer.text).toBe(201);
    const file = join(directory.path, 'anna.kubeconfig');
    writeFileSync(file, as.kubeconfig(answer).kubeconfig, { mode: 0o600 });
    const kubectl = (...args: string[]) => plane.kubectl(['--kubeconfig', file, ...args]);
    expect(await kubectl('auth', 'whoami')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('kubeadm:cluster-admins') as unknown,
    });
    expect(await kubectl('get', 'nodes')).toMatchObject({ code: 0 });
  });

  it('finds out that the cluster signs, with every permission that the deployment gives', async () => {
    const found = await probe(service);
    expect(found.probe).toMatchObject({
      reachable: true,
      version: expect.stringMatching(/^v1\./) as unknown,
      username: 'system:serviceaccount:kubepass:kubepass',
      missingPermissions: [],
      signs: 'yes',
      accepts: 'yes',
      acceptedAs: 'kubepass-probe',
      lifetimeCap: null,
    });
    expect(found.probe?.permissions.every(({ held }) => held)).toBe(true);
  });

  it('measures the cap on lifetimes if it is asked to', async () => {
    const found = await probe(service, { measureLifetimeCap: true });
    expect(found.probe?.lifetimeCap).toMatchObject({ capped: true });
  });

  it('records a certificate that was approved by hand, once, and none of its own', async () => {
    const { pem } = await csrFor('smuggled', ['team-x']);
    await createCsrObject(plane, 'by-hand', pem);
    await approveCsrObject(plane, 'by-hand');
    await issuedCertificate(plane, 'by-hand');
    const recorded = async () =>
      as.events(await service.as('audrey')('get', '/v1/audit-events?type=UnknownIdentityIssued&limit=500')).items;
    await expect.poll(async () => (await recorded()).length, { timeout: 10_000 }).toBe(1);
    expect(await recorded()).toMatchObject([
      {
        cluster: 'real',
        details: { username: 'smuggled', groups: ['team-x'], requestedBy: 'kubernetes-admin', objectName: 'by-hand' },
      },
    ]);
    // This gives it time to find the certificate a second time.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await recorded()).toHaveLength(1);
  });
});

describeControlPlane('a cluster whose signer has no key', () => {
  let plane: ControlPlane;
  let service: TestService;
  beforeAll(async () => {
    plane = await openControlPlane({ signing: false });
    service = await serve(plane);
  });
  afterAll(async () => {
    await service.close();
    await plane.stop();
  });

  it('finds out that the cluster does not sign; requests then fail at once; a new probe ends this, and nothing that was given up is signed', async () => {
    await expect.poll(async () => (await cluster(service)).probe?.signs, { timeout: 60_000 }).toBe('no');
    expect((await cluster(service)).probe?.advice).toBeTruthy();

    const begun = Date.now();
    const refused = await service.as('hr-system')('post', '/v1/kubeconfigs').send({ username: 'jane' });
    expect(refused.status, refused.text).toBe(502);
    expect(refused.text).toContain('ClusterDoesNotSign');
    expect(Date.now() - begun).toBeLessThan(5000);

    await plane.stopControllerManager();
    await plane.startControllerManager({ signing: true });
    expect((await probe(service)).probe?.signs).toBe('yes');
    const issued = await service.as('hr-system')('post', '/v1/kubeconfigs').send({ username: 'jane' });
    expect(issued.status, issued.text).toBe(201);

    const { items } = as.certificates(await service.as('audrey')('get', '/v1/certificates?username=jane'));
    expect(items).toHaveLength(1);
    const left = JSON.parse(await succeed(plane, ['get', 'csr', '--output=json'])) as { items: unknown[] };
    expect(left.items).toEqual([]);
  });
});
