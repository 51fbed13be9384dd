// Tests docs/install.md, docs/upgrading.md
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runPage } from '../../scripts/samples/run-page.js';
import { workingCopy } from '../../scripts/samples/working-copy.js';
import { postgresqlBinaries } from '../helpers/postgresql/binaries.js';
import { type PostgresqlServer, startPostgresql } from '../helpers/postgresql/server.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ApiClient } from './api-client.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { Balancer } from './pods/balancer.js';
import { type Image, makeImage } from './pods/image.js';
import { TestNode } from './pods/node.js';
import { describeCharts, helm, renderRelease } from './rendered-chart.js';
import { servingPair } from './serving-pair.js';
import { openControlPlane } from './suite.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(new URL('../../docs/install.md', import.meta.url), 'utf8');

/** The page names these, and a reader has others there. */
const databaseHost = 'db.example.com';
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const otherContext = 'prod-eu';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

describeCharts('the page about an installation', () => {
  let copy: ReturnType<typeof workingCopy>;
  let plane: ControlPlane;
  let otherPlane: ControlPlane;
  let database: PostgresqlServer;
  let image: Image;
  let api: ApiClient;
  let node: TestNode;
  let balancer: Balancer;
  let databaseCaFile: string;
  beforeAll(async () => {
    copy = workingCopy(checkout);
    mkdirSync(join(directory.path, 'database'));
    const { caFile, pair } = await servingPair(join(directory.path, 'database'), databaseHost);
    databaseCaFile = caFile;
    image = makeImage(directory.path);
    [plane, otherPlane, database] = await Promise.all([
      openControlPlane({
        moreControllers: ['deployment-controller', 'replicaset-controller', 'endpointslice-controller'],
      }),
      openControlPlane(),
      startPostgresql({ durable: true, tls: pair }),
    ]);
    api = ApiClient.ofKubeconfig(plane, plane.adminKubeconfigPath);
    const { hostname: host, port } = new URL(plane.server);
    const hosts = { [databaseHost]: '127.0.0.1' };
    node = await TestNode.start(api, image, join(directory.path, 'pods'), { apiServer: { host, port }, hosts });
    balancer = await Balancer.start(node, { namespace: 'kubepass', name: 'kubepass', port: 'https' });
  });
  afterAll(async () => {
    await balancer.stop();
    await node.stop();
    await api.close();
    await database.remove();
    await plane.stop();
    await otherPlane.stop();
    copy.remove();
  });

  /** The kubeconfigs of the administrator for both clusters, as `KUBECONFIG` names several. */
  const kubeconfigsOfBothClusters = () => {
    const file = join(directory.path, `${otherContext}.kubeconfig`);
    const other = readFileSync(otherPlane.adminKubeconfigPath, 'utf8');
    writeFileSync(file, other.replaceAll('"test"', JSON.stringify(otherContext)), { mode: 0o600 });
    return [plane.adminKubeconfigPath, file].join(delimiter);
  };

  it('works when it is pasted: two replicas on PostgreSQL issue for two clusters, and go without a trace', async () => {
    writeFileSync(join(copy.path, 'db-ca.crt'), readFileSync(databaseCaFile));
    const superuser = new URL(database.urlOf('postgres'));
    const here = page
      .replaceAll('localhost:8443', `localhost:${String(balancer.port)}`)
      .replaceAll(/^( +port:) 5432$/gm, `$1 ${superuser.port}`);
    const { differences } = await runPage(here, 'bash', copy.path, {
      HOME: copy.path,
      KUBECONFIG: kubeconfigsOfBothClusters(),
      PATH: [dirname(plane.kubectlPath), dirname(helm ?? ''), postgresqlBinaries(), process.env['PATH']].join(
        delimiter,
      ),
      // The blocks that need Docker or a release set these.
      CHART: 'deploy/chart/kubepass',
      DIGEST: digest,
      PGHOSTADDR: superuser.hostname,
      PGPORT: superuser.port,
      PGPASSWORD: superuser.password,
    }).catch((error: unknown) => {
      const logs = [...node.pods.values()].map((one) => ({
        pod: `${one.pod.metadata.namespace}/${one.pod.metadata.name}`,
        lines: one.logs.flatMap(({ lines }) => lines).filter((line) => !line.includes('"request answered"')),
      }));
      throw new Error(JSON.stringify(logs, null, 1), { cause: error });
    });
    expect(differences).toEqual([]);

    const pods = [...node.pods.values()].filter(({ pod }) => pod.metadata.namespace === 'kubepass');
    // Two, and two more with the second cluster.
    expect(pods).toHaveLength(4);
    const images = pods.flatMap(({ pod }) => pod.spec.containers.map((one) => one.image));
    expect(new Set(images)).toEqual(new Set([`registry.example.com/platform/kubepass@${digest}`]));
    const logs = pods.flatMap((one) => one.logs.flatMap(({ lines }) => lines));
    expect(logs.filter((line) => /"level":"(?:error|fatal)"/.test(line))).toEqual([]);
    // The service takes the token that the page makes, so it made no other.
    const messages = logs
      .filter((line) => line.includes('admin'))
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((msg) => msg !== 'request answered')).toEqual([
      'there was no live admin: the token in the file is one now',
    ]);
    expect(readFileSync(join(copy.path, 'first-admin-token'), 'utf8')).toMatch(/^kubepass_[A-Za-z0-9_-]{43}$/);
    const kubeconfig = parseAllDocuments(readFileSync(join(copy.path, 'jane.kubeconfig'), 'utf8'))[0]?.toJS() as {
      readonly users: readonly [{ readonly user: { readonly 'client-certificate-data': string } }];
    };
    const certificate = new X509Certificate(Buffer.from(kubeconfig.users[0].user['client-certificate-data'], 'base64'));
    expect(certificate.subject).toBe('O=viewers\nCN=jane');
    await expect.poll(() => node.podsOf('kubepass')).toEqual([]);
  });

  it('leaves a cluster in which the chart takes over from kustomize, as docs/upgrading.md says, with the same volume', async () => {
    const upgrading = readFileSync(new URL('../../docs/upgrading.md', import.meta.url), 'utf8');
    await succeed(plane, ['apply', `--kustomize=${join(copy.path, 'deploy/kubernetes')}`]);
    const adminToken = async () => {
      await expect
        .poll(() => node.podsOf('kubepass').map(({ isReady }) => isReady), { timeout: 120_000 })
        .toEqual([true]);
      const [pod] = node.podsOf('kubepass');
      const { code, stdout, stderr } = await pod!.exec('node', 'dist/kubepass.js', 'admin-token', '--show');
      expect(code, stderr).toBe(0);
      return stdout.trim();
    };
    const before = await adminToken();
    const former = node.podsOf('kubepass');
    const server = 'https://kubernetes.example.com:6443';
    const clusters = [{ name: 'this-cluster', server, signer: 'kubernetes', inCluster: true }];
    writeFileSync(join(copy.path, 'values.yaml'), JSON.stringify({ config: { clusters } }));
    await runPage(upgrading, 'bash', copy.path, {
      HOME: copy.path,
      KUBECONFIG: plane.adminKubeconfigPath,
      PATH: [dirname(plane.kubectlPath), dirname(helm ?? ''), process.env['PATH']].join(delimiter),
      CHART: 'deploy/chart/kubepass',
    });
    await Promise.all(former.map(({ finished }) => finished));
    expect(await adminToken()).toBe(before);
    const policies = await succeed(plane, [
      'get',
      'configmap',
      'kubepass-policies',
      '--namespace=kubepass',
      '--output=json',
    ]);
    // The policy of the base is gone.
    expect(Object.keys((JSON.parse(policies) as { readonly data: object }).data)).toEqual(['viewers.yaml']);
  });

  it('shows values that the chart takes', async () => {
    const shown = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)]
      .flatMap(([, text = '']) => parseAllDocuments(text).map((document) => document.toJS() as object))
      .filter((values) => !('apiVersion' in values));
    expect(shown.map((values) => Object.keys(values))).toEqual([
      ['tls'],
      ['clusterCredentials'],
      ['metrics'],
      ['networkPolicy'],
      ['extraObjects'],
    ]);
    const clusters = [
      { name: 'this-cluster', server: 'https://kubernetes.example.com:6443', signer: 'kubernetes', inCluster: true },
      { name: otherContext, server: 'https://prod-eu.example.com:6443', signer: 'kubernetes' },
    ];
    const credentials = { clusterCredentials: { [otherContext]: { secretName: 'prod-eu-kubeconfig', key: 'config' } } };
    const inTables = [...page.matchAll(/^\|.*\| `((?:service|gateway|ingress): .*)` \|$/gm)].flatMap(([, text = '']) =>
      parseAllDocuments(text).map((document) => document.toJS() as object),
    );
    expect(inTables).toHaveLength(3);
    for (const values of [...shown, ...inTables]) {
      const rendered = await renderRelease({
        ...{ chart: 'kubepass', name: 'kubepass', namespace: 'kubepass' },
        values: { config: { clusters }, ...credentials, ...values },
      });
      expect(rendered.map(({ manifest }) => manifest.kind)).toContain('Deployment');
    }
  });
});
