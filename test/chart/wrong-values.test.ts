// Tests deploy/chart/kubepass/values.schema.json, scripts/chart-schema/
import { describe, expect, it } from 'vitest';
import { ciFiles, describeChart, refusal, render, somePolicy, valuesOf } from './render.js';
import { defaultsOf, judgeBy, onTopOf, type Values } from './values-schema.js';
import { wholeConfig } from './whole-config.js';

const defaults = defaultsOf('kubepass');
const judge = judgeBy('kubepass');
const refusals = (values: object) => judge(onTopOf(defaults, values as Values));
const paths = (values: object) => refusals(values).map(({ path }) => path);

const cluster = { name: 'a', server: 'https://a.example', signer: 'kubernetes', inCluster: true };
const config = (settings: object) => ({ config: { clusters: [cluster], ...settings } });
const clusterWith = (settings: object) => ({ config: { clusters: [{ ...cluster, ...settings }] } });
const issuersWith = (...issuers: readonly object[]) =>
  clusterWith({ signer: { localCA: { issuers: issuers.map((one) => ({ name: 'a', certFile: '/c', ...one })) } } });
const provider = { name: 'a', issuer: 'https://idp.example', audiences: ['kubepass'] };
const oidc = (...settings: readonly object[]) =>
  config({ callers: { oidc: settings.map((one) => ({ ...provider, ...one })) } });
const webhook = (settings: object) =>
  config({ webhooks: [{ name: 'a', url: 'https://a.example', secretFile: '/s', events: ['issued'], ...settings }] });
const policy = (spec: object) => ({ policies: { a: { ...somePolicy, spec: { ...somePolicy.spec, ...spec } } } });
const postgresql = {
  type: 'postgresql',
  postgresql: { host: 'db.example', service: { passwordSecret: { name: 'db' } } },
};
const keys = [{ name: 'checkpoints', key: 'checkpoint.key' }];

/** Values that helm must refuse, by the path of the value that its message must name. */
const wrong: readonly (readonly [path: string, values: object])[] = [
  // One value asks for another.
  ['/database/type', { replicas: 2 }],
  ['/checkpointKeys', { replicas: 2 }],
  ['/database/type', { replicas: 2, checkpointKeys: keys, database: { type: null } }],
  ['/checkpointKeys', { replicas: 2, database: postgresql, checkpointKeys: null }],
  ['/checkpointKeys', { database: postgresql }],
  [
    '/database/postgresql/host',
    { database: { ...postgresql, postgresql: { service: postgresql.postgresql.service } }, checkpointKeys: keys },
  ],
  ['/database/postgresql/host', { database: { type: 'postgresql', postgresql: { host: null } }, checkpointKeys: keys }],
  [
    '/database/postgresql/service/passwordSecret/name',
    { database: { type: 'postgresql', postgresql: { host: 'db' } }, checkpointKeys: keys },
  ],
  [
    '/database/postgresql/service/passwordSecret',
    {
      database: { type: 'postgresql', postgresql: { host: 'db', service: { passwordSecret: null } } },
      checkpointKeys: keys,
    },
  ],
  ['/tls/certificate/issuerRef/name', { tls: { certificate: { enabled: true } } }],
  ['/ingress/host', { ingress: { enabled: true } }],
  ['/gateway/parentRefs', { gateway: { enabled: true, hostnames: ['a.example'] } }],
  ['/gateway/hostnames', { gateway: { enabled: true, parentRefs: [{ name: 'a' }] } }],
  ['/service/nodePort', { service: { nodePort: 30_443 } }],

  // Defaults that are deleted, and that the templates need.
  ['/ingress', { ingress: null }],
  ['/tls/secretName', { tls: { secretName: null } }],
  ['/database/type', { database: { type: null } }],
  ['/metrics/dashboard', { metrics: { dashboard: null } }],
  ['/image/pullPolicy', { image: { pullPolicy: null } }],
  ['/database/sqlite/size', { database: { sqlite: { size: null } } }],
  ['/tls/certificate/renewBefore', { tls: { certificate: { renewBefore: null } } }],
  ['/service/type', { service: { type: null } }],
  ['/podDisruptionBudget/maxUnavailable', { podDisruptionBudget: { maxUnavailable: null } }],
  ['/metrics/serviceMonitor/interval', { metrics: { serviceMonitor: { interval: null } } }],

  // Values that are none.
  ['/replicas', { replicas: 0 }],
  ['/replicas', { replicas: 1.5 }],
  ['/replicas', { replicas: '2' }],
  ['/image/digest', { image: { digest: 'sha256:abc' } }],
  ['/image/digest', { image: { digest: `sha512:${'a'.repeat(64)}` } }],
  ['/image/tag', { image: { tag: '-1' } }],
  ['/image/tag', { image: { tag: 1.2 } }],
  ['/image/registry', { image: { registry: 'https://registry.example' } }],
  ['/image/repository', { image: { repository: 'Kubepass' } }],
  ['/image/repository', { image: { repository: 'kubepass:1' } }],
  ['/image/pullPolicy', { image: { pullPolicy: 'always' } }],
  ['/global/imageRegistry', { global: { imageRegistry: 5 } }],
  ['/global/imageRegistry', { global: { imageRegistry: 'https://registry.example' } }],
  ['/imagePullSecrets/0', { imagePullSecrets: ['registry'] }],
  ['/database/type', { database: { type: 'postgres' } }],
  ['/database/sqlite/size', { database: { sqlite: { size: '2 GB' } } }],
  ['/database/postgresql/port', { database: { postgresql: { port: 0 } } }],
  ['/database/postgresql/port', { database: { postgresql: { port: '5432' } } }],
  ['/database/postgresql/host', { database: { postgresql: { host: 'db.example/x' } } }],
  ['/database/postgresql/sslMode', { database: { postgresql: { sslMode: 'require' } } }],
  ['/database/postgresql/caSecret/name', { database: { postgresql: { caSecret: { name: 'A_b' } } } }],
  ['/checkpointKeys/0/key', { checkpointKeys: [{ name: 'a' }] }],
  ['/checkpointKeys/0', { checkpointKeys: ['a'] }],
  ['/firstAdminToken', { firstAdminToken: 'kubepass_secret' }],
  ['/clusterCredentials/a/secretName', { clusterCredentials: { a: {} } }],
  ['/clusterCredentials/a/caSecret', { clusterCredentials: { a: { server: 'https://a.example', audience: 'a' } } }],
  [
    '/clusterCredentials/a/server',
    { clusterCredentials: { a: { server: 'http://a.example', audience: 'a', caSecret: { name: 'a' } } } },
  ],
  [
    '/clusterCredentials/a/secretName',
    {
      clusterCredentials: {
        a: { server: 'https://a.example', audience: 'a', caSecret: { name: 'a' }, secretName: 'b' },
      },
    },
  ],
  ['/clusterCredentials/A_b', { clusterCredentials: { A_b: { secretName: 'a' } } }],
  ['/secretFiles/a/secretName', { secretFiles: { a: {} } }],
  ['/secretFiles/../a', { secretFiles: { '../a': { secretName: 'a' } } }],
  ['/tls/secretName', { tls: { secretName: '' } }],
  ['/tls/certificate/duration', { tls: { certificate: { duration: '90d' } } }],
  ['/tls/certificate/dnsNames/0', { tls: { certificate: { dnsNames: ['https://a.example'] } } }],
  ['/service/type', { service: { type: 'ExternalName' } }],
  ['/service/port', { service: { port: 65_536 } }],
  ['/service/clusterIP', { service: { clusterIP: 'none' } }],
  ['/service/annotations/a', { service: { annotations: { a: true } } }],
  ['/ingress/host', { ingress: { host: 'a.example:443' } }],
  ['/gateway/hostnames/0', { gateway: { hostnames: ['A.example'] } }],
  ['/serviceAccount/create', { serviceAccount: { create: 'yes' } }],
  ['/networkPolicy/from', { networkPolicy: { from: { ipBlock: { cidr: '10.0.0.0/8' } } } }],
  ['/podDisruptionBudget/maxUnavailable', { podDisruptionBudget: { maxUnavailable: 'one' } }],
  ['/metrics/port', { metrics: { port: 70_000 } }],
  ['/metrics/serviceMonitor/interval', { metrics: { serviceMonitor: { interval: '15 s' } } }],
  ['/metrics/prometheusRule/runbookUrl', { metrics: { prometheusRule: { runbookUrl: 'docs/alerts.md' } } }],
  ['/resources/limits/memory', { resources: { limits: { memory: '1 GB' } } }],
  ['/podLabels/a', { podLabels: { a: 'two words' } }],
  ['/podLabels/a', { podLabels: { a: 1 } }],
  ['/tolerations/0', { tolerations: ['a'] }],
  ['/extraEnv/0/name', { extraEnv: [{ name: 'KUBEPASS_LOGLEVEL', value: 'debug' }] }],
  ['/extraEnv/0/value', { extraEnv: [{ name: 'A', value: 1 }] }],
  ['/extraVolumeMounts/0/mountPath', { extraVolumeMounts: [{ name: 'a' }] }],
  ['/extraObjects/0/kind', { extraObjects: [{ apiVersion: 'v1' }] }],

  // Settings that the chart makes.
  ...['dataDir', 'host', 'port', 'policiesDir', 'databaseUrl', 'tls', 'metrics', 'firstAdminTokenFile'].map(
    (key) => [`/config/${key}`, config({ [key]: 'a' })] as const,
  ),
  ['/config/audit/checkpointKeys', config({ audit: { checkpointKeys: ['/a'] } })],

  // Settings that the service refuses.
  ['/config/clusters', { config: { clusters: null } }],
  ['/config/clusters', { config: { clusters: [] } }],
  ['/config/clusters/0/sgner', clusterWith({ sgner: 'kubernetes' })],
  ['/config/clusters/0/signer', clusterWith({ signer: 'Kubernetes' })],
  ['/config/clusters/0/name', clusterWith({ name: 'Prod_EU' })],
  ['/config/clusters/0/server', clusterWith({ server: 'http://a.example' })],
  ['/config/clusters/0/server', clusterWith({ server: 'https://user:secret@a.example' })],
  ['/config/clusters/0/server', clusterWith({ server: 'https://a.example?x=1' })],
  ['/config/clusters/0/server', clusterWith({ server: 'https://a.example:70000' })],
  ['/config/clusters/0/server', clusterWith({ server: 'https://10.0.0.256' })],
  ['/config/clusters/0/server', clusterWith({ server: 'https://[fd00:::1]:6443' })],
  ['/config/clusters/0/apiServers', clusterWith({ apiServers: ['https://b.example'] })],
  ['/config/clusters/0/allowPrivilegedGroups/0', clusterWith({ allowPrivilegedGroups: ['System:masters'] })],
  ['/config/clusters/0/nameAlphabet', clusterWith({ nameAlphabet: 'utf-8' })],
  ['/config/clusters/0/revocation/mode', clusterWith({ revocation: { mode: 'crl' } })],
  ['/config/clusters/0/revocation/whenInDoubt', clusterWith({ revocation: { whenInDoubt: 'deny' } })],
  [
    '/config/clusters/0/revocation/configMap',
    clusterWith({ revocation: { mode: 'none', configMap: { namespace: 'a', name: 'b' } } }),
  ],
  [
    '/config/clusters/0/revocation/configMap/name',
    clusterWith({ revocation: { mode: 'admission', configMap: { namespace: 'a', name: 'B' } } }),
  ],
  ['/config/clusters/0/signer/localCA/keyFile', clusterWith({ signer: { localCA: { certFile: '/a' } } })],
  ['/config/clusters/0/signer/localCa', clusterWith({ signer: { localCa: { certFile: '/a', keyFile: '/b' } } })],
  [
    '/config/clusters/0/signer/localCA/certFile',
    clusterWith({
      signer: { localCA: { certFile: '/a', issuers: [{ name: 'a', certFile: '/a', key: { file: '/b' } }] } },
    }),
  ],
  ['/config/clusters/0/signer/localCA/issuers/0/key/agent', issuersWith({ key: { file: '/a', agent: '/b' } })],
  ['/config/clusters/0/signer/localCA/issuers/0/key/agent', issuersWith({ key: {} })],
  ['/config/clusters/0/signer/localCA/issuers/0/key/label', issuersWith({ key: { file: '/a', label: 'b' } })],
  [
    '/config/clusters/0/signer/localCA/issuers/0/key/passphraseFile',
    issuersWith({ key: { agent: '/a', passphraseFile: '/b' } }),
  ],
  [
    '/config/clusters/0/signer/localCA/issuers/0/key/passphraseFd',
    issuersWith({ key: { file: '/a', passphraseFile: '/b', passphraseFd: 3 } }),
  ],
  [
    '/config/clusters/0/signer/localCA/issuers/0/subject/organization',
    issuersWith({ key: { file: '/a' }, subject: { commonName: 'a', organization: ['b', 'b'] } }),
  ],
  ['/config/trustedProxies/0', config({ trustedProxies: ['10.0.0.0/33'] })],
  ['/config/trustedProxies/0', config({ trustedProxies: ['0.0.0.0/0'] })],
  ['/config/trustedProxies/0', config({ trustedProxies: ['1:2'] })],
  ['/config/trustedProxies/0', config({ trustedProxies: ['1::2:3:4:5:6:7:8'] })],
  ['/config/trustedProxies/0', config({ trustedProxies: ['proxy.example'] })],
  ['/config/publicAddress/url', config({ publicAddress: { url: 'kubepass.example' } })],
  ['/config/expiry/noticeSeconds/0', config({ expiry: { noticeSeconds: [60] } })],
  ['/config/audit/archiveDir', config({ audit: { archiveAfterDays: 30 } })],
  ['/config/audit/archiveAfterDays', config({ audit: { archiveDir: '/a' } })],
  ['/config/budgets/roles/provisoner', config({ budgets: { roles: { provisoner: { writes: 1 } } } })],
  ['/config/budgets/writes', config({ budgets: { writes: 0 } })],
  ['/config/callers/oidc/0/issuer', oidc({ issuer: 'http://idp.example' })],
  ['/config/callers/oidc/0/algorithms/0', oidc({ algorithms: ['HS256'] })],
  ['/config/callers/oidc/0/scopes', oidc({ scopes: ['email'] })],
  ['/config/callers/oidc/0/login', oidc({ login: { clientId: 'a' } })],
  ['/config/callers/oidc/0/usernamePrefix', oidc({ usernamePrefix: 'sys' })],
  ['/config/callers/oidc/0/usernamePrefix', oidc({ usernamePrefix: '-a' })],
  ['/config/callers/oidc/0/certificateAuthority', oidc({ issuer: 'http://127.0.0.1', certificateAuthority: '/a' })],
  ['/config/callers/oidc/1/usernamePrefix', oidc({}, { name: 'b', issuer: 'https://b.example', groupsPrefix: 'b:' })],
  [
    '/config/callers/oidc/1/groupsPrefix',
    oidc({}, { name: 'b', issuer: 'https://b.example', usernamePrefix: 'b:', groupsPrefix: '' }),
  ],
  [
    '/config/callers/serviceAccounts/0/audience',
    config({ callers: { serviceAccounts: [{ cluster: 'a', audience: 'https://kubernetes.default.svc' }] } }),
  ],
  [
    '/config/callers/serviceAccounts/1/usernamePrefix',
    config({
      callers: {
        serviceAccounts: [
          { cluster: 'a', audience: 'a' },
          { cluster: 'b', audience: 'b' },
        ],
      },
    }),
  ],
  [
    '/config/callers/clientCertificates/identity',
    config({ callers: { clientCertificates: { certificateAuthority: '/a', identity: 'dns', port: 8444 } } }),
  ],
  ['/config/callers/apiTokens/admins', config({ callers: { apiTokens: { admins: false } } })],
  ['/config/roles/0/groups', config({ roles: [{ roles: ['admin'] }] })],
  ['/config/roles/0/names/0', config({ roles: [{ names: ['anna maria'], roles: ['admin'] }] })],
  ['/config/roles/0/roles/0', config({ roles: [{ names: ['anna'], roles: ['root'] }] })],
  ['/config/webhooks/0/url', webhook({ url: 'http://hooks.example' })],
  ['/config/webhooks/0/events/0', webhook({ events: ['all'] })],
  ['/config/webhooks/0/events', webhook({ events: ['issued', 'issued'] })],
  ['/config/webhooks/0/certificateAuthority', webhook({ url: 'http://127.0.0.1/', certificateAuthority: '/a' })],

  // Policies that are none.
  ['/policies/a/kind', { policies: { a: { ...somePolicy, kind: 'Rule' } } }],
  ['/policies/a/spec/approvals', policy({ approvals: {} })],
  ['/policies/a/spec/constraints/maxExpirationSeconds', policy({ constraints: { maxExpirationSeconds: 60 } })],
  ['/policies/a/spec/approval/mode', policy({ approval: { mode: 'none' } })],
  ['/policies/a/metadata/name', { policies: { a: { ...somePolicy, metadata: { name: 'My Policy' } } } }],
  ['/policies/a', { policies: { a: 'kind: Policy' } }],
  ['/policies/A B', { policies: { 'A B': somePolicy } }],
];

describe('the schema of values', () => {
  it.each(wrong)('refuses %s: %j', (path, values) => {
    expect(paths(values)).toContain(path);
  });

  it('takes the defaults, every file of ci/, and every setting that the chart leaves to its user', () => {
    expect(refusals({})).toEqual([]);
    for (const file of ciFiles()) expect(refusals(valuesOf(file) as object), file).toEqual([]);
    expect(
      refusals({ config: wholeConfig, global: { imageRegistry: 'registry.example', theirs: { a: [1] } } }),
    ).toEqual([]);
  });
});

describeChart('helm', () => {
  /** A few of each kind: the others differ from these in their values alone. */
  const sample = wrong.filter((_, i) => i % 12 === 0);

  it.each(sample)('names %s: %j', async (path, values) => {
    const text = await refusal(values);
    // An unknown key and one that is missing are named behind the path of the object around them.
    const [, object = '', key = ''] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
    expect(text.includes(`at '${path}'`) || (text.includes(`at '${object}'`) && text.includes(`'${key}'`)), text).toBe(
      true,
    );
  });

  it('takes every setting that the chart leaves to its user', async () => {
    await render({ config: wholeConfig });
  });
});
