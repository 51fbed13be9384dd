// Tests src/signing/kubernetes-signer.ts, src/requests/create-request.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from '../http/support/call.js';
import { startService, type TestService } from '../http/support/service.js';
import { succeed } from './certificate-signing-request.js';
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
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: administrators }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["kubeadm:cluster-admins"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: manual }
`;

/** kubectl with a kubeconfig from the service. */
function kubectlWith(plane: ControlPlane, kubeconfig: string) {
  const file = join(directory.path, `${Math.random()}.kubeconfig`);
  writeFileSync(file, kubeconfig, { mode: 0o600 });
  // kubectl uses the last of two.
  return (args: readonly string[]) => plane.kubectl(['--kubeconfig', file, ...args]);
}

describeControlPlane.each([
  ['one CA', false],
  ['a client CA that is not its serving CA', true],
])('issuing on a real cluster with %s', (_what, separateClientCa) => {
  let plane: ControlPlane;
  let service: TestService;
  beforeAll(async () => {
    plane = await openControlPlane({ separateClientCa });
    const kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
    service = await startService({
      policies,
      config: `
clusters:
  - name: real
    server: ${plane.server}
    signer: kubernetes
    kubeconfig: ${kubeconfig}
    allowPrivilegedGroups: ["kubeadm:cluster-admins"]
`,
    });
  });
  afterAll(async () => {
    await service.close();
    await plane.stop();
  });

  it('gives out a kubeconfig that the API server accepts, with both groups, and RBAC decides', async () => {
    const answer = await service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ username: 'jane', groups: ['team-b', 'team-a'], namespace: 'default' });
    expect(answer.status, answer.text).toBe(201);
    const kubectl = kubectlWith(plane, as.kubeconfig(answer).kubeconfig);

    const whoami = await kubectl(['auth', 'whoami', '--output=json']);
    expect(whoami.code, whoami.stderr).toBe(0);
    expect((JSON.parse(whoami.stdout) as { status: { userInfo: unknown } }).status.userInfo).toMatchObject({
      username: 'jane',
      groups: expect.arrayContaining(['team-a', 'team-b', 'system:authenticated']) as unknown,
    });

    expect(await kubectl(['get', 'configmaps'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Forbidden') as unknown,
    });
    await succeed(plane, ['create', 'role', 'reader', '--verb=get,list', '--resource=configmaps']);
    await succeed(plane, ['create', 'rolebinding', 'reader', '--role=reader', '--group=team-a']);
    await expect.poll(async () => (await kubectl(['get', 'configmaps'])).code, { timeout: 10_000 }).toBe(0);
  });

  it('leaves no object behind once the certificate is in the inventory', async () => {
    await expect
      .poll(async () => (await succeed(plane, ['get', 'csr', '--output=name'])).trim(), { timeout: 10_000 })
      .toBe('');
  });

  it('gives out kubeadm:cluster-admins if the configuration allows it and a person approves', async () => {
    // kubeadm has it since 1.29.
    await succeed(plane, [
      'create',
      'clusterrolebinding',
      'kubeadm:cluster-admins',
      '--clusterrole=cluster-admin',
      '--group=kubeadm:cluster-admins',
    ]);
    const { pem, keyPair } = await csrFor('anna', ['kubeadm:cluster-admins'], 'RSA-2048');
    const asked = await service.as('alice')('post', '/v1/certificate-requests').send({ csr: pem });
    expect(as.request(asked)).toMatchObject({ state: 'pending' });
    const { id } = as.request(asked);
    await service.as('bob')('post', `/v1/certificate-requests/${id}/approve`).send({ comment: 'on call' });

    const certificate = await service.as('alice')('get', `/v1/certificate-requests/${id}/certificate`);
    expect(certificate.status, certificate.text).toBe(200);
    const keyFile = join(directory.path, 'anna.key');
    writeFileSync(keyFile, keyPair.privateKeyPem, { mode: 0o600 });
    const kubeconfig = await service
      .as('alice')('get', `/v1/certificate-requests/${id}/kubeconfig?clientKeyPath=${encodeURIComponent(keyFile)}`)
      .set('accept', 'application/yaml');
    const nodes = await kubectlWith(plane, kubeconfig.text)(['get', 'nodes']);
    expect(nodes).toMatchObject({ code: 0, stderr: expect.stringContaining('No resources found') as unknown });
  });

  it('records a certificate whose chain was checked against the client CA that the cluster names', async () => {
    const { items } = as.certificates(await service.as('audrey')('get', '/v1/certificates?username=jane'));
    expect(items).toMatchObject([{ cluster: 'real', issuer: expect.stringMatching(/^CN=/) as unknown }]);
    const { client } = as.authorities(await service.as('alice')('get', '/v1/clusters/real/certificate-authority'));
    expect(client?.pem.trim()).toBe(plane.clientCaPem.trim());
  });
});
