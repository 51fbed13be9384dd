import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ApiClient } from './api-client.js';
import type { ControlPlane } from './control-plane.js';
import { makeImage } from './pods/image.js';
import { apply, makeNamespace } from './pods/installation.js';
import { KubepassClient } from './pods/kubepass-client.js';
import { type RunningPod, TestNode } from './pods/node.js';
import { describeCharts } from './rendered-chart.js';
import { servingPair } from './serving-pair.js';
import { openControlPlane } from './suite.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** The audience of tokens for other clusters; the API server takes its own besides. */
const audience = 'kubepass.example.com';
const issuer = 'https://kubernetes.default.svc.cluster.local';

const everybody = {
  apiVersion: 'kubepass/v1',
  kind: 'Policy',
  metadata: { name: 'everybody' },
  spec: {
    selector: { clusters: ['*'] },
    allowed: { usernames: ['*'], groups: ['team-*'] },
    constraints: { maxExpirationSeconds: 3600 },
    approval: { mode: 'auto' },
  },
};

describeCharts('pods as the chart renders them', () => {
  let plane: ControlPlane;
  let api: ApiClient;
  let node: TestNode;
  let tls: { readonly ca: string; readonly pair: { readonly cert: string; readonly key: string } };
  beforeAll(async () => {
    const { caFile, pair } = await servingPair(directory.path, 'kubepass.kubepass.svc', 'kubepass.ha.svc');
    tls = { ca: readFileSync(caFile, 'utf8'), pair };
    const [image, started] = await Promise.all([
      makeImage(directory.path),
      openControlPlane({
        apiServerFlags: { 'api-audiences': `${issuer},${audience}` },
        // Deployments have pods, and Services have endpoints.
        moreControllers: ['deployment-controller', 'replicaset-controller', 'endpointslice-controller'],
      }),
    ]);
    plane = started;
    api = ApiClient.ofKubeconfig(plane, plane.adminKubeconfigPath);
    const { hostname: host, port } = new URL(plane.server);
    node = await TestNode.start(api, image, join(directory.path, 'pods'), { apiServer: { host, port }, hosts: {} });
  });
  afterAll(async () => {
    await node.stop();
    await api.close();
    await plane.stop();
  });

  /** The service in a pod, for the owner of a token. */
  const clientOf = ({ pod, loopback }: RunningPod, token: string) =>
    new KubepassClient(
      { host: loopback, port: 8443 },
      { ca: tls.ca, servername: `kubepass.${pod.metadata.namespace}.svc` },
      token,
    );

  const untilReady = async (namespace: string, count: number) => {
    await expect
      .poll(() => node.podsOf(namespace).filter(({ isReady }) => isReady).length, { timeout: 120_000 })
      .toBe(count)
      .catch((error: unknown) => {
        throw new Error(
          JSON.stringify(
            node.podsOf(namespace).map(({ logs }) => logs),
            null,
            1,
          ),
          { cause: error },
        );
      });
    return node.podsOf(namespace);
  };

  /** The lines of a pod that warn of something. */
  const warningsOf = ({ logs }: RunningPod) =>
    logs.flatMap(({ lines }) => lines).filter((line) => !/^\{"level":(10|20|30),/.test(line));

  const whoIs = async (kubeconfig: string) => {
    const file = join(directory.path, `${Math.random()}.kubeconfig`);
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    const { code, stdout, stderr } = await plane.kubectl([
      ...[`--kubeconfig=${file}`, `--server=${plane.server}`],
      ...['auth', 'whoami', '--output=jsonpath={.status.userInfo}'],
    ]);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as { readonly username: string; readonly groups: readonly string[] };
  };

  describe('with the defaults', () => {
    beforeAll(async () => {
      const values = { policies: { everybody } };
      await makeNamespace(plane, 'kubepass', { 'kubepass-tls': { 'tls.crt': tls.pair.cert, 'tls.key': tls.pair.key } });
      await apply(plane, { chart: 'kubepass', name: 'kubepass', namespace: 'kubepass', values });
    });

    it('serve on SQLite, and issue a kubeconfig that the API server accepts', async () => {
      const [pod] = await untilReady('kubepass', 1);
      const shown = await pod!.exec('node', 'dist/admin-token.js', '--show');
      expect(shown.code, shown.stderr).toBe(0);
      const client = clientOf(pod!, shown.stdout.trim());
      const answer = await client.ask(
        'POST',
        '/v1/kubeconfigs',
        { username: 'jane', groups: ['team-a'] },
        'application/yaml',
      );
      expect(answer.status, answer.text).toBe(201);
      expect(await whoIs(answer.text)).toMatchObject({
        username: 'jane',
        groups: expect.arrayContaining(['team-a', 'system:authenticated']) as unknown,
      });
      await client.close();
      expect(warningsOf(pod!)).toEqual([]);
    });
  });
});
