// Tests src/kubernetes/render-kubeconfig.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { embeddedRevocation } from '../../src/config/cluster-config.js';
import { renderKubeconfig } from '../../src/kubernetes/render-kubeconfig.js';
import type { Cluster } from '../../src/model/cluster.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { hostileTexts } from '../helpers/hostile-texts.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from '../http/support/call.js';
import { startService, type TestService } from '../http/support/service.js';
import { runCommand } from './run-command.js';
import { describeCluster, kubectlCommand } from './suite.js';

const rounds = 150;
const directory = temporaryDirectory();
const file = join(directory.path, 'kubeconfig');
afterAll(() => directory.remove());

/** The kubeconfig as Go's YAML parser and kubectl read it. */
async function readByKubectl(yaml: string): Promise<object> {
  writeFileSync(file, yaml, { mode: 0o600 });
  const args = ['config', 'view', '--raw', `--kubeconfig=${file}`, '--output=json'];
  const { stdout, stderr, code } = await runCommand(kubectlCommand(), args, { env: { HOME: directory.path } });
  expect(code, `${stderr}\n${yaml}`).toBe(0);
  return JSON.parse(stdout) as object;
}

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Parts of hostile texts, and characters of all of Unicode, in any order. */
function randomText(below: (bound: number) => number): string {
  const parts = Array.from({ length: 1 + below(6) }, () => {
    if (below(2) === 0) return hostileTexts[below(hostileTexts.length)] ?? '';
    const codePoint = below(2) === 0 ? below(0x3000) : below(0x110000);
    return codePoint >= 0xd800 && codePoint <= 0xdfff ? '\ufffd' : String.fromCodePoint(codePoint);
  });
  return parts.join('');
}

describeCluster('a kubeconfig, as kubectl reads it', () => {
  it(`has every text of every field as it was given, ${rounds} times`, async () => {
    const seed = Date.now() >>> 0;
    const below = randomOf(seed);
    for (let round = 0; round < rounds; round++) {
      const text = () => randomText(below);
      // Names are never empty, and kubectl leaves empty fields out.
      const some = () => `x${text()}`;
      const cluster: Cluster = {
        name: some(),
        server: some(),
        apiServers: [],
        tlsServerName: some(),
        signer: 'localCA',
        // As PEM, it begins with no character whose base64 may be a number, such as 45e8.
        servingCertificateAuthority: below(4) === 0 ? '' : some(),
        allowPrivilegedGroups: [],
        nameAlphabet: 'unicode',
        readsRoleBindings: false,
        revocation: embeddedRevocation,
      };
      const parts = { username: some(), contextName: some(), namespace: some(), certificatePem: some() };
      const path = text() || 'x';
      const pem = some();
      const base64 = (of: string) => Buffer.from(of).toString('base64');
      const read = async (key: { pem: string } | { path: string }) =>
        readByKubectl(renderKubeconfig({ ...parts, cluster, key }));
      const expected = (key: object) => ({
        kind: 'Config',
        apiVersion: 'v1',
        clusters: [
          {
            name: cluster.name,
            cluster: {
              server: cluster.server,
              'tls-server-name': cluster.tlsServerName,
              ...(cluster.servingCertificateAuthority !== '' && {
                'certificate-authority-data': base64(cluster.servingCertificateAuthority),
              }),
            },
          },
        ],
        users: [{ name: parts.username, user: { 'client-certificate-data': base64(parts.certificatePem), ...key } }],
        contexts: [
          {
            name: parts.contextName,
            context: { cluster: cluster.name, user: parts.username, namespace: parts.namespace },
          },
        ],
        'current-context': parts.contextName,
      });
      expect(await read({ path }), `seed ${seed}`).toEqual(expected({ 'client-key': path }));
      expect(await read({ pem }), `seed ${seed}`).toEqual(expected({ 'client-key-data': base64(pem) }));
    }
  });
});

describeCluster('a kubeconfig of the service, as kubectl reads it', () => {
  let service: TestService;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    const { pem } = await csrFor('jane', ['team-a']);
    const asked = await service.as('alice')('post', '/v1/certificate-requests').send({ csr: pem }).expect(201);
    url = `/v1/certificate-requests/${as.request(asked).id}/kubeconfig?clientKeyPath=`;
  });
  afterAll(() => service.close());

  it('has one cluster, one server and the path that was asked for, or there is none', async () => {
    let taken = 0;
    for (const path of hostileTexts.filter((text) => text !== '' && Array.from(text).length <= 1024)) {
      const answer = await service.as('alice')('get', url + encodeURIComponent(path));
      if (answer.status === 400) continue;
      expect(answer.status).toBe(200);
      expect(await readByKubectl(as.kubeconfig(answer).kubeconfig), JSON.stringify(path)).toMatchObject({
        clusters: [{ name: 'demo', cluster: { server: 'https://127.0.0.1:6443' } }],
        users: [{ name: 'jane', user: { 'client-key': path } }],
        contexts: [{ name: 'jane@demo' }],
      });
      taken++;
    }
    expect(taken).toBeGreaterThan(40);
  });
});
