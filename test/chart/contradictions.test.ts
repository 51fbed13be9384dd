// Tests deploy/chart/kubepass/
import { expect, it } from 'vitest';
import { describeChart, refusal, render, somePolicy } from './render.js';

const server = 'https://a.example:6443';
const signing = { name: 'a', server, signer: 'kubernetes' };
const ownCa = { name: 'a', server, signer: { localCA: { certFile: '/ca.crt', keyFile: '/ca.key' } } };
const credentials = { a: { secretName: 'a' } };
const projected = { a: { server, caSecret: { name: 'a', key: 'ca.crt' }, audience: 'a' } };

/** Values that contradict each other, with what the refusal names. */
const contradictions: Readonly<Record<string, readonly [object, string]>> = {
  'credentials of a cluster that there is not': [
    { clusterCredentials: credentials },
    'clusterCredentials.a: config.clusters has no cluster of this name; there are this-cluster',
  ],
  'credentials of the cluster that the pod runs in': [
    { config: { clusters: [{ ...signing, inCluster: true }] }, clusterCredentials: credentials },
    'clusterCredentials.a: config.clusters reaches this cluster with inCluster',
  ],
  'credentials beside a kubeconfig': [
    { config: { clusters: [{ ...signing, kubeconfig: '/a' }] }, clusterCredentials: projected },
    'clusterCredentials.a: config.clusters names a kubeconfig for this cluster',
  ],
  'a context of a kubeconfig that the chart writes': [
    { config: { clusters: [{ ...signing, context: 'x' }] }, clusterCredentials: projected },
    'clusterCredentials.a: config.clusters names a context',
  ],
  'a context without a kubeconfig': [
    { config: { clusters: [{ ...signing, inCluster: true, context: 'x' }] } },
    'config.clusters[0].context: is a context of kubeconfig, which is missing',
  ],
  'the pod in a cluster that a kubeconfig leads to': [
    { config: { clusters: [{ ...signing, inCluster: true, kubeconfig: '/a' }] } },
    'config.clusters[0].inCluster: and kubeconfig exclude each other',
  ],
  'a cluster that signs and cannot be reached': [
    { config: { clusters: [signing] } },
    'config.clusters[0].signer: kubernetes needs a way to reach the cluster: inCluster, kubeconfig, or clusterCredentials.a',
  ],
  'role bindings of a cluster that cannot be reached': [
    { config: { clusters: [{ ...ownCa, readRoleBindings: true, servingCertificateAuthority: '/ca.crt' }] } },
    'config.clusters[0].readRoleBindings: needs a way to reach the cluster',
  ],
  'a list of revoked certificates in a cluster that cannot be reached': [
    { config: { clusters: [{ ...ownCa, revocation: { mode: 'admission' }, servingCertificateAuthority: '/ca.crt' }] } },
    'config.clusters[0].revocation.mode: admission needs a way to reach the cluster',
  ],
  'a cluster whose CA nobody tells': [
    { config: { clusters: [ownCa] } },
    'config.clusters[0].servingCertificateAuthority: is missing',
  ],
  'a webhook of an API server that knows no address': [
    { config: { clusters: [{ ...signing, inCluster: true, revocation: { mode: 'webhook' } }] } },
    'config.publicAddress: is missing, and config.clusters[0].revocation.mode needs it',
  ],
  'callers from a cluster that cannot be reached': [
    {
      config: {
        clusters: [{ ...ownCa, servingCertificateAuthority: '/ca.crt' }],
        callers: { serviceAccounts: [{ cluster: 'a', audience: 'kubepass' }] },
      },
    },
    'config.callers.serviceAccounts[0].cluster: config.clusters has no cluster a that kubepass reaches',
  ],
  'no service account': [{ serviceAccount: { create: false } }, 'serviceAccount.name: is missing'],
  'policies twice': [{ policies: { a: somePolicy }, policiesConfigMap: 'ours' }, 'policiesConfigMap: '],
  'a ServiceMonitor without metrics': [
    { metrics: { serviceMonitor: { enabled: true } } },
    'metrics.serviceMonitor.enabled: ',
  ],
  'rules without metrics': [{ metrics: { prometheusRule: { enabled: true } } }, 'metrics.prometheusRule.enabled: '],
  'metrics at the port of the service': [{ metrics: { enabled: true, port: 8443 } }, 'metrics.port: 8443'],
  'client certificates at the port of the metrics': [
    {
      metrics: { enabled: true },
      config: { callers: { clientCertificates: { certificateAuthority: '/ca.crt', identity: 'uri', port: 9464 } } },
    },
    'config.callers.clientCertificates.port: 9464',
  ],
  'labels that the chart sets': [
    { metrics: { dashboard: { labels: { 'app.kubernetes.io/instance': 'other' } } } },
    'metrics.dashboard.labels: app.kubernetes.io/instance is set by the chart',
  ],
  'an annotation that the chart sets': [
    { podAnnotations: { 'checksum/config': 'none' } },
    'podAnnotations: checksum/config is set by the chart',
  ],
  'archives that are lost with the pod': [
    {
      database: { type: 'postgresql', postgresql: { host: 'db', service: { passwordSecret: { name: 'db' } } } },
      checkpointKeys: [{ name: 'a', key: 'b' }],
      config: {
        clusters: [{ ...signing, inCluster: true }],
        audit: { archiveAfterDays: 90, archiveDir: '/var/lib/kubepass/archives' },
      },
    },
    'config.audit.archiveDir: is lost with the pod',
  ],
  'two policies of one name': [
    { policies: { a: somePolicy, b: somePolicy } },
    'policies.b.metadata.name: a is the name of policies.a already',
  ],
  'a variable twice': [
    {
      extraEnv: [
        { name: 'TZ', value: 'UTC' },
        { name: 'TZ', value: 'CET' },
      ],
    },
    'extraEnv[1].name: TZ is there already',
  ],
  'a volume twice': [
    {
      extraVolumes: [
        { name: 'a', emptyDir: {} },
        { name: 'a', emptyDir: {} },
      ],
    },
    'extraVolumes[1].name: a is there already',
  ],
  'two volumes at one place': [
    {
      extraVolumes: [{ name: 'a', emptyDir: {} }],
      extraVolumeMounts: [
        { name: 'a', mountPath: '/a' },
        { name: 'a', mountPath: '/a' },
      ],
    },
    'extraVolumeMounts[1].mountPath: /a is there already',
  ],
  'a volume that the chart makes': [
    {
      extraVolumes: [
        { name: 'scratch', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    },
    'extraVolumes[1].name: tmp is a volume of the chart',
  ],
  'a variable that the chart sets': [
    {
      extraEnv: [
        { name: 'TZ', value: 'UTC' },
        { name: 'KUBEPASS_PORT', value: '1' },
      ],
    },
    'extraEnv[1].name: KUBEPASS_PORT is set by the chart',
  ],
};

describeChart('values that contradict each other', () => {
  it.each(Object.entries(contradictions))('are refused: %s', async (_, [values, named]) => {
    expect(await refusal(values)).toContain(named);
  });

  it('are not those that go together', async () => {
    const clusters = [
      { ...signing, context: 'x' },
      { ...ownCa, name: 'b', servingCertificateAuthority: '/ca.crt' },
    ];
    await render({ config: { clusters }, clusterCredentials: credentials });
    await render({ config: { clusters: [signing] }, clusterCredentials: projected });
    await render({ extraEnv: [{ name: 'DATABASE_URL', value: 'file:/var/lib/kubepass/other.db' }] });
    const audit = { archiveAfterDays: 90, archiveDir: '/var/lib/kubepass/archives' };
    const inHere = { clusters: [{ ...signing, inCluster: true }], audit };
    await render({ config: inHere });
    await render({
      database: { type: 'postgresql', postgresql: { host: 'db', service: { passwordSecret: { name: 'db' } } } },
      checkpointKeys: [{ name: 'a', key: 'b' }],
      config: inHere,
      extraVolumes: [{ name: 'archives', persistentVolumeClaim: { claimName: 'archives' } }],
      extraVolumeMounts: [{ name: 'archives', mountPath: '/var/lib/kubepass/archives/' }],
    });
    // Null takes a default away, as everywhere in Helm.
    await render({
      clusterCredentials: null,
      secretFiles: null,
      policies: null,
      extraEnv: null,
      resources: null,
      global: null,
    });
  });
});
