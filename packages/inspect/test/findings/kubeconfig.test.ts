// Tests packages/inspect/src/findings/checks/kubeconfig.ts, packages/inspect/src/findings/checks/chain.ts,
// packages/inspect/src/findings/checks/keys.ts
import { describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, makeKey } from '../../../x509/test/helpers/certificates.js';
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
