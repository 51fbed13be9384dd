// Tests packages/inspect/src/reading/read-kubeconfig.ts, packages/inspect/src/formats/yaml/field-reader.ts,
// src/kubernetes/render-kubeconfig.ts
import { describe, expect, it } from 'vitest';
import { embeddedRevocation } from '../../../src/config/cluster-config.js';
import { stringify } from 'yaml';
import { renderKubeconfig } from '../../../src/kubernetes/render-kubeconfig.js';
import type { KubeconfigContent } from '@kubepass/inspect';
import { authority, base64, client, codesOf, outline, read } from '../../../packages/inspect/test/reading/uploads.js';

const ca = base64(authority.pem);
const crt = base64(client.pem);
const key = base64(client.key.pem);

interface Parts {
  readonly cluster?: object | null;
  readonly user?: object | null;
  readonly more?: object;
}

const good = { server: 'https://10.0.0.1:6443', 'certificate-authority-data': ca };
const goodUser = { 'client-certificate-data': crt, 'client-key-data': key };

const configOf = ({ cluster = good, user = goodUser, more = {} }: Parts = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster }],
  users: [{ name: 'u', user }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'dev' } }],
  'current-context': 'x',
  preferences: {},
  ...more,
});

const readConfig = (parts?: Parts) => read(JSON.stringify(configOf(parts)), 'config');

async function findingsOf(parts: Parts): Promise<readonly string[]> {
  const [config] = await readConfig(parts);
  return config?.observations.map(({ code, message }) => `${code}: ${message}`) ?? [];
}

describe('a kubeconfig', () => {
  const expected = [
    'config Kubeconfig',
    'config#clusters[0].cluster.certificate-authority-data Certificate',
    'config#users[0].user.client-certificate-data Certificate',
    'config#users[0].user.client-key-data PrivateKey',
  ];

  it.each<[string, string]>([
    ['YAML', stringify(configOf())],
    ['JSON', JSON.stringify(configOf())],
    ['indented JSON', JSON.stringify(configOf(), null, 2)],
    [
      'YAML flow',
      `{apiVersion: v1, kind: Config, clusters: ${JSON.stringify(configOf().clusters)}, users: ${JSON.stringify(configOf().users)}, contexts: ${JSON.stringify(configOf().contexts)}, current-context: x}`,
    ],
    ['YAML with a comment and a directive', `%YAML 1.1\n---\n# mine\n${stringify(configOf())}`],
    ['YAML that does not say what it is', stringify({ ...configOf(), apiVersion: undefined, kind: undefined })],
    ['YAML with CRLF', stringify(configOf()).replaceAll('\n', '\r\n')],
    ['base64 of YAML', base64(stringify(configOf()))],
    ['UTF-16', Buffer.from(`\ufeff${stringify(configOf())}`, 'utf16le') as unknown as string],
    ['YAML with a merge key and an anchor', stringify(configOf()).replace('name: u\n', 'name: u\n    <<: &m {}\n')],
  ])('is read from %s', async (_, text) => {
    const objects = await read(text, 'config');
    expect(outline(objects)).toEqual(expected);
    expect(codesOf(objects)).toEqual([]);
    expect(objects.slice(1).every(({ parent }) => parent === 'config')).toBe(true);
  });

  it('that this service makes raises nothing', async () => {
    const text = renderKubeconfig({
      cluster: {
        name: 'dev-eu',
        server: 'https://10.0.0.1:6443',
        apiServers: ['https://10.0.0.1:6443'],
        tlsServerName: null,
        signer: 'localCA',
        servingCertificateAuthority: authority.pem,
        allowPrivilegedGroups: [],
        nameAlphabet: 'ascii',
        readsRoleBindings: false,
        revocation: embeddedRevocation,
      },
      username: 'jane',
      contextName: null,
      namespace: null,
      certificatePem: client.pem,
      key: { pem: client.key.pem },
    });
    const objects = await read(text);
    expect(outline(objects)).toEqual([
      'upload Kubeconfig',
      'clusters[0].cluster.certificate-authority-data Certificate',
      'users[0].user.client-certificate-data Certificate',
      'users[0].user.client-key-data PrivateKey',
    ]);
    expect(codesOf(objects)).toEqual([]);
  });

  it('is described without its secrets', async () => {
    const [config] = await readConfig({
      cluster: {
        ...good,
        'tls-server-name': 'api.corp.example',
        'proxy-url': 'http://jane:hunter2@proxy:3128',
        'insecure-skip-tls-verify': false,
      },
      user: {
        ...goodUser,
        token: 'very-secret-token',
        username: 'jane',
        password: 'hunter2',
        as: 'root',
        'as-uid': '7',
        'as-groups': ['a', 'b'],
        'as-user-extra': { reason: ['secret reason'] },
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'aws',
          args: ['eks', 'get-token', 'x'.repeat(300)],
          env: [{ name: 'AWS_SECRET', value: 'hunter2' }],
        },
        'auth-provider': { name: 'oidc', config: { 'id-token': 'hunter2' } },
      },
    });
    const content = config?.content as KubeconfigContent;
    expect(content).toEqual({
      type: 'Kubeconfig',
      currentContext: 'x',
      contexts: [{ name: 'x', cluster: 'c', user: 'u', namespace: 'dev' }],
      clusters: [
        {
          name: 'c',
          server: 'https://10.0.0.1:6443',
          tlsServerName: 'api.corp.example',
          insecureSkipTlsVerify: false,
          proxyUrl: 'http://[redacted]@proxy:3128',
          certificateAuthority: { from: 'data', object: 'config#clusters[0].cluster.certificate-authority-data' },
        },
      ],
      users: [
        {
          name: 'u',
          authentication: ['clientCertificate', 'token', 'exec', 'authProvider', 'basic'],
          clientCertificate: { from: 'data', object: 'config#users[0].user.client-certificate-data' },
          clientKey: { from: 'data', object: 'config#users[0].user.client-key-data' },
          tokenFile: null,
          exec: { command: 'aws', args: ['eks', 'get-token', `${'x'.repeat(256)}…`], env: ['AWS_SECRET'] },
          authProvider: 'oidc',
          impersonates: 'root; uid 7; groups a, b; extra reason',
        },
      ],
    });
    expect(JSON.stringify([content, config?.observations])).not.toMatch(/hunter2|very-secret|secret reason/);
  });

  it('has files where it names files', async () => {
    const [config, ...others] = await readConfig({
      cluster: { server: 'https://a', 'certificate-authority': '/etc/ca.crt' },
      user: { 'client-certificate': 'jane.crt', 'client-key': 'jane.key', tokenFile: '/var/token' },
    });
    expect(others).toEqual([]);
    expect(config?.content).toMatchObject({
      clusters: [{ certificateAuthority: { from: 'file', file: '/etc/ca.crt' } }],
      users: [
        {
          clientCertificate: { from: 'file', file: 'jane.crt' },
          clientKey: { from: 'file', file: 'jane.key' },
          tokenFile: '/var/token',
        },
      ],
    });
    expect(config?.observations.filter(({ code }) => code === 'FilePathWillNotTravel')).toHaveLength(4);
  });

  it.each([
    ['a kubelet', '/var/lib/kubelet/pki/kubelet-client-current.pem', undefined, true],
    ['k3s', '/var/lib/rancher/k3s/server/tls/client-admin.crt', '/var/lib/rancher/k3s/server/tls/server-ca.crt', true],
    ['an agent of RKE2', '/var/lib/rancher/rke2/agent/client.crt', '/var/lib/rancher/rke2/agent/server-ca.crt', true],
    ['minikube', '/home/jane/.minikube/profiles/p/client.crt', '/home/jane/.minikube/ca.crt', true],
    ['minikube on Windows', String.raw`C:\Users\jane\.minikube\client.crt`, undefined, true],
    ['a person beside k3s', '/home/jane/jane.crt', '/var/lib/rancher/k3s/server/tls/server-ca.crt', false],
    ['a person of another folder', '/var/lib/rancher/k3s/agent/a.crt', '/var/lib/rancher/k3s/server/ca.crt', false],
    ['a path out of such a folder', '/var/lib/kubelet/pki/../../../home/jane.crt', undefined, false],
    ['a path below another one', '/mnt/var/lib/kubelet/pki/kubelet-client-current.pem', undefined, false],
    ['the folder of kubeadm, from where people take certificates', '/etc/kubernetes/pki/jane.crt', undefined, false],
    ['a name that only ends so', '/home/jane/not.minikube/client.crt', undefined, false],
  ])('knows files that are in their place: %s', async (who, certificate, authority, areAll) => {
    const [config] = await readConfig({
      cluster: { server: 'https://a', ...(authority === undefined ? {} : { 'certificate-authority': authority }) },
      user: { 'client-certificate': certificate, 'client-key': certificate },
    });
    const codes = config?.observations.map(({ code }) => code) ?? [];
    expect(codes).toContain(areAll ? 'AsInstalled' : 'FilePathWillNotTravel');
    expect(codes.includes('AsInstalled') && codes.includes('FilePathWillNotTravel')).toBe(
      who === 'a person of another folder',
    );
  });

  it('knows the token of a pod as in its place', async () => {
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    const [config] = await readConfig({
      cluster: { server: 'https://a', 'certificate-authority': `${folder}/ca.crt` },
      user: { tokenFile: `${folder}/token` },
    });
    expect(config?.observations.map(({ code }) => code)).toEqual(['AsInstalled', 'AsInstalled']);
  });

  it('tells entries without a name by where they stand', async () => {
    const [config] = await readConfig({ more: { users: [{ name: '', user: { token: 'x' } }] } });
    expect(config?.observations.map(({ message }) => message)).toContain('users[0] has a token');
  });

  it.each([
    ['https://jane:hunter2@a:6443', 'https://[redacted]@a:6443'],
    ['jane:hunter2@a:6443', '[redacted]@a:6443'],
    ['https:jane:hunter2@a', '[redacted]@a'],
    [' https://jane:hunter2@a:6443', ' https://[redacted]@a:6443'],
    ['https://a:6443?token=hunter2', 'https://a:6443?[redacted]'],
    ['https://a/path@b', 'https://a/path@b'],
  ])('shows the server %s as %s', async (server, shown) => {
    const [config] = await readConfig({ cluster: { server } });
    expect(config?.content).toMatchObject({ clusters: [{ server: shown }] });
    expect(JSON.stringify(config)).not.toContain('hunter2');
  });

  it('names the first of several certificates in one field', async () => {
    const objects = await readConfig({
      cluster: { server: 'https://a', 'certificate-authority-data': base64(authority.pem + authority.pem) },
    });
    const place = 'config#clusters[0].cluster.certificate-authority-data';
    expect(objects.map(({ path }) => path).slice(1, 3)).toEqual([`${place}[0]`, `${place}[1]`]);
    expect(objects[0]?.content).toMatchObject({
      clusters: [{ certificateAuthority: { from: 'data', object: `${place}[0]` } }],
    });
  });

  const cases: readonly (readonly [string, Parts, string])[] = [
    [
      'insecure-skip-tls-verify',
      { cluster: { server: 'https://a', 'insecure-skip-tls-verify': true } },
      'InsecureSkipTlsVerify: Cluster "c" sets insecure-skip-tls-verify',
    ],
    [
      'insecure-skip-tls-verify beside a CA',
      { cluster: { ...good, 'insecure-skip-tls-verify': true } },
      'InsecureSkipTlsVerify: Cluster "c" sets insecure-skip-tls-verify and names a CA; kubectl refuses to use both',
    ],
    [
      'a server over http',
      { cluster: { server: 'http://a:8080' } },
      'ServerOverHttp: Cluster "c" connects to "http://a:8080"',
    ],
    ['no server', { cluster: { 'certificate-authority-data': ca } }, 'ServerMissing: Cluster "c" has no server'],
    [
      'a server without a scheme',
      { cluster: { ...good, server: '10.0.0.1:6443' } },
      'ServerMissing: Cluster "c" has the server "10.0.0.1:6443", which is no https URL',
    ],
    [
      'no CA',
      { cluster: { server: 'https://a' } },
      'CertificateAuthorityMissing: Cluster "c" has neither certificate-authority-data nor certificate-authority',
    ],
    [
      'a proxy',
      { cluster: { ...good, 'proxy-url': 'socks5://p' } },
      'ProxyConfigured: Cluster "c" connects through "socks5://p"',
    ],
    ['a token', { user: { token: 'abc' } }, 'StaticToken: User "u" has a token'],
    [
      'a token that kubectl left out',
      { user: { token: 'REDACTED' } },
      'FieldMissing: User "u" has a token that is left out: kubectl config view writes it with --raw alone',
    ],
    [
      'a password',
      { user: { username: 'a', password: 'b' } },
      'BasicAuthentication: User "u" has a username or password',
    ],
    [
      'an exec command',
      { user: { exec: { apiVersion: 'v1', command: 'curl', args: ['evil'] } } },
      'ExecCommand: User "u" runs "curl" with 1 argument',
    ],
    [
      'an exec without a command',
      { user: { exec: { apiVersion: 'v1' } } },
      'FieldMissing: users[0].user.exec.command is missing',
    ],
    [
      'an auth-provider',
      { user: { 'auth-provider': { name: 'gcp' } } },
      'AuthProvider: User "u" uses the auth-provider "gcp"',
    ],
    ['impersonation', { user: { ...goodUser, as: 'root' } }, 'Impersonation: User "u" acts as "root"'],
    [
      'impersonation of nobody',
      { user: { ...goodUser, 'as-groups': ['a'] } },
      'Impersonation: User "u" sets what to impersonate and not whom; kubectl refuses that',
    ],
    ['no credential', { user: {} }, 'NoCredential: User "u" has no credential'],
    ['a null user', { user: null }, 'NoCredential: User "u" has no credential'],
    [
      'several credentials',
      { user: { ...goodUser, token: 'abc' } },
      'AmbiguousCredential: User "u" has a client certificate, a token',
    ],
    [
      'data and a file',
      { user: { ...goodUser, 'client-key': 'k' } },
      'AmbiguousCredential: User "u" has its client key both in itself and in a file; kubectl takes the data',
    ],
    [
      'a certificate without its key',
      { user: { 'client-certificate-data': crt } },
      'FieldMissing: users[0].user.client-key-data is missing',
    ],
    [
      'a key without its certificate',
      { user: { 'client-key-data': key } },
      'FieldMissing: users[0].user.client-certificate-data is missing',
    ],
    [
      'a context of a cluster that is not there',
      { more: { contexts: [{ name: 'x', context: { cluster: 'd', user: 'u' } }] } },
      'DanglingReference: Context "x" names the cluster "d", which is not there',
    ],
    [
      'a context of no user',
      { more: { contexts: [{ name: 'x', context: { cluster: 'c' } }] } },
      'FieldMissing: contexts[0].context.user is missing',
    ],
    [
      'a cluster that no context uses',
      { more: { contexts: [{ name: 'x', context: { cluster: 'd', user: 'u' } }] } },
      'UnusedEntry: No context uses the cluster "c"',
    ],
    ['no current context', { more: { 'current-context': '' } }, 'CurrentContextMissing: There is no current-context'],
    [
      'a current context that is not there',
      { more: { 'current-context': 'y' } },
      'CurrentContextMissing: The current-context is "y", and there is none of that name',
    ],
    [
      'two users of one name',
      {
        more: {
          users: [
            { name: 'u', user: goodUser },
            { name: 'u', user: goodUser },
          ],
        },
      },
      'DuplicateName: There are 2 users named "u"; kubectl refuses the file',
    ],
    [
      'a name that is a number',
      { more: { clusters: [{ name: 7, cluster: good }] } },
      'FieldMissing: clusters[0].name is a number (write it in quotes) where a string belongs',
    ],
    ['a list that is an object', { more: { users: {} } }, 'FieldMissing: users is an object where a list belongs'],
    [
      'data that is not base64',
      { user: { ...goodUser, 'client-certificate-data': client.pem } },
      'FieldNotBase64: users[0].user.client-certificate-data is not base64 as Go reads it',
    ],
    [
      'base64 with blanks',
      { user: { ...goodUser, 'client-key-data': `${key.slice(0, 64)} ${key.slice(64)}` } },
      'FieldNotBase64: users[0].user.client-key-data is not base64 as Go reads it',
    ],
    [
      'data that kubectl left out',
      { user: { ...goodUser, 'client-key-data': 'DATA+OMITTED' } },
      'FieldNotBase64: users[0].user.client-key-data holds what kubectl config view writes in place of data; with --raw it writes the data',
    ],
  ];
  it.each(cases)('says that it has %s', async (_, parts, message) => {
    expect(await findingsOf(parts)).toContain(message);
    const code = message.slice(0, message.indexOf(':'));
    expect((await findingsOf({})).some((finding) => finding.startsWith(code))).toBe(false);
  });

  it('reads what stands in a field all the same where it is plain PEM, base64 with blanks or base64url', async () => {
    for (const data of [
      client.pem,
      `${crt.slice(0, 60)} ${crt.slice(60)}`,
      Buffer.from(client.pem).toString('base64url'),
    ]) {
      const objects = await readConfig({ user: { ...goodUser, 'client-certificate-data': data } });
      expect(outline(objects)[2]).toBe('config#users[0].user.client-certificate-data Certificate');
    }
  });

  it('says of a field that holds DER that PEM belongs there', async () => {
    const objects = await readConfig({ user: { ...goodUser, 'client-certificate-data': base64(client.der) } });
    expect(objects[2]?.content.type).toBe('Certificate');
    expect(objects[2]?.observations.map(({ code }) => code)).toContain('PemMalformed');
  });

  it('has an object for a field that holds something else', async () => {
    const objects = await readConfig({
      user: { ...goodUser, 'client-certificate-data': base64('hello, this is no PEM') },
    });
    expect(objects[2]).toMatchObject({
      path: 'config#users[0].user.client-certificate-data',
      content: { type: 'Unknown', bytes: 21 },
      observations: [{ code: 'MalformedObject' }],
    });
  });

  it('reads a bare yes as kubectl does: as true, which is no name', async () => {
    const [config] = await read(stringify(configOf()).replace('name: u', 'name: yes'));
    expect(config?.observations.map(({ message }) => message)).toContain(
      'users[0].name is true or false (write it in quotes) where a string belongs',
    );
  });

  it('takes the last of a member that is given twice, as kubectl does, and says so', async () => {
    for (const text of [
      'clusters: [{name: c, cluster: {server: "https://a", server: "https://b"}}]',
      '{"clusters": [{"name": "c", "cluster": {"server": "https://a", "server": "https://b"}}]}',
    ]) {
      const [config] = await read(text);
      expect(config?.content).toMatchObject({ clusters: [{ server: 'https://b' }] });
      expect(config?.observations).toContainEqual({
        code: 'DuplicateMember',
        message: '"server" occurs twice in clusters[0].cluster; kubectl takes the last one',
      });
    }
  });

  it('does not say one thing thousands of times', async () => {
    const users = Array.from({ length: 5000 }, (_, i) => ({ name: `u${i}`, user: {} }));
    const [config] = await readConfig({ more: { users } });
    expect(config?.observations.filter(({ code }) => code === 'NoCredential')).toHaveLength(10);
    expect(config?.observations.length).toBeLessThan(60);
  });

  it('is one document of several', async () => {
    const text = `${stringify(configOf())}---\n# nothing\n---\n${stringify(configOf({ user: {} }))}`;
    expect(outline(await read(text)).filter((line) => line.endsWith('Kubeconfig'))).toEqual([
      'upload[0] Kubeconfig',
      'upload[1] Kubeconfig',
    ]);
  });

  it('that is no YAML, and holds nothing, is not recognised, and no word of it is quoted', async () => {
    const objects = await read('apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user: {token: sesame]\n');
    expect(objects).toMatchObject([
      {
        content: { type: 'Unknown', resembles: null },
        observations: [{ code: 'UnrecognisedContent', message: expect.stringContaining('from line 5 on') as string }],
      },
    ]);
    expect(JSON.stringify(objects)).not.toContain('sesame');
  });
});
