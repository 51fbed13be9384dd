// Tests packages/inspect/src/findings/checks/names.ts, packages/inspect/src/formats/text/addresses.ts,
// packages/inspect/src/x509/as-installed.ts
import { describe, expect, it } from 'vitest';
import { keyPurpose } from '@kubepass/x509';
import {
  makeAuthority,
  makeCertificate,
  subjectAltName,
  type CertificateFields,
  type NameParts,
} from '../../../x509/test/helpers/certificates.js';
import { csrFor } from '../../../x509/test/helpers/csr.js';
import type { InventoryEntry } from '../../src/model/inspection.js';
import { inspectFiles, kubeconfigOf } from '../inspected.js';

const ca = makeAuthority();
const { clientAuth, serverAuth } = keyPurpose;

const subjectOf = (username: string, ...groups: readonly string[]): NameParts => [
  ...groups.map((group) => ['O', group] as const),
  ['CN', username],
];

const codesOf = async (fields: CertificateFields) =>
  (await inspectFiles({ 'x.crt': makeCertificate({ issuer: ca, ...fields }).pem, 'ca.crt': ca.pem })).codes('x.crt');

describe('whom a certificate speaks for', () => {
  it.each<[string, NameParts, readonly string[]]>([
    [
      'an ordinary user',
      [
        ['O', 'dev'],
        ['CN', 'jane'],
      ],
      [],
    ],
    [
      'a member of system:masters',
      [
        ['O', 'system:masters'],
        ['CN', 'jane'],
      ],
      ['SystemMasters'],
    ],
    [
      'a group that only looks like system:masters',
      [
        ['O', 'System:Masters'],
        ['CN', 'jane'],
      ],
      ['PrivilegedName'],
    ],
    [
      "kubeadm's administrator",
      [
        ['O', 'kubeadm:cluster-admins'],
        ['CN', 'kubernetes-admin'],
      ],
      ['PrivilegedName'],
    ],
    [
      'a node',
      [
        ['O', 'system:nodes'],
        ['CN', 'system:node:n1'],
      ],
      [],
    ],
    [
      'a node that is in a group besides',
      [
        ['O', 'system:nodes'],
        ['O', 'kubeadm:cluster-admins'],
        ['CN', 'system:node:n1'],
      ],
      ['PrivilegedName'],
    ],
    [
      'a person in the group of nodes',
      [
        ['O', 'system:nodes'],
        ['CN', 'jane'],
      ],
      ['PrivilegedName'],
    ],
    [
      "an API server's client in system:masters by a CA that no installer made",
      [
        ['O', 'system:masters'],
        ['CN', 'kube-apiserver-kubelet-client'],
      ],
      ['SystemMasters'],
    ],
    ['the scheduler', [['CN', 'system:kube-scheduler']], []],
    ['kube-proxy', [['CN', 'system:kube-proxy']], []],
    ['a name of the system that no component has', [['CN', 'system:admin']], ['PrivilegedName']],
    ['a name that only looks like that of the scheduler', [['CN', 'System:kube-scheduler']], ['PrivilegedName']],
    ['the front proxy', [['CN', 'front-proxy-client']], ['PrivilegedName']],
    ['cluster-admin by name', [['CN', 'Cluster-Admin']], ['PrivilegedName']],
  ])('is told where it is privileged: %s', async (_, subject, expected) => {
    expect((await codesOf({ subject })).filter((code) => ['SystemMasters', 'PrivilegedName'].includes(code))).toEqual(
      expected,
    );
  });

  const byKubernetes = makeAuthority({ subject: [['CN', 'kubernetes']] });
  const byFrontProxy = makeAuthority({ subject: [['CN', 'front-proxy-ca']] });
  const byEtcd = makeAuthority({ subject: [['CN', 'etcd-ca']] });
  it.each<[string, CertificateFields, string, readonly string[]]>([
    [
      "kubeadm's administrator",
      { issuer: byKubernetes, subject: subjectOf('kubernetes-admin', 'kubeadm:cluster-admins') },
      'x',
      ['AsInstalled'],
    ],
    [
      'the same in system:masters',
      { issuer: byKubernetes, subject: subjectOf('kubernetes-admin', 'system:masters') },
      'x',
      ['SystemMasters'],
    ],
    [
      'that for emergencies elsewhere',
      { issuer: byKubernetes, subject: subjectOf('kubernetes-super-admin', 'system:masters') },
      'config',
      ['SystemMasters'],
    ],
    [
      'a client of etcd',
      { issuer: byEtcd, subject: subjectOf('kube-etcd-healthcheck-client', 'system:masters') },
      'x',
      ['AsInstalled'],
    ],
    [
      'a person among the clients of etcd',
      { issuer: byEtcd, subject: subjectOf('jane', 'system:masters') },
      'x',
      ['SystemMasters'],
    ],
    [
      'the front proxy by its CA',
      { issuer: byFrontProxy, subject: subjectOf('front-proxy-client') },
      'x',
      ['AsInstalled'],
    ],
    [
      'the front proxy by the CA of the cluster',
      { issuer: byKubernetes, subject: subjectOf('front-proxy-client') },
      'x',
      ['PrivilegedName'],
    ],
    [
      'a person by the CA of front proxies',
      { issuer: byFrontProxy, subject: subjectOf('jane', 'system:masters') },
      'x',
      ['SystemMasters'],
    ],
  ])('depends on who made it and where it stands: %s', async (_, fields, path, expected) => {
    const { codes } = await inspectFiles({ [path]: makeCertificate(fields).pem });
    expect(codes(path).filter((code) => ['AsInstalled', 'SystemMasters', 'PrivilegedName'].includes(code))).toEqual(
      expected,
    );
  });

  const encipherment = ['digitalSignature', 'keyEncipherment'] as const;
  it.each<[string, CertificateFields, string]>([
    ['a node', { issuer: byKubernetes, subject: subjectOf('system:node:node-1', 'system:nodes') }, 'AsInstalled'],
    [
      'an API server',
      { issuer: byKubernetes, subject: subjectOf('kube-apiserver'), extKeyUsage: ['1.3.6.1.5.5.7.3.1'] },
      'AsInstalled',
    ],
    ['a person', { issuer: byKubernetes, subject: subjectOf('jane') }, 'KeyUsageNotForKey'],
    ['a name of Kubernetes by another CA', { subject: subjectOf('kube-apiserver') }, 'KeyUsageNotForKey'],
  ])('knows that installers give keyEncipherment to ECDSA: %s', async (_, fields, expected) => {
    const { findings } = await inspectFiles({ x: makeCertificate({ ...fields, keyUsage: encipherment }).pem });
    const [found] = findings.filter(({ message }) => message.startsWith('It has keyEncipherment'));
    expect(found?.code).toBe(expected);
  });

  it('counts the administrator for emergencies as such in its own file alone', async () => {
    const made = makeCertificate({
      issuer: byKubernetes,
      subject: subjectOf('kubernetes-super-admin', 'system:masters'),
    });
    const config = kubeconfigOf({ authority: byKubernetes.pem, certificate: made.pem, key: made.key.pem });
    for (const [file, code] of [
      ['etc/kubernetes/super-admin.conf', 'AsInstalled'],
      ['super-admin.conf', 'AsInstalled'],
      ['not-super-admin.conf', 'SystemMasters'],
      ['super-admin.conf.bak', 'SystemMasters'],
      ['admin.conf', 'SystemMasters'],
    ] as const)
      expect(
        (await inspectFiles({ [file]: config })).codes(`${file}#users[0].user.client-certificate-data`),
        file,
      ).toContain(code);
  });

  it('counts nothing that we have issued as what an installer made', async () => {
    const { pem } = makeCertificate({ issuer: byKubernetes, subject: subjectOf('system:kube-controller-manager') });
    const issued: InventoryEntry = {
      requestId: '7b2a4c39-6d1f-4b7e-9a53-0c8e5f214d6a',
      state: 'Issued',
      cluster: 'main',
      requester: 'jane',
      revocation: null,
      orphan: false,
    };
    const inventory = async (all: readonly string[]) => new Map(all.map((fingerprint) => [fingerprint, issued]));
    expect((await inspectFiles({ x: pem }, { inventory })).codes('x')).toContain('PrivilegedName');
    expect((await inspectFiles({ x: pem })).codes('x')).not.toContain('PrivilegedName');
  });

  it('says that cluster-admin is a ClusterRole', async () => {
    const { pem } = makeCertificate({ issuer: ca, subject: subjectOf('jane', 'cluster-admin') });
    const { finding } = await inspectFiles({ 'x.crt': pem });
    expect(finding('PrivilegedName')?.message).toBe(
      'The group "cluster-admin" has the name of a ClusterRole, and has its rights only where somebody has bound it to that name.',
    );
  });

  it('is told of a request too, also where a component could have it', async () => {
    const { pem: scheduler } = await csrFor('system:kube-scheduler', []);
    expect((await inspectFiles({ 'x.csr': scheduler })).codes('x.csr')).toContain('PrivilegedName');
  });

  it('is told of a request too', async () => {
    const { pem } = await csrFor('jane', ['system:masters']);
    expect((await inspectFiles({ 'jane.csr': pem })).codes('jane.csr')).toContain('SystemMasters');
  });

  it('is not read from what is for servers', async () => {
    const fields = {
      subject: [
        ['O', 'system:masters'],
        ['CN', 'x'],
      ] as const,
      extKeyUsage: [serverAuth],
    };
    expect(await codesOf({ ...fields, extensions: [subjectAltName({ dns: ['x.example'] })] })).toEqual([]);
  });
});

describe('blanks in a name', () => {
  it.each<[string, NameParts, boolean]>([
    ['before a username', subjectOf(' admin'), true],
    ['behind a username', subjectOf('admin '), true],
    ['two in a row', subjectOf('jane  doe'), true],
    ['before a group', subjectOf('jane', 'dev', ' ops'), true],
    ['behind a group', subjectOf('jane', 'ops '), true],
    ['nothing else', subjectOf(' '), true],
    ['one between words', subjectOf('jane doe', 'Domain Users'), false],
    ['in what no API server reads', [['OU', ' x'], ...subjectOf('jane')], false],
  ])('are an error where people cannot see them: %s', async (_, subject, isTold) => {
    const { codes, finding } = await inspectFiles({ 'x.crt': makeCertificate({ issuer: ca, subject }).pem });
    expect(codes('x.crt').includes('BlankInName')).toBe(isTold);
    if (isTold) expect(finding('BlankInName')?.severity).toBe('error');
  });

  it('are an error in a request, and none in what is for servers', async () => {
    const server = makeCertificate({
      issuer: ca,
      subject: subjectOf(' web '),
      extKeyUsage: [serverAuth],
      extensions: [subjectAltName({ dns: ['x.example'] })],
    });
    const { codes } = await inspectFiles({ 'x.crt': server.pem, 'x.csr': (await csrFor('jane', [' ops'])).pem });
    expect(codes('x.crt')).not.toContain('BlankInName');
    expect(codes('x.csr')).toContain('BlankInName');
  });
});

describe('the subject of a client', () => {
  it('has a common name', async () => {
    expect(await codesOf({ subject: [['O', 'dev']] })).toContain('NoCommonName');
    const server = { extKeyUsage: [serverAuth], extensions: [subjectAltName({ dns: ['x.example'] })] };
    expect(await codesOf({ ...server, subject: [['O', 'dev']] })).not.toContain('NoCommonName');
  });

  it('has nothing that no API server reads', async () => {
    const jane = ['CN', 'jane'] as const;
    expect(await codesOf({ subject: [['C', 'DE'], ['OU', 'x'], jane] })).toEqual(['UnexpectedSubjectAttribute']);
    expect(await codesOf({ subject: [['1.3.6.1.4.1.57683.2', '42'], jane] })).toEqual([]);
  });
});

it('says where the signature of a request cannot be checked', async () => {
  const { pem } = await csrFor('jane');
  expect((await inspectFiles({ 'jane.csr': pem })).codes('jane.csr')).not.toContain('SignatureNotChecked');
  // ecdsa-with-SHA256 becomes an algorithm that nobody knows.
  const der = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64');
  const algorithm = Buffer.from('06082a8648ce3d040302', 'hex');
  der.writeUInt8(0x7f, der.lastIndexOf(algorithm) + algorithm.length - 1);
  expect((await inspectFiles({ 'jane.csr': der })).codes('jane.csr')).toContain('SignatureNotChecked');
});

describe('a client without a common name', () => {
  it('is told, unless it is for the API of Talos or of Docker, and then in a kubeconfig alone', async () => {
    expect(await codesOf({ subject: [['O', 'dev']] })).toContain('NoCommonName');
    expect(await codesOf({ subject: [['O', 'os:admin']] })).not.toContain('NoCommonName');
    expect(await codesOf({ subject: [['O', 'jane.<bootstrap>']] })).not.toContain('NoCommonName');
    expect(await codesOf({ subject: [['O', 'jane.bootstrap']] })).toContain('NoCommonName');
    expect(
      await codesOf({
        subject: [
          ['O', 'os:admin'],
          ['O', 'dev'],
        ],
      }),
    ).toContain('NoCommonName');
    const talos = makeCertificate({ issuer: ca, subject: [['O', 'os:admin']] });
    const config = kubeconfigOf({ authority: ca.pem, certificate: talos.pem, key: talos.key.pem });
    const { codes } = await inspectFiles({ config });
    expect(codes('config#users[0].user.client-certificate-data')).toContain('NoCommonName');
  });
});

describe('alternative names', () => {
  it('are missed in what is for servers', async () => {
    expect(await codesOf({ extKeyUsage: [serverAuth] })).toContain('SubjectAltNameMissing');
    expect(await codesOf({ extKeyUsage: [serverAuth], extensions: [subjectAltName({ dns: ['x.example'] })] })).toEqual(
      [],
    );
  });

  it('are not expected in what is for users', async () => {
    expect(await codesOf({ extensions: [subjectAltName({ email: ['jane@corp.example'] })] })).toEqual([
      'SubjectAltNameInUserCertificate',
    ]);
    expect(await codesOf({})).toEqual([]);
  });

  it('are remarked upon where they are wildcards', async () => {
    expect(
      await codesOf({ extKeyUsage: [serverAuth], extensions: [subjectAltName({ dns: ['*.corp.example'] })] }),
    ).toEqual(['WildcardName']);
  });

  it.each<[string, Parameters<typeof subjectAltName>[0], readonly string[]]>([
    ['web.corp.example', { dns: ['www.corp.example'] }, ['CommonNameNotAmongNames']],
    ['WWW.corp.example', { dns: ['www.corp.example'] }, []],
    ['web.corp.example', { dns: ['*.corp.example'] }, ['WildcardName']],
    ['*.corp.example', { dns: ['www.corp.example'] }, ['CommonNameNotAmongNames']],
    ['10.0.0.1', { ip: [Buffer.of(10, 0, 0, 2)] }, ['CommonNameNotAmongNames']],
    ['10.0.0.1', { ip: [Buffer.of(10, 0, 0, 1)] }, []],
    ['web', { dns: ['www.corp.example'] }, []],
    ['web of corp. example', { dns: ['www.corp.example'] }, []],
  ])('of a server have its common name among them, if that is a host: %s', async (name, names, codes) => {
    const extensions = [subjectAltName(names)];
    expect(await codesOf({ subject: [['CN', name]], extKeyUsage: [serverAuth], extensions })).toEqual(codes);
  });

  it('of an API server are those that workloads connect by', async () => {
    const subject = [['CN', 'kube-apiserver']] as const;
    const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
    const codes = async (names: Parameters<typeof subjectAltName>[0]) =>
      codesOf({ subject, extKeyUsage: [serverAuth], extensions: [subjectAltName(names)] });
    expect(await codes({ dns: service, ip: [Buffer.of(10, 96, 0, 1)] })).toEqual([]);
    expect(await codes({ dns: service })).toEqual(['SubjectAltNameLacksKubernetesNames']);
    expect(await codes({ dns: ['api.example'], ip: [Buffer.of(10, 96, 0, 1)] })).toEqual([
      'SubjectAltNameLacksKubernetesNames',
    ]);
  });
});

describe("the names of a kubeconfig's server", () => {
  const names = {
    dns: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'api.corp.example', '*.nodes.example'],
    ip: [Buffer.of(10, 0, 0, 1), Buffer.from('fd000000000000000000000000000001', 'hex')],
  };
  const server = makeCertificate({
    issuer: ca,
    subject: [['CN', 'kube-apiserver']],
    extKeyUsage: [serverAuth],
    extensions: [subjectAltName(names)],
  });
  const jane = makeCertificate({ issuer: ca, extKeyUsage: [clientAuth] });
  const lacks = async (url: string, more = {}, authority = ca.pem, others = {}) => {
    const config = kubeconfigOf({ server: url, authority, certificate: jane.pem, key: jane.key.pem, more });
    return (await inspectFiles({ config, 'apiserver.crt': server.pem, ...others }))
      .codes('apiserver.crt')
      .includes('SubjectAltNameLacksServer');
  };

  it.each([
    ['https://10.0.0.1:6443', false],
    ['https://10.0.0.2:6443', true],
    ['https://API.corp.example', false],
    ['https://other.corp.example', true],
    ['https://[fd00:0:0::1]:6443', false],
    ['https://a.nodes.example', false],
    ['https://a.b.nodes.example', true],
  ])('are in its certificate or not: %s', async (url, expected) => {
    expect(await lacks(url)).toBe(expected);
  });

  it('are the one that the kubeconfig expects, where it says so', async () => {
    expect(await lacks('https://10.0.0.9:6443', { 'tls-server-name': 'kubernetes.default' })).toBe(false);
  });

  it('are not looked for in the certificate of another cluster', async () => {
    expect(await lacks('https://10.0.0.9:6443', {}, makeAuthority().pem)).toBe(false);
  });

  it('may be in the certificate of another of its servers', async () => {
    const other = makeCertificate({
      issuer: ca,
      subject: [['CN', 'kube-apiserver']],
      extKeyUsage: [serverAuth],
      extensions: [subjectAltName({ ip: [Buffer.of(10, 0, 0, 9)] })],
    });
    expect(await lacks('https://10.0.0.9:6443', {}, ca.pem, { 'other.crt': other.pem })).toBe(false);
  });
});
