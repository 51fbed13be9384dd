// Tests src/callers/routes/caller-routes.ts, src/clusters/cluster-routes.ts, src/clusters/read-clusters.ts
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { localCluster } from './support/local-cluster.js';
import { sharedService, type SharedService, startService, type TestService } from './support/service.js';

const directory = temporaryDirectory();
let plain: SharedService;
let configured: TestService;
beforeAll(async () => {
  plain = await sharedService();
  const config = `${await localCluster(directory.path)}
callers:
  oidc:
    - { name: corp, issuer: 'http://127.0.0.1:9/corp', audiences: [kubepass], scopes: [openid, groups], cli: { clientId: kubepass-cli } }
    - { name: web, issuer: 'http://127.0.0.1:9/web', audiences: [kubepass], usernamePrefix: 'web:', groupsPrefix: 'web:' }
publicAddress: { url: 'https://kubepass.example/', certificateAuthority: ${directory.path}/ca.crt }
`;
  configured = await startService({ config });
});
afterAll(async () => {
  await configured.close();
  directory.remove();
});

describe('how programs sign in', () => {
  it('is told without authentication, and names the issuers that have a client for the command line', async () => {
    const answer = await configured.anonymous('get', '/v1/callers').expect(200);
    expect(answer.body).toEqual({
      oidc: [
        {
          ...{ name: 'corp', issuer: 'http://127.0.0.1:9/corp', clientId: 'kubepass-cli' },
          ...{ scopes: ['openid', 'groups'], audiences: ['kubepass'] },
        },
      ],
      serviceAccounts: [],
      browsers: { issuers: [], apiTokens: true },
    });
  });

  it('is empty where API tokens are all there is', async () => {
    expect((await plain.anonymous('get', '/v1/callers').expect(200)).body).toEqual({
      ...{ oidc: [], serviceAccounts: [] },
      browsers: { issuers: [], apiTokens: true },
    });
  });
});

interface ExecKubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: Record<string, string> }[];
  readonly users: readonly { readonly name: string; readonly user: { readonly exec: Record<string, unknown> } }[];
  readonly 'current-context': string;
}

describe('the kubeconfig for the kubectl plugin', () => {
  it('holds no secret: the user is the plugin, which is told where kubepass is', async () => {
    const read = () => plain.as('alice')('get', '/v1/clusters/demo/kubeconfig');
    const answer = await read().set('accept', 'application/yaml').expect(200);
    expect(answer.type).toBe('application/yaml');
    const kubeconfig = parse(answer.text) as ExecKubeconfig;
    // The JSON is the same kubeconfig, which kubectl reads as well.
    expect((await read().expect(200)).body).toEqual(kubeconfig);
    expect(kubeconfig.users).toEqual([
      {
        name: 'kubepass@demo',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'kubectl-kubepass',
            args: ['get-credential', '--server', plain.address, '--cluster', 'demo'],
            installHint: expect.stringContaining('npm install -g') as string,
            interactiveMode: 'IfAvailable',
            provideClusterInfo: true,
          },
        },
      },
    ]);
    expect(kubeconfig['current-context']).toBe('demo');
    const { pem } = as.authorities(
      await plain.as('alice')('get', '/v1/clusters/demo/certificate-authority').set('accept', 'application/json'),
    ).serving;
    const data = kubeconfig.clusters[0]?.cluster['certificate-authority-data'] ?? '';
    expect(Buffer.from(data, 'base64').toString()).toBe(pem);
  });

  it('carries the CA of kubepass itself, and its public address', async () => {
    const answer = await configured.as('alice')('get', '/v1/clusters/demo/kubeconfig').expect(200);
    const args = (parse(answer.text) as ExecKubeconfig).users[0]?.user.exec['args'] as readonly string[];
    expect(args.slice(0, 6)).toEqual([
      'get-credential',
      '--server',
      'https://kubepass.example',
      '--cluster',
      'demo',
      '--certificate-authority-data',
    ]);
    expect(Buffer.from(args[6] ?? '', 'base64').toString()).toContain('BEGIN CERTIFICATE');
  });

  it('is for callers, and of a cluster that there is', async () => {
    await plain.anonymous('get', '/v1/clusters/demo/kubeconfig').expect(401);
    await plain.as('alice')('get', '/v1/clusters/other/kubeconfig').expect(404);
  });
});
