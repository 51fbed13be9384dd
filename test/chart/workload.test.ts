// Tests deploy/chart/kubepass/
import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { versionOf } from '../../scripts/release/version-places.js';
import { loadKubeConfig } from '../../src/kubernetes/load-kube-config.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ciFile, describeChart, type Manifest, type Pod, render, type Rendering, somePolicy } from './render.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const version = versionOf('.');

/** PostgreSQL with two replicas, as `ci/ha-values.yaml` has it. */
const highlyAvailable = { files: [ciFile('ha')] };

const deployment = ({ find }: Rendering) =>
  find('Deployment').spec as {
    readonly replicas: number;
    readonly strategy: object;
    readonly selector: { readonly matchLabels: object };
    readonly template: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };
  };
const variables = (list: Pod['containers'][0]['env']) =>
  Object.fromEntries(list.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
const volume = ({ pod }: Rendering, name: string) => pod.volumes.find((one) => one.name === name);

describeChart('one replica on SQLite', () => {
  it('keeps its data on a volume that Helm leaves, and ends before the next one starts', async () => {
    const rendering = await render();
    expect(deployment(rendering)).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(deployment(rendering).strategy).not.toHaveProperty('rollingUpdate');
    expect(rendering.find('PersistentVolumeClaim')).toMatchObject({
      metadata: { name: 'kubepass-data', annotations: { 'helm.sh/resource-policy': 'keep' } },
      spec: { resources: { requests: { storage: '2Gi' } } },
    });
    expect(volume(rendering, 'data')).toMatchObject({ persistentVolumeClaim: { claimName: 'kubepass-data' } });
    expect(Object.keys(variables(rendering.pod.containers[0].env))).not.toContain('DATABASE_URL');
    expect(rendering.pod).not.toHaveProperty('initContainers');
  });

  it('has no PodDisruptionBudget and no spread, which would keep its node from being drained', async () => {
    const rendering = await render({ podDisruptionBudget: { enabled: true } });
    expect(rendering.names('PodDisruptionBudget')).toEqual([]);
    expect(rendering.pod).not.toHaveProperty('topologySpreadConstraints');
  });

  it('takes a claim of yours', async () => {
    const rendering = await render({ database: { sqlite: { existingClaim: 'mine' } } });
    expect(rendering.names('PersistentVolumeClaim')).toEqual([]);
    expect(volume(rendering, 'data')).toMatchObject({ persistentVolumeClaim: { claimName: 'mine' } });
  });
});

describeChart('several replicas on PostgreSQL', () => {
  it('are replaced one by one, none before the next one is ready', async () => {
    const rendering = await render({}, highlyAvailable);
    expect(deployment(rendering)).toMatchObject({
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(volume(rendering, 'data')).toMatchObject({ emptyDir: {} });
    expect(rendering.names('PersistentVolumeClaim')).toEqual([]);
  });

  it('have a PodDisruptionBudget and spread over zones and hosts', async () => {
    const rendering = await render({ podDisruptionBudget: { maxUnavailable: '50%' } }, highlyAvailable);
    const { matchLabels } = deployment(rendering).selector;
    expect(rendering.find('PodDisruptionBudget').spec).toMatchObject({
      maxUnavailable: '50%',
      selector: { matchLabels },
    });
    expect(rendering.pod['topologySpreadConstraints']).toEqual(
      ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels },
      })),
    );
    const without = await render({ podDisruptionBudget: { enabled: false } }, highlyAvailable);
    expect(without.names('PodDisruptionBudget')).toEqual([]);
  });

  it('spread as you say', async () => {
    const topologySpreadConstraints = [
      { maxSkew: 2, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
    ];
    expect((await render({ topologySpreadConstraints }, highlyAvailable)).pod).toMatchObject({
      topologySpreadConstraints,
    });
  });

  it('have no password in a URL, and the password of the owner only where it migrates', async () => {
    const { pod, text } = await render(
      { database: { postgresql: { name: 'a b', service: { username: 'us er/:@' }, port: 6432 } } },
      highlyAvailable,
    );
    const secret = (key: string) => ({ secretKeyRef: { name: 'kubepass-postgresql', key } });
    const at = 'db.example.com:6432/a%20b?sslmode=verify-full&sslrootcert=/etc/kubepass/postgresql/ca.crt';
    const [migrate] = pod.initContainers ?? [];
    expect(migrate).toMatchObject({
      name: 'migrate',
      image: pod.containers[0].image,
      args: ['migrate', '--grant-to', 'us er/:@'],
      securityContext: pod.containers[0]['securityContext'],
    });
    expect(variables(migrate?.env ?? [])).toMatchObject({
      DATABASE_URL: `postgresql://kubepass_owner@${at}`,
      PGPASSWORD: secret('owner'),
    });
    expect(variables(pod.containers[0].env)).toMatchObject({
      DATABASE_URL: `postgresql://us%20er%2F%3A%40@${at}`,
      PGPASSWORD: secret('service'),
    });
    expect(text.match(/key: "owner"/g)).toHaveLength(1);
  });

  it('migrate by themselves where there is no owner, and without a CA of yours trust those that Node.js knows', async () => {
    const rendering = await render(
      {
        database: { postgresql: { host: 'fd00::5', owner: { passwordSecret: { name: '' } }, caSecret: { name: '' } } },
      },
      highlyAvailable,
    );
    expect(rendering.pod).not.toHaveProperty('initContainers');
    expect(volume(rendering, 'postgresql-ca')).toBeUndefined();
    expect(variables(rendering.pod.containers[0].env)['DATABASE_URL']).toBe(
      'postgresql://kubepass@[fd00::5]:5432/kubepass?sslmode=verify-full',
    );
    const plain = await render({ database: { postgresql: { sslMode: 'disable' } } }, highlyAvailable);
    expect(variables(plain.pod.containers[0].env)['DATABASE_URL']).toMatch(/\?sslmode=disable$/);
  });

  it('sign checkpoints with the same keys, and know the same first admin', async () => {
    const rendering = await render(
      {
        checkpointKeys: [
          { name: 'one', key: 'a' },
          { name: 'two', key: 'b' },
        ],
      },
      highlyAvailable,
    );
    expect(volume(rendering, 'checkpoint-keys')).toMatchObject({
      projected: {
        defaultMode: 256,
        sources: [
          { secret: { name: 'one', items: [{ key: 'a', path: '0.key' }] } },
          { secret: { name: 'two', items: [{ key: 'b', path: '1.key' }] } },
        ],
      },
    });
    expect(rendering.find('ConfigMap', 'kubepass-config').data?.['kubepass.yaml']).toContain(
      'checkpointKeys:\n  - /etc/kubepass/checkpoint-keys/0.key\n  - /etc/kubepass/checkpoint-keys/1.key\n',
    );
    expect(volume(rendering, 'first-admin-token')).toMatchObject({
      secret: { secretName: 'kubepass-first-admin-token', items: [{ key: 'token', path: 'token' }] },
    });
    expect(variables(rendering.pod.containers[0].env)['KUBEPASS_FIRST_ADMIN_TOKEN_FILE']).toBe(
      '/etc/kubepass/first-admin-token/token',
    );
  });
});

describeChart('a pod', () => {
  it('goes on for five seconds while callers learn that it ends, and has 20 minutes to start', async () => {
    const { pod } = await render();
    const [container] = pod.containers;
    expect(pod['terminationGracePeriodSeconds']).toBe(40);
    expect(container['lifecycle']).toEqual({ preStop: { sleep: { seconds: 5 } } });
    const { periodSeconds, failureThreshold } = container['startupProbe'] as Record<string, number>;
    expect((periodSeconds ?? 0) * (failureThreshold ?? 0)).toBe(20 * 60);
  });

  it('is replaced where the configuration changes, and not where policies do', async () => {
    const checksum = async (values: object, files: readonly string[] = []) =>
      deployment(await render(values, { files })).template.metadata.annotations['checksum/config'];
    const before = await checksum({});
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await checksum({ policies: { a: somePolicy }, podLabels: { a: 'b' } })).toBe(before);
    expect(await checksum({ config: { console: false } })).not.toBe(before);
    // The kubeconfig that the chart writes is read at start, too.
    const clusters = [ciFile('clusters')];
    const server = 'https://10.20.0.2:6443';
    expect(await checksum({ clusterCredentials: { 'prod-us': { server } } }, clusters)).not.toBe(
      await checksum({}, clusters),
    );
  });

  it('takes policies from a ConfigMap of yours', async () => {
    const rendering = await render({ policiesConfigMap: 'ours' });
    expect(volume(rendering, 'policies')).toMatchObject({ configMap: { name: 'ours' } });
    expect(rendering.names('ConfigMap')).toEqual(['kubepass/kubepass-config']);
  });

  it.each([
    [{}, `kubepass:${version}`],
    [{ image: { registry: 'r.example.com/' } }, `r.example.com/kubepass:${version}`],
    [
      { image: { registry: 'r.example.com', tag: '1.0' }, global: { imageRegistry: 'g.example.com:5000' } },
      'g.example.com:5000/kubepass:1.0',
    ],
    [{ image: { repository: 'a/b', tag: '1.0', digest: `sha256:${'0'.repeat(64)}` } }, `a/b@sha256:${'0'.repeat(64)}`],
  ])('with %j runs the image %s', async (values, image) => {
    const rendering = await render(values, highlyAvailable);
    expect([...rendering.pod.containers, ...(rendering.pod.initContainers ?? [])].map((one) => one.image)).toEqual([
      image,
      image,
    ]);
  });

  it('has a token of its own only where the service reaches the cluster that it runs in', async () => {
    expect((await render()).pod.automountServiceAccountToken).toBe(true);
    const server = 'https://a.example';
    const config = { clusters: [{ name: 'a', server, signer: 'kubernetes' }] };
    const away = await render({ config, clusterCredentials: { a: { secretName: 'a' } } });
    expect(away.pod.automountServiceAccountToken).toBe(false);
  });

  it('reaches other clusters by a kubeconfig of yours, or by one that the chart writes for its projected token', async () => {
    const rendering = await render({}, { files: [ciFile('clusters')] });
    const { data = {} } = rendering.find('ConfigMap', 'kubepass-config');
    const { clusters } = parse(data['kubepass.yaml'] ?? '') as { readonly clusters: readonly object[] };
    expect(clusters).toMatchObject([
      { name: 'this-cluster', inCluster: true },
      { name: 'prod-eu', kubeconfig: '/etc/kubepass/clusters/prod-eu/kubeconfig', context: 'kubepass@prod-eu' },
      { name: 'prod-us', kubeconfig: '/etc/kubepass/clusters/prod-us/kubeconfig' },
    ]);
    expect(volume(rendering, 'cluster-prod-eu')).toMatchObject({
      secret: { secretName: 'prod-eu-kubeconfig', items: [{ key: 'config', path: 'kubeconfig' }] },
    });
    const audience = 'https://prod-us.example.com';
    expect(volume(rendering, 'cluster-prod-us')).toMatchObject({
      projected: {
        defaultMode: 256,
        sources: [
          { configMap: { name: 'kubepass-config', items: [{ key: 'prod-us.kubeconfig', path: 'kubeconfig' }] } },
          { secret: { name: 'prod-us-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { serviceAccountToken: { audience, expirationSeconds: 3600, path: 'token' } },
        ],
      },
    });
    // The service takes it: as with kubectl, paths in it are beside it.
    const folder = directory.path;
    writeFileSync(`${folder}/kubeconfig`, data['prod-us.kubeconfig'] ?? '');
    const kubeConfig = loadKubeConfig({ kind: 'kubeconfig', file: `${folder}/kubeconfig`, context: null }, false);
    expect(kubeConfig.getCurrentCluster()).toMatchObject({
      server: 'https://10.20.0.1:6443',
      caFile: `${folder}/ca.crt`,
    });
    expect(kubeConfig.getCurrentUser()).toMatchObject({ authProvider: { config: { tokenFile: `${folder}/token` } } });
  });

  it('has a volume of its own for each Secret with files, whatever its name', async () => {
    const long = 'a-very-long-name-of-a-secret-with-files-that-is-longer-than-any';
    const { pod } = await render({ secretFiles: { [long]: { secretName: 'a' }, 'with.dot': { secretName: 'b' } } });
    const mounts = pod.containers[0].volumeMounts.filter(({ mountPath }) =>
      mountPath.startsWith('/etc/kubepass/secrets/'),
    );
    expect(mounts.map(({ mountPath }) => mountPath)).toEqual([
      `/etc/kubepass/secrets/${long}`,
      '/etc/kubepass/secrets/with.dot',
    ]);
    for (const { name } of mounts) expect(name).toMatch(/^[a-z0-9-]{1,63}$/);
  });
});

describeChart('network policies', () => {
  const rules = (manifest: Manifest) =>
    manifest.spec as {
      readonly ingress: readonly object[];
      readonly egress: readonly object[];
      readonly podSelector: object;
    };
  const peer = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });
  const tcp = (port: string | number) => ({ protocol: 'TCP', port });
  const dns = {
    to: [{ ...peer('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
    ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
  };

  it('let callers in at https, and the pod out to DNS and API servers', async () => {
    const rendering = await render();
    expect(rendering.names('NetworkPolicy')).toEqual(['kubepass/kubepass']);
    expect(rules(rendering.find('NetworkPolicy'))).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'kubepass', 'app.kubernetes.io/instance': 'kubepass' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [tcp('https')] }],
      egress: [dns, { ports: [tcp(443), tcp(6443)] }],
    });
  });

  it('narrow both as you say, and open the port of PostgreSQL and what else you say', async () => {
    const apiServers = [{ ipBlock: { cidr: '10.0.0.1/32' } }];
    const egress = [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [tcp(8443)] }];
    const rendering = await render(
      {
        networkPolicy: { from: [peer('portal')], apiServers, egress },
        database: { postgresql: { port: 6432 } },
      },
      highlyAvailable,
    );
    expect(rules(rendering.find('NetworkPolicy'))).toMatchObject({
      ingress: [{ ports: [tcp('https')], from: [peer('portal')] }],
      egress: [dns, { ports: [tcp(443), tcp(6443)], to: apiServers }, { ports: [tcp(6432)] }, ...egress],
    });
  });

  it('let metrics.from alone reach the metrics, and nobody where it is empty', async () => {
    const metrics = { enabled: true, from: [peer('prometheus')] };
    const rendering = await render({ metrics });
    expect(rules(rendering.find('NetworkPolicy', 'kubepass')).ingress).toEqual([{ ports: [tcp('https')] }]);
    expect(rules(rendering.find('NetworkPolicy', 'kubepass-metrics'))).toMatchObject({
      policyTypes: ['Ingress'],
      ingress: [{ from: [peer('prometheus')], ports: [tcp('metrics')] }],
    });
    const closed = await render({ metrics: { enabled: true, from: [] } });
    expect(closed.names('NetworkPolicy')).toEqual(['kubepass/kubepass']);
    expect(rules(closed.find('NetworkPolicy')).ingress).toEqual([{ ports: [tcp('https')] }]);
    const open = await render({ metrics, networkPolicy: { enabled: false } });
    expect(open.names('NetworkPolicy')).toEqual([]);
  });
});

describeChart('the ways to the service', () => {
  it('open the port of client certificates, where there is one', async () => {
    const clientCertificates = { certificateAuthority: '/ca.crt', identity: 'uri', port: 9443 };
    const rendering = await render({ config: { callers: { clientCertificates } } });
    expect(rendering.pod.containers[0]['ports']).toContainEqual({ name: 'client-certs', containerPort: 9443 });
    expect(rendering.find('Service').spec).toMatchObject({
      ports: [{ name: 'https' }, { name: 'client-certs', port: 9443, targetPort: 'client-certs' }],
    });
    expect(rendering.find('NetworkPolicy').spec).toMatchObject({
      ingress: [{ ports: [{ port: 'https' }, { port: 'client-certs' }] }],
    });
  });

  it('are a Service of the kind that you choose', async () => {
    const annotations = { 'example.com/internal': 'true' };
    const service = { type: 'NodePort', port: 8443, nodePort: 30_443, clusterIP: '10.0.0.5', annotations };
    expect((await render({ service })).find('Service')).toMatchObject({
      metadata: { annotations },
      spec: { type: 'NodePort', clusterIP: '10.0.0.5', ports: [{ port: 8443, nodePort: 30_443, targetPort: 'https' }] },
    });
  });

  it('pass TLS through, or let an Ingress end it with a certificate of its own, and never serve plain HTTP', async () => {
    const ingress = { enabled: true, host: 'kubepass.example.com', className: 'nginx' };
    const passing = await render({ ingress });
    expect(passing.find('Ingress').spec).toMatchObject({ tls: [{ hosts: ['kubepass.example.com'] }] });
    expect(passing.text).not.toMatch(/hosts:\n.*\n\s+secretName/);
    const ending = await render({ ingress: { ...ingress, tlsSecretName: 'public' } });
    expect(ending.find('Ingress').spec).toMatchObject({
      tls: [{ hosts: ['kubepass.example.com'], secretName: 'public' }],
      rules: [{ http: { paths: [{ backend: { service: { name: 'kubepass', port: { name: 'https' } } } }] } }],
    });
    const gateway = { enabled: true, parentRefs: [{ name: 'public' }], hostnames: ['kubepass.example.com'] };
    const route = (await render({ gateway, service: { port: 8443 } })).find('TLSRoute');
    expect(route).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      spec: {
        ...{ parentRefs: gateway.parentRefs, hostnames: gateway.hostnames },
        rules: [{ backendRefs: [{ name: 'kubepass', port: 8443 }] }],
      },
    });
  });

  it.each([
    ['2160h', '2160h0m0s'],
    ['2160h0m0s', '2160h0m0s'],
    ['90m', '1h30m0s'],
    ['1h', '1h0m0s'],
    ['36h30m15s', '36h30m15s'],
  ])('have a certificate with the duration %s as %s, as cert-manager stores it', async (duration, stored) => {
    const dnsNames = ['kubepass.example.com', 'kp.sec.svc'];
    const certificate = { enabled: true, issuerRef: { name: 'ca' }, dnsNames, duration };
    const rendering = await render({ tls: { certificate } }, { release: 'kp', namespace: 'sec' });
    expect(rendering.find('Certificate').spec).toMatchObject({
      secretName: 'kubepass-tls',
      issuerRef: { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' },
      duration: stored,
      renewBefore: '720h0m0s',
      dnsNames: ['kp-kubepass', 'kp-kubepass.sec', 'kp-kubepass.sec.svc', 'kubepass.example.com', 'kp.sec.svc'],
    });
  });
});
