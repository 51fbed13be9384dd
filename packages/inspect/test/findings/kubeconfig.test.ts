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
