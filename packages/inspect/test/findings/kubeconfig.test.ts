// Tests packages/inspect/src/findings/checks/kubeconfig.ts, packages/inspect/src/findings/checks/chain.ts,
// packages/inspect/src/findings/checks/keys.ts
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type CertificateFields,
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeKey,
  subjectAltName,
} from '../../../x509/test/helpers/certificates.js';
import { csrFor } from '../../../x509/test/helpers/csr.js';
import { inspectFiles, kubeconfigOf, knownCluster } from '../inspected.js';

const server = 'https://10.0.0.1:6443';
const serving = makeAuthority({ subject: [['CN', 'serving-ca']] });
const clients = makeAuthority({ subject: [['CN', 'client-ca']] });
const jane = makeCertificate({ issuer: clients });
const ours = knownCluster('dev', server, [serving.der], [clients.der]);

const codesOf = async (
  parts: Parameters<typeof kubeconfigOf>[0],
  clusters = [ours],
  others: Readonly<Record<string, string>> = {},
) =>
  (await inspectFiles({ config: kubeconfigOf({ server, ...parts }), ...others }, { clusters }))
    .codes('config')
    .filter((code) => ['ServingAuthorityWrong', 'ClientNotTrusted'].includes(code));

describe('a kubeconfig that points at a cluster of ours', () => {
  const right = { authority: serving.pem, certificate: jane.pem, key: jane.key.pem };

  it('is in order with its CA and a certificate of its client CA', async () => {
    expect(await codesOf(right)).toEqual([]);
  });

  it('trusts another CA', async () => {
    expect(await codesOf({ ...right, authority: clients.pem })).toEqual(['ServingAuthorityWrong']);
    expect(await codesOf({ ...right, authority: clients.pem + serving.pem })).toEqual([]);
  });

  it('may trust the same key under a renewed certificate, and the CA that signed ours', async () => {
    const renewed = makeAuthority({ subject: [['CN', 'serving-ca']], key: serving.key });
    expect(await codesOf({ ...right, authority: renewed.pem })).toEqual([]);
    const root = makeAuthority({ subject: [['CN', 'root']] });
    const below = makeAuthority({ subject: [['CN', 'below']], issuer: root });
    expect(
      await codesOf({ ...right, authority: root.pem }, [knownCluster('dev', server, [below.der], [clients.der])]),
    ).toEqual([]);
  });

  it('holds a certificate of another CA', async () => {
    const other = makeCertificate({ issuer: serving });
    expect(await codesOf({ ...right, certificate: other.pem, key: other.key.pem })).toEqual(['ClientNotTrusted']);
  });

  it('holds a certificate of a CA below ours, which the upload has', async () => {
    const between = makeAuthority({ subject: [['CN', 'between']], issuer: clients });
    const leaf = makeCertificate({ issuer: between });
    expect(await codesOf({ ...right, certificate: leaf.pem + between.pem, key: leaf.key.pem })).toEqual([]);
  });

  it('holds a certificate of a CA below ours, and not the CA between, although that is elsewhere in the upload', async () => {
    const upper = makeAuthority({ subject: [['CN', 'upper']], issuer: clients });
    const lower = makeAuthority({ subject: [['CN', 'lower']], issuer: upper });
    const leaf = makeCertificate({ issuer: lower });
    const alone = { ...right, certificate: leaf.pem, key: leaf.key.pem };
    expect(await codesOf(alone)).toEqual(['ClientNotTrusted']);
    const others = { 'lower.crt': lower.pem, 'upper.crt': upper.pem };
    const messageWith = async (certificate: string) =>
      (
        await inspectFiles({ config: kubeconfigOf({ server, ...alone, certificate }), ...others }, { clusters: [ours] })
      ).finding('ClientNotTrusted')?.message;
    expect(await messageWith(leaf.pem)).toContain(
      'he certificate of user "u" chains to the client CA of /v1/clusters/dev only with lower.crt, which does not stand behind it',
    );
    expect(await messageWith(leaf.pem + lower.pem)).toMatch(/only with upper\.crt, which does not stand behind it/);
    expect(await messageWith(leaf.pem + lower.pem + upper.pem)).toBeUndefined();
    expect(await messageWith(leaf.pem + lower.pem + upper.pem + clients.pem)).toBeUndefined();
    // Where our API servers trust the CA between, the leaf is enough.
    const trusting = knownCluster('dev', server, [serving.der], [lower.der]);
    expect(await codesOf(alone, [trusting], others)).toEqual([]);
  });

  it('has the leaf first, then each CA that signed the one before: nothing is found about it', async () => {
    const upper = makeAuthority({ subject: [['CN', 'upper']], issuer: clients });
    const lower = makeAuthority({ subject: [['CN', 'lower']], issuer: upper });
    const leaf = makeCertificate({ issuer: lower });
    const place = 'config#users[0].user.client-certificate-data';
    const inspected = await inspectFiles(
      {
        config: kubeconfigOf({
          server,
          authority: serving.pem,
          certificate: leaf.pem + lower.pem + upper.pem,
          key: leaf.key.pem,
        }),
      },
      { clusters: [ours] },
    );
    const found = inspected.findings.filter(({ severity }) => severity !== 'info');
    expect(found.map(({ code, object }) => [object, code])).toEqual([]);
    expect(inspected.related).toEqual(
      expect.arrayContaining([
        `${place}[0] SignedBy ${place}[1]`,
        `${place}[1] SignedBy ${place}[2]`,
        `${place}[0] ChainsTo /v1/clusters/dev`,
        `config#users[0].user.client-key-data IsKeyOf ${place}[0]`,
      ]),
    );
  });

  it('holds the key of another certificate than the first, which a client takes for its own', async () => {
    const between = makeAuthority({ subject: [['CN', 'between']], issuer: clients });
    const leaf = makeCertificate({ issuer: between });
    const codes = async (certificate: string) =>
      (await inspectFiles({ config: kubeconfigOf({ certificate, key: leaf.key.pem }) })).codes(
        'config#users[0].user.client-key-data',
      );
    expect(await codes(leaf.pem + between.pem)).not.toContain('KeyMismatch');
    expect(await codes(between.pem + leaf.pem)).toContain('KeyMismatch');
    expect(await codes(jane.pem + leaf.pem)).toContain('KeyMismatch');
  });

  it('is accused of nothing where our client CA is not known, or the server is not ours', async () => {
    const other = makeCertificate({ issuer: serving });
    const parts = { ...right, certificate: other.pem, key: other.key.pem };
    expect(await codesOf(parts, [knownCluster('dev', server, [serving.der], null)])).toEqual([]);
    expect(
      await codesOf({ ...parts, authority: clients.pem }, [
        knownCluster('dev', 'https://10.0.0.2:6443', [serving.der]),
      ]),
    ).toEqual([]);
  });
});

describe('the answer of an exec plugin', () => {
  const between = makeAuthority({ subject: [['CN', 'between']], issuer: clients });
  const leaf = makeCertificate({ issuer: between });
  const keyCodes = async (clientCertificateData: string, clientKeyData: string) =>
    (
      await inspectFiles({
        'credential.json': JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { clientCertificateData, clientKeyData },
        }),
      })
    ).codes('credential.json#status.clientKeyData');

  it('has the key of the leaf, which comes first', async () => {
    expect(await keyCodes(leaf.pem + between.pem, leaf.key.pem)).not.toContain('KeyMismatch');
    expect(await keyCodes(leaf.pem, leaf.key.pem)).not.toContain('KeyMismatch');
    expect(await keyCodes(between.pem + leaf.pem, leaf.key.pem)).toContain('KeyMismatch');
    expect(await keyCodes(leaf.pem + between.pem, makeKey().pem)).toContain('KeyMismatch');
  });
});

describe('a CertificateSigningRequest that is issued', () => {
  const object = (request: string, certificate: string) =>
    JSON.stringify({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'jane' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth', 'digital signature'],
      },
      status: { certificate: Buffer.from(certificate).toString('base64') },
    });

  it('has the certificate of its request or another', async () => {
    const { pem, keyPair } = await csrFor('jane', ['dev']);
    const key = { ...makeKey(), privateKey: keyPair.privateKey, spki: keyPair.subjectPublicKeyInfo };
    const subject = [
      ['O', 'dev'],
      ['CN', 'jane'],
    ] as const;
    const codes = async (certificate: string) =>
      (await inspectFiles({ 'csr.json': object(pem, certificate) })).codes('csr.json');
    expect(await codes(makeCertificate({ issuer: clients, key, subject }).pem)).not.toContain(
      'CertificateNotForRequest',
    );
    expect(await codes(makeCertificate({ issuer: clients, subject }).pem)).toContain('CertificateNotForRequest');
    expect(await codes(makeCertificate({ issuer: clients, key }).pem)).toContain('CertificateNotForRequest');
  });
});

describe('a kubeconfig and a CA of one name and two keys', () => {
  const name = { subject: [['CN', 'kubernetes']] } as const;
  const before = makeAuthority(name);
  const after = makeAuthority(name);
  const names = [
    subjectAltName({ dns: ['kubernetes', 'api.example'], ip: [Buffer.of(10, 0, 0, 1), Buffer.of(127, 0, 0, 1)] }),
  ];
  const serverBy = (issuer: MadeCertificate, more: CertificateFields = {}) =>
    makeCertificate({
      issuer,
      subject: [['CN', 'kube-apiserver']],
      extKeyUsage: ['1.3.6.1.5.5.7.3.1'],
      extensions: names,
      ...more,
    });
  const codesIn = async (files: Readonly<Record<string, string>>, path = 'lab/admin.conf') =>
    (await inspectFiles(files)).codes(path).filter((code) => code.includes('AnotherAuthority'));
  const config = (parts: Parameters<typeof kubeconfigOf>[0] = {}) =>
    kubeconfigOf({ server, authority: before.pem, ...parts });
  const pki = { 'lab/pki/ca.crt': after.pem, 'lab/pki/apiserver.crt': serverBy(after).pem };

  it('is of a cluster that was rebuilt: the finding names the CA that it trusts, and the one to put there', async () => {
    const { finding } = await inspectFiles({ 'lab/admin.conf': config(), ...pki });
    const { severity, message } = finding('ServerOfAnotherAuthority', 'lab/admin.conf')!;
    expect(severity).toBe('error');
    const fingerprint = createHash('sha256').update(before.der).digest('hex');
    expect(message).toBe(
      `Cluster "c" trusts another CA named "CN=kubernetes" (SHA-256 ${fingerprint}) than the one that signed ` +
        'lab/pki/apiserver.crt, the certificate of its server: lab/pki/ca.crt; was the cluster rebuilt?',
    );
    // The CA that signed it need not be there.
    expect(await codesIn({ 'lab/admin.conf': config(), 'lab/apiserver.crt': serverBy(after).pem })).toHaveLength(1);
    expect(await codesIn({ 'lab/admin.conf': config({ server: 'https://api.example' }), ...pki })).toHaveLength(1);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['it trusts both', { 'lab/admin.conf': config({ authority: before.pem + after.pem }), ...pki }],
    ['the server has another address', { 'lab/admin.conf': config({ server: 'https://10.0.0.2' }), ...pki }],
    [
      'the certificate of its own server is there',
      { 'lab/admin.conf': config(), ...pki, 'lab/x.crt': serverBy(before).pem },
    ],
    ['nothing is verified', { 'lab/admin.conf': config({ more: { 'insecure-skip-tls-verify': true } }), ...pki }],
    ['the other CA has another name', { 'lab/admin.conf': config({ authority: serving.pem }), ...pki }],
    [
      'the server stands in the folder of another cluster',
      {
        'lab/admin.conf': config(),
        'b/admin.conf': config({ authority: after.pem }),
        'b/apiserver.crt': serverBy(after).pem,
      },
    ],
    ['the address is that of each machine', { 'lab/admin.conf': config({ server: 'https://127.0.0.1:6443' }), ...pki }],
  ])('accuses nobody where %s', async (_, files) => {
    expect(await codesIn(files)).toEqual([]);
  });

  it('may be a server on the same machine, in the same folder', async () => {
    const local = config({ server: 'https://127.0.0.1:6443' });
    expect(await codesIn({ 'lab/admin.conf': local, 'lab/apiserver.crt': serverBy(after).pem })).toHaveLength(1);
  });

  it('has a user of the other: the finding says so in place of the missing issuer', async () => {
    const certificate = makeCertificate({ issuer: after }).pem;
    const alone = { 'lab/admin.conf': config({ certificate }) };
    const { codes, finding } = await inspectFiles(alone);
    expect(codes('lab/admin.conf#users[0].user.client-certificate-data')).not.toContain('IssuerMissing');
    expect(finding('ClientOfAnotherAuthority')).toMatchObject({
      object: 'lab/admin.conf',
      severity: 'warning',
      message: expect.stringContaining('certificate of user "u" was signed by another CA') as string,
    });
    expect(await codesIn({ ...alone, 'ca.crt': after.pem })).toEqual(['ClientOfAnotherAuthority']);
    expect(await codesIn({ 'lab/admin.conf': config({ certificate, authority: before.pem + after.pem }) })).toEqual([]);
    // The CA for users may have another name.
    expect(await codesIn({ 'lab/admin.conf': config({ certificate, authority: serving.pem }) })).toEqual([]);
  });
});
