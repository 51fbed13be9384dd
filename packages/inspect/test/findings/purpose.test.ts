// Tests packages/inspect/src/findings/checks/purpose.ts
import { describe, expect, it } from 'vitest';
import { basicConstraintsExtension, extensionId, keyPurpose, sequence, writeExtension } from '@kubepass/x509';
import {
  caConstraints,
  makeAuthority,
  makeCertificate,
  makeKey,
  pathLength,
  subjectAltName,
  type CertificateFields,
} from '../../../x509/test/helpers/certificates.js';
import { inspectFiles, kubeconfigOf, secretOf } from '../inspected.js';

const ca = makeAuthority();
const { clientAuth, serverAuth } = keyPurpose;
const namesNobody = writeExtension(extensionId.authorityKeyIdentifier, false, sequence());
const names = subjectAltName({ dns: ['db.corp.example'] });

const leafCodes = async (fields: CertificateFields) =>
  (await inspectFiles({ 'leaf.crt': makeCertificate({ issuer: ca, ...fields }).pem, 'ca.crt': ca.pem })).codes(
    'leaf.crt',
  );
const caCodes = async (fields: CertificateFields) =>
  (await inspectFiles({ 'authority.crt': makeAuthority(fields).pem })).codes('authority.crt');

describe('a leaf', () => {
  it.each<[string, CertificateFields, readonly string[]]>([
    ['is in order', {}, []],
    ['has no key usage', { keyUsage: null }, ['KeyUsageMissing']],
    ['has no extended key usage', { extKeyUsage: null }, ['ExtendedKeyUsageMissing']],
    ['is good for anything', { extKeyUsage: ['2.5.29.37.0'] }, ['AnyExtendedKeyUsage']],
    ['may sign certificates', { keyUsage: ['digitalSignature', 'keyCertSign'] }, ['KeyUsageContradictory']],
    ['is for clients and signs nothing', { keyUsage: ['nonRepudiation'] }, ['KeyUsageContradictory']],
    [
      'is for servers and signs nothing',
      { keyUsage: ['nonRepudiation'], extKeyUsage: [serverAuth], extensions: [names] },
      ['KeyUsageContradictory'],
    ],
    [
      'is for servers that agree on keys and do not sign',
      { keyUsage: ['keyAgreement'], extKeyUsage: [serverAuth], extensions: [names] },
      ['KeyUsageLacksSignature'],
    ],
    [
      'is for servers that decipher keys and do not sign',
      { keyUsage: ['keyEncipherment'], extKeyUsage: [serverAuth], extensions: [names], key: makeKey('RSA-2048') },
      ['KeyUsageLacksSignature'],
    ],
    ['is for clients that agree on keys and do not sign', { keyUsage: ['keyAgreement'] }, ['KeyUsageLacksSignature']],
    [
      'decipher keys for clients, which TLS does not know',
      { keyUsage: ['keyEncipherment'], key: makeKey('RSA-2048') },
      ['KeyUsageContradictory'],
    ],
    [
      'signs code and may not sign',
      { keyUsage: ['keyAgreement'], extKeyUsage: ['1.3.6.1.5.5.7.3.3'] },
      ['KeyUsageContradictory'],
    ],
    ['stamps times and does not repudiate', { keyUsage: ['nonRepudiation'], extKeyUsage: ['1.3.6.1.5.5.7.3.8'] }, []],
    ['enciphers for nobody', { keyUsage: ['digitalSignature', 'encipherOnly'] }, ['KeyUsageContradictory']],
    [
      'enciphers keys with an elliptic curve',
      { keyUsage: ['digitalSignature', 'keyEncipherment'] },
      ['KeyUsageNotForKey'],
    ],
    ['enciphers keys with RSA', { keyUsage: ['digitalSignature', 'keyEncipherment'], key: makeKey('RSA-2048') }, []],
    [
      'agrees on keys with Ed25519',
      { keyUsage: ['digitalSignature', 'keyAgreement'], key: makeKey('Ed25519') },
      ['KeyUsageNotForKey'],
    ],
    ['has a path length', { basicConstraints: pathLength(0, false) }, ['PathLengthWithoutCa']],
    ['does not say whose key signed it', { authorityKeyIdentifier: null }, ['AuthorityKeyIdentifierMissing']],
    [
      'names nobody whose key signed it',
      { authorityKeyIdentifier: null, extensions: [namesNobody] },
      ['AuthorityKeyIdentifierMissing'],
    ],
  ])('that %s', async (_, fields, expected) => {
    expect(await leafCodes(fields)).toEqual(expected);
  });
});

describe('a CA', () => {
  it.each<[string, CertificateFields, readonly string[]]>([
    ['is in order', {}, []],
    [
      'has basic constraints that are not critical',
      { basicConstraints: caConstraints(false) },
      ['BasicConstraintsNotCritical'],
    ],
    ['has no subject key identifier', { subjectKeyIdentifier: null }, ['SubjectKeyIdentifierMissing']],
    ['has no key usage', { keyUsage: null }, ['KeyUsageMissing']],
    ['names nobody whose key signed it', { extensions: [namesNobody] }, ['AuthorityKeyIdentifierMissing']],
    ['signs neither certificates nor lists', { keyUsage: ['digitalSignature'] }, ['KeyUsageContradictory']],
    [
      'has keyCertSign and no basic constraints',
      { basicConstraints: null, extKeyUsage: [clientAuth], notAfter: new Date('2026-01-01T00:00:00Z') },
      ['CertificateExpired', 'BasicConstraintsMissing'],
    ],
  ])('that %s', async (_, fields, expected) => {
    expect(await caCodes(fields)).toEqual(expected);
  });

  it('that signed something without basic constraints', async () => {
    const bare = makeAuthority({ basicConstraints: null, keyUsage: null, subject: [['CN', 'bare']] });
    const { codes } = await inspectFiles({ 'leaf.crt': makeCertificate({ issuer: bare }).pem, 'bare.crt': bare.pem });
    expect(codes('bare.crt')).toContain('BasicConstraintsMissing');
  });
});

describe('where it stands', () => {
  const leaf = makeCertificate({ issuer: ca });
  const server = makeCertificate({ issuer: ca, extKeyUsage: [serverAuth], extensions: [names] });
  const client = 'config#users[0].user.client-certificate-data';
  const authority = 'config#clusters[0].cluster.certificate-authority-data';

  it('is right in an ordinary kubeconfig', async () => {
    const { findings } = await inspectFiles({
      config: kubeconfigOf({ authority: ca.pem, certificate: leaf.pem, key: leaf.key.pem }),
    });
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('is wrong for a CA where a client belongs, and the reverse', async () => {
    const { codes } = await inspectFiles({
      config: kubeconfigOf({ authority: leaf.pem, certificate: ca.pem, key: ca.key.pem }),
    });
    expect(codes(client)).toContain('CaUsedAsLeaf');
    expect(codes(authority)).toContain('LeafUsedAsCa');
  });

  it('is wrong for a server where a client belongs', async () => {
    const { codes } = await inspectFiles({
      config: kubeconfigOf({ authority: ca.pem, certificate: server.pem, key: server.key.pem }),
    });
    expect(codes(client)).toContain('ExtendedKeyUsageUnsuitable');
  });

  it('lets the CAs of a chain follow a client', async () => {
    const { codes } = await inspectFiles({
      config: kubeconfigOf({ certificate: leaf.pem + ca.pem, key: leaf.key.pem }),
    });
    expect(codes(`${client}[0]`)).toEqual([]);
    expect(codes(`${client}[1]`)).toEqual(['RootInChain']);
  });

  it('is right for a CA in a Secret of those who sign with it, and wrong for one that is a server', async () => {
    const issuing = await inspectFiles({ 'tls.json': secretOf({ 'tls.crt': ca.pem, 'tls.key': ca.key.pem }) });
    expect(issuing.codes('tls.json#data["tls.crt"]')).toEqual([]);
    const both = makeAuthority({ extensions: [names] });
    const serving = await inspectFiles({ 'tls.json': secretOf({ 'tls.crt': both.pem, 'tls.key': both.key.pem }) });
    expect(serving.codes('tls.json#data["tls.crt"]')).toEqual(['CaUsedAsLeaf']);
  });

  it('is wrong for a leaf as the CA of a Secret', async () => {
    const { codes } = await inspectFiles({
      'tls.json': secretOf({ 'tls.crt': server.pem, 'tls.key': server.key.pem, 'ca.crt': leaf.pem }),
    });
    expect(codes('tls.json#data["ca.crt"]')).toContain('LeafUsedAsCa');
  });

  it('is only hinted at by a file name', async () => {
    const lone = makeCertificate({ basicConstraints: basicConstraintsExtension(false) });
    expect((await inspectFiles({ 'pki/ca.crt': lone.pem })).codes('pki/ca.crt')).toContain('LeafUsedAsCa');
    expect((await inspectFiles({ 'pki/jane.crt': lone.pem })).codes('pki/jane.crt')).not.toContain('LeafUsedAsCa');
    expect((await inspectFiles({ 'pki/ca.crt': leaf.pem })).codes('pki/ca.crt')).not.toContain('LeafUsedAsCa');
  });
});
