// Tests test/cluster/control-plane.ts
import { X509Certificate } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeyPair } from '@kubepass/x509';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { approveCsrObject, createCsrObject, issuedCertificate, succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { describeCluster, describeControlPlane, openCluster, openControlPlane } from './suite.js';
import type { TestCluster } from './test-cluster.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** The user that the API server sees behind a certificate and its key. */
async function whoami(cluster: TestCluster, certificatePem: string, keyPair: KeyPair): Promise<unknown> {
  const certificate = join(directory.path, 'user.crt');
  const key = join(directory.path, 'user.key');
  const ca = join(directory.path, 'ca.crt');
  writeFileSync(certificate, certificatePem);
  writeFileSync(key, keyPair.privateKeyPem, { mode: 0o600 });
  writeFileSync(ca, cluster.caPem);
  const answer = await succeed(cluster, [
    '--kubeconfig=/dev/null',
    `--server=${cluster.server}`,
    `--certificate-authority=${ca}`,
    `--client-certificate=${certificate}`,
    `--client-key=${key}`,
    'auth',
    'whoami',
    '--output=json',
  ]);
  return (JSON.parse(answer) as { status: { userInfo: unknown } }).status.userInfo;
}

describeCluster('a cluster to test against', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await openCluster();
  });
  afterAll(() => cluster.stop());

  it('lists certificate signing requests', async () => {
    expect(await cluster.kubectl(['get', 'csr'])).toMatchObject({ code: 0 });
  });

  it('issues a certificate for an approved request, chained to its client CA, and recognises its bearer', async () => {
    const name = `kubepass-test-${Date.now()}`;
    const { pem, keyPair } = await csrFor('jane', ['team-a', 'team-b']);
    await createCsrObject(cluster, name, pem);
    await approveCsrObject(cluster, name);
    const certificate = await issuedCertificate(cluster, name);
    await succeed(cluster, ['delete', 'csr', name]);

    const clientCa = new X509Certificate(cluster.clientCaPem);
    expect(new X509Certificate(certificate).verify(clientCa.publicKey)).toBe(true);
    expect(await whoami(cluster, certificate, keyPair)).toMatchObject({
      username: 'jane',
      groups: ['team-a', 'team-b', 'system:authenticated'],
    });
  });
});

describeControlPlane('a control plane whose client CA is not its serving CA', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await openControlPlane({ separateClientCa: true, signing: false, signingDuration: '30m' });
  });
  afterAll(() => plane.stop());

  it('signs nothing without a signing key, and signs waiting requests once the key is there', async () => {
    const { pem, keyPair } = await csrFor('jane');
    await createCsrObject(plane, 'jane', pem);
    await approveCsrObject(plane, 'jane');
    await expect(issuedCertificate(plane, 'jane', 3)).rejects.toThrow('timed out');

    await plane.stopControllerManager();
    await plane.startControllerManager({ signing: true });
    const certificate = await issuedCertificate(plane, 'jane');
    expect(plane.clientCaPem).not.toBe(plane.caPem);
    expect(new X509Certificate(certificate).verify(new X509Certificate(plane.clientCaPem).publicKey)).toBe(true);
    expect(await whoami(plane, certificate, keyPair)).toMatchObject({ username: 'jane' });
    // One hour was asked for.
    const { validFrom, validTo } = new X509Certificate(certificate);
    expect((Date.parse(validTo) - Date.parse(validFrom)) / 60_000).toBeCloseTo(35, 0);
  });

  it('publishes the client CA', async () => {
    const args = ['get', 'configmap', 'extension-apiserver-authentication', '--namespace=kube-system'];
    expect(await succeed(plane, [...args, '--output=jsonpath={.data.client-ca-file}'])).toBe(plane.clientCaPem);
  });

  it('loses its API server and gets it back with its data', async () => {
    await plane.stopApiServer();
    expect(await plane.kubectl(['get', 'csr', '--request-timeout=2s'])).not.toMatchObject({ code: 0 });
    await plane.startApiServer();
    expect(await succeed(plane, ['get', 'csr', 'jane', '--output=name'])).toContain('jane');
  });
});

describeControlPlane('a control plane that cannot start', () => {
  it('is reported with the end of the log', async () => {
    await expect(openControlPlane({ apiServerFlags: { 'no-such-flag': 'true' } })).rejects.toThrow(
      /kube-apiserver ended before it was ready.*unknown flag: --no-such-flag/s,
    );
  });
});

describeControlPlane('a control plane that is stopped', () => {
  it('leaves neither processes nor files', async () => {
    const plane = await openControlPlane();
    await plane.stop();
    await expect(fetch(plane.server)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(existsSync(plane.adminKubeconfigPath)).toBe(false);
  });
});
