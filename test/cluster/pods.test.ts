// Tests deploy/chart/kubepass/, scripts/image-root.sh
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/audit/checkpoint.js';
import { readNote, readVerifierKey } from '../../src/audit/signed-note.js';
import { query } from '../helpers/postgresql/databases.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ApiClient } from './api-client.js';
import type { ControlPlane } from './control-plane.js';
import { type DatabaseServer, hasPostgresql, startDatabaseServer } from './pods/database.js';
import { Balancer } from './pods/balancer.js';
import { makeImage } from './pods/image.js';
import { apply, makeNamespace } from './pods/installation.js';
import { KubepassClient } from './pods/kubepass-client.js';
import { type RunningPod, TestNode } from './pods/node.js';
import { describePods, type Release } from './rendered-chart.js';
import { servingPair } from './serving-pair.js';
import { openControlPlane } from './suite.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** The audience of tokens for other clusters; the API server takes its own besides. */
const audience = 'kubepass.example.com';
const issuer = 'https://kubernetes.default.svc.cluster.local';

/** Lines of a log that do not say that something is wrong. */
const expectedLines = [
  // The first start makes the key or reads it the first time, and somebody should note it.
  /"msg":"a key for checkpoints of the audit log is new"/,
  // This machine locks no more memory for a process.
  /^Unable to memory map openssl secure heap/,
  // The migration.
  /^applied: /,
  /^role kubepass may do what the service needs$/,
  // The probe asks before the start is over.
  /"reason":"what an earlier process left is not recovered yet","msg":"not ready"/,
];

/** Names of the DNS that a cluster has. */
const databaseHost = 'postgresql.databases.svc';
const otherHost = 'other.databases.svc';

/** Passwords with all that an URL, a shell, YAML and Kubernetes give a meaning. */
const passwords = {
  kubepass_owner: `/:@#%?& "'=+\\$(PATH)$$;{{ .Values }}|<>*!~^[]%2Fé`,
  kubepass: `'"$HOME\`id\`:%00@[::1]:5432/postgres?sslmode=disable#: - \\n%%s`,
};

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

describePods('pods as the chart renders them', () => {
  let plane: ControlPlane;
  let api: ApiClient;
  let node: TestNode;
  let tls: { readonly ca: string; readonly pair: { readonly cert: string; readonly key: string } };
  beforeAll(async () => {
    const { caFile, pair } = await servingPair(directory.path, 'kubepass.kubepass.svc', 'kubepass.ha.svc');
    tls = { ca: readFileSync(caFile, 'utf8'), pair };
    const image = makeImage(directory.path);
    plane = await openControlPlane({
      apiServerFlags: { 'api-audiences': `${issuer},${audience}` },
      // Deployments have pods, and Services have endpoints.
      moreControllers: ['deployment-controller', 'replicaset-controller', 'endpointslice-controller'],
    });
    api = ApiClient.ofKubeconfig(plane, plane.adminKubeconfigPath);
    const { hostname: host, port } = new URL(plane.server);
    const hosts = { [databaseHost]: '127.0.0.1', [otherHost]: '127.0.0.1' };
    node = await TestNode.start(api, image, join(directory.path, 'pods'), { apiServer: { host, port }, hosts });
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

  /** The lines of a pod that say more than what happens in a healthy one. */
  const warningsOf = ({ logs }: RunningPod) =>
    logs
      .flatMap(({ lines }) => lines)
      .filter((line) => !line.startsWith('{"level":"info"') && !expectedLines.some((expected) => expected.test(line)));

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
      const shown = await pod!.exec('node', 'dist/kubepass.js', 'admin-token', '--show');
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

  describe.skipIf(!hasPostgresql())('on PostgreSQL, two of them', () => {
    const firstAdminToken = `kubepass_${randomBytes(32).toString('base64url')}`;
    const checkpointKey = generateKeyPairSync('ed25519');
    const checkpointPem = checkpointKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    let database: DatabaseServer;
    let release: Release;
    beforeAll(async () => {
      database = await startDatabaseServer(directory.path, databaseHost, passwords);
      await makeNamespace(plane, 'fleet', {});
      await makeNamespace(plane, 'ha', {
        'kubepass-tls': { 'tls.crt': tls.pair.cert, 'tls.key': tls.pair.key },
        'postgresql-ca': { 'root.pem': database.caPem },
        owner: { password: passwords.kubepass_owner },
        service: { pass_word: passwords.kubepass },
        audit: { 'checkpoint.pem': checkpointPem },
        'first-admin': { token: firstAdminToken },
        'own-ca': {
          'ca.crt': plane.clientCaPem,
          'ca.key': readFileSync(plane.clientCaKeyPath, 'utf8'),
          'serving.crt': plane.caPem,
        },
        'fleet-ca': { 'bundle.pem': plane.caPem },
      });
      const subject = { kind: 'ServiceAccount', name: 'kubepass', namespace: 'ha' };
      await apply(plane, { chart: 'kubepass-access', name: 'by-token', namespace: 'fleet', values: { subject } });
      await apply(plane, { chart: 'kubepass-access', name: 'by-kubeconfig', namespace: 'fleet' });
      const kubeconfig = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'fleet',
            cluster: {
              server: plane.server,
              'certificate-authority-data': Buffer.from(plane.caPem).toString('base64'),
            },
          },
        ],
        users: [
          { name: 'kubepass', user: { token: await api.requestToken({ namespace: 'fleet', name: 'by-kubeconfig' }) } },
        ],
        contexts: [{ name: 'fleet', context: { cluster: 'fleet', user: 'kubepass' } }],
        'current-context': 'fleet',
      };
      await api.done('POST', '/api/v1/namespaces/ha/secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'fleet-kubeconfig' },
        stringData: { config: JSON.stringify(kubeconfig) },
      });
      const own = '/etc/kubepass/secrets/own-ca';
      const server = plane.server;
      release = {
        ...{ chart: 'kubepass', name: 'kubepass', namespace: 'ha' },
        values: {
          replicas: 2,
          policies: { everybody },
          config: {
            // They are one real cluster, and so trust one CA.
            clusters: [
              { name: 'by-token', signer: 'kubernetes' },
              { name: 'by-kubeconfig', signer: 'kubernetes' },
              {
                ...{ name: 'own-ca', servingCertificateAuthority: `${own}/serving.crt` },
                signer: { localCA: { certFile: `${own}/ca.crt`, keyFile: `${own}/ca.key` } },
              },
            ].map((cluster) => ({ ...cluster, server, sharedTrust: true })),
            audit: { checkpointSeconds: 1 },
          },
          clusterCredentials: {
            'by-token': { server, caSecret: { name: 'fleet-ca', key: 'bundle.pem' }, audience },
            'by-kubeconfig': { secretName: 'fleet-kubeconfig', key: 'config' },
          },
          database: {
            type: 'postgresql',
            postgresql: {
              ...{ host: databaseHost, port: database.port, caSecret: { name: 'postgresql-ca', key: 'root.pem' } },
              service: { passwordSecret: { name: 'service', key: 'pass_word' } },
              owner: { passwordSecret: { name: 'owner' } },
            },
          },
          checkpointKeys: [{ name: 'audit', key: 'checkpoint.pem' }],
          firstAdminToken: { name: 'first-admin' },
          secretFiles: { 'own-ca': { secretName: 'own-ca' } },
          metrics: { enabled: true },
        },
      };
      await apply(plane, release);
    });
    afterAll(() => database.server.remove());

    const asOwner = <T extends object>(sql: string) =>
      query(database.server.urlOf('kubepass'), async (client) => (await client.query<T>(sql)).rows);

    it('migrate as the owner, serve as the other role, both over TLS with a verified server', async () => {
      const pods = await untilReady('ha', 2);
      for (const { ends, container } of pods) {
        expect(ends).toEqual([{ container: 'migrate', end: 0 }]);
        const environment = readFileSync(`/proc/${container.pid}/environ`, 'utf8');
        expect(environment).toContain(passwords.kubepass);
        expect(environment).not.toContain(passwords.kubepass_owner);
      }
      const tables = await asOwner(`SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'`);
      expect(tables).toEqual([{ tableowner: 'kubepass_owner' }]);
      const connections = await asOwner<{ usename: string; ssl: boolean }>(
        'SELECT DISTINCT usename, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_port IS NOT NULL AND pid <> pg_backend_pid()',
      );
      expect(connections).toEqual([{ usename: 'kubepass', ssl: true }]);
    });

    it('refuse a database server whose certificate has another name', async () => {
      const [pod] = await untilReady('ha', 2);
      const { code, stderr } = await pod!.exec(
        ...['node', '--input-type=module', '--eval'],
        `process.env.DATABASE_URL = process.env.DATABASE_URL.replace('${databaseHost}', '${otherHost}');
         process.argv[1] = '/app/dist/kubepass.js';
         process.argv[2] = 'migrate';
         await import('/app/dist/kubepass.js');`,
      );
      expect(code).not.toBe(0);
      expect(stderr).toContain('altnames');
    });

    it('both know the first admin, and both issue for each cluster', async () => {
      for (const pod of await untilReady('ha', 2)) {
        const client = clientOf(pod, firstAdminToken);
        for (const cluster of ['by-token', 'by-kubeconfig', 'own-ca']) {
          const username = `${cluster}-user`;
          const answer = await client.ask(
            'POST',
            '/v1/kubeconfigs',
            { cluster, username, groups: ['team-a'] },
            'application/yaml',
          );
          expect(answer.status, answer.text).toBe(201);
          expect(await whoIs(answer.text)).toMatchObject({ username });
        }
        await client.close();
      }
    });

    it('warn of nothing', async () => {
      for (const pod of await untilReady('ha', 2)) expect(warningsOf(pod)).toEqual([]);
    });

    it('serve metrics at their port', async () => {
      for (const { loopback } of await untilReady('ha', 2)) {
        const answer = await fetch(`http://${loopback}:9464/metrics`);
        const lines = (await answer.text()).split('\n').filter((line) => line.startsWith('kubepass_build_info'));
        expect(lines).toEqual([expect.stringMatching(/^kubepass_build_info\{version="[^"]+",revision="[^"]+"\} 1$/)]);
      }
    });

    /** The last checkpoint, which must have a signature of the key in the Secret, and no key but that one is known. */
    const checkpointedEvents = async (client: KubepassClient) => {
      const { body } = await client.ask('GET', '/v1/audit-events/checkpoint-keys');
      const keys = (body['items'] as readonly { readonly key: string }[]).map((one) => readVerifierKey(one.key));
      const publicKey = checkpointKey.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
      expect(keys.map((key) => key?.publicKey.toString('hex'))).toEqual([publicKey.toString('hex')]);
      const { text } = await client.ask('GET', '/v1/audit-events/checkpoint', undefined, 'text/plain');
      const read = readNote(text, [keys[0]!]);
      if (!read.ok) return 0;
      return readCheckpoint(read.note.text)?.size ?? 0;
    };

    /** The highest number of an event. */
    const recordedEvents = async () => {
      const [row] = await asOwner<{ seq: string }>('SELECT max("seq") AS seq FROM "AuditEvent"');
      return Number(row?.seq);
    };

    const ask = (client: KubepassClient, username: string, groups = ['team-a']) =>
      client.ask('POST', '/v1/kubeconfigs', { cluster: 'own-ca', username, groups });

    it('take changed policies while they run', async () => {
      const pods = await untilReady('ha', 2);
      const groups = ['another-group'];
      const clients = pods.map((pod) => clientOf(pod, firstAdminToken));
      for (const client of clients) expect((await ask(client, 'jane', groups)).status).toBe(403);
      const allowed = { usernames: ['*'], groups: ['team-*', 'another-*'] };
      await apply(plane, {
        ...release,
        values: { ...release.values, policies: { everybody: { ...everybody, spec: { ...everybody.spec, allowed } } } },
      });
      for (const pod of pods) await pod.sync();
      for (const client of clients) {
        await expect.poll(async () => (await ask(client, 'jane', groups)).status).toBe(201);
        await client.close();
      }
      // The same pods as before.
      expect(await untilReady('ha', 2)).toEqual(pods);
    });

    it('are replaced one after the other while every call is answered, and all sign with one key', async () => {
      const former = await untilReady('ha', 2);
      const balancer = await Balancer.start(node, { namespace: 'ha', name: 'kubepass', port: 'https' });
      await expect.poll(() => balancer.ready).toBe(2);
      const client = new KubepassClient(
        { host: '127.0.0.1', port: balancer.port },
        { ca: tls.ca, servername: 'kubepass.ha.svc' },
        firstAdminToken,
      );
      const statuses: (number | string)[] = [];
      let fewestEndpoints = balancer.ready;
      let isOver = false;
      const callers = [0, 1, 2].map(async (caller) => {
        for (let i = 0; !isOver; i += 1) {
          const call = i % 5 === 0 ? ask(client, `rollout-${caller}-${i}`) : client.ask('GET', '/v1/whoami');
          statuses.push(await call.then(({ status }) => status, String));
          fewestEndpoints = Math.min(fewestEndpoints, balancer.ready);
          await sleep(30);
        }
      });
      try {
        const before = await recordedEvents();
        await expect.poll(() => checkpointedEvents(client)).toBeGreaterThanOrEqual(before);
        const { values } = release as { values: { config: { audit: object } } };
        const config = { ...values.config, audit: { checkpointSeconds: 2 } };
        await apply(plane, { ...release, values: { ...values, config } });
        const isNew = (one: RunningPod) => one.isReady && !former.includes(one);
        await expect.poll(() => node.podsOf('ha').filter(isNew).length, { timeout: 120_000 }).toBe(2);
        await Promise.all(former.map(({ finished }) => finished));
        const count = statuses.length;
        await expect.poll(() => statuses.length).toBeGreaterThan(count + 20);
        isOver = true;
        await Promise.all(callers);
        expect(statuses.filter((status) => status !== 200 && status !== 201)).toEqual([]);
        expect(fewestEndpoints).toBe(2);
        expect(former.map(({ ends }) => ends.at(-1))).toEqual(former.map(() => ({ container: 'kubepass', end: 0 })));

        // One process at a time signs, and one that ends leaves that to another: here to a new one.
        const events = await recordedEvents();
        expect(before).toBeLessThan(events);
        await expect.poll(() => checkpointedEvents(client), { timeout: 120_000 }).toBeGreaterThanOrEqual(events);
      } finally {
        isOver = true;
        await Promise.all(callers);
        await client.close();
        await balancer.stop();
      }
    });

    it('lose nothing that was answered, when one is killed while it answers', async () => {
      const pods = await untilReady('ha', 2);
      const clients = pods.map((pod) => clientOf(pod, firstAdminToken));
      const [victim] = pods;
      const { container } = victim!;
      const ids: string[] = [];
      // Ten callers with five calls each, one after the other, so that each pod has calls left when one is killed.
      const callers = Array.from({ length: 10 }, async (_one, caller) => {
        for (let i = 0; i < 5; i += 1) {
          const { status, body } = await ask(clients[caller % 2]!, `kill-${caller}-${i}`);
          expect(status).toBe(201);
          ids.push((body['request'] as { readonly id: string }).id);
          if (ids.length === 10) container.kill('SIGKILL');
        }
      });
      const results = await Promise.allSettled(callers);
      // The callers of the other pod got every answer, and those of this one a broken connection.
      const failed = results.flatMap((result, caller) => (result.status === 'rejected' ? [caller % 2] : []));
      expect(failed).toEqual([0, 0, 0, 0, 0]);
      expect(await container.ended).toBe('SIGKILL');
      await expect.poll(() => victim!.logs.filter((log) => log.container === 'kubepass').length).toBe(2);
      await untilReady('ha', 2);
      for (const client of clients) {
        for (const id of ids) {
          const { body } = await client.ask('GET', `/v1/certificate-requests/${id}`);
          expect(body).toMatchObject({ id, state: 'issued' });
        }
        const { body } = await client.ask('GET', '/v1/audit-events/verification');
        expect(body).toMatchObject({ valid: true });
        expect((await ask(client, 'after-the-kill')).status).toBe(201);
        await client.close();
      }
    });
  });
});
