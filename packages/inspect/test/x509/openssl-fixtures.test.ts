// Tests packages/inspect/src/x509/decode-certificate.ts, packages/inspect/src/x509/decode-certification-request.ts,
// packages/inspect/src/x509/describe-extension-values.ts, packages/inspect/src/x509/verify-signed.ts
import 'reflect-metadata';

import { createHash, X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequest, X509Certificate as PeculiarCertificate } from '@peculiar/x509';
import { describe, expect, it } from 'vitest';

import type { NameContent } from '../../src/model/inspection.js';
import { opensslDer, opensslFixtures, opensslText, readCertificate, readRequest } from './decoding.js';

const certificates = opensslFixtures('crt');
const requests = opensslFixtures('csr');

const valuesOf = (name: NameContent, type: string): (string | null)[] =>
  name.rdns.flat().flatMap((attribute) => (attribute.type === type ? [attribute.value] : []));

/**
 * These keys never reach foreign arithmetic: a curve that is written out, and SM2, whose keys OpenSSL uses for another
 * scheme.
 */
const notVerified: Readonly<Record<'certificates' | 'requests', readonly string[]>> = {
  certificates: ['curve-SM2.crt', 'key-p256explicit.crt'],
  requests: ['key-p256explicit.csr'],
};

describe('decodeCertificate, of what OpenSSL 3.5 made', () => {
  it('finds them all', () => {
    expect(certificates.length + requests.length).toBe(183);
  });

  it.each(certificates)('%s: says what Node says', (name) => {
    const der = opensslDer(name);
    const node = new X509Certificate(der);
    const { content, material } = readCertificate(der);
    const number = BigInt(`0x${content.serialNumber.replace('-', '')}`);
    expect(number).toBe(BigInt(`0x${node.serialNumber.replace('-', '')}`));
    expect(content.fingerprintSha256).toBe(node.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(content.fingerprintSha1).toBe(node.fingerprint.replaceAll(':', '').toLowerCase());
    expect(Date.parse(content.notBefore)).toBe(Date.parse(node.validFrom));
    expect(Date.parse(content.notAfter)).toBe(Date.parse(node.validTo));
    expect(material.basicConstraints?.ca ?? false).toBe(node.ca);
    const spki = node.publicKey.export({ type: 'spki', format: 'der' });
    expect(content.publicKey.spkiSha256).toBe(createHash('sha256').update(spki).digest('hex'));
    expect(content.selfSigned).toBe(notVerified.certificates.includes(name) ? null : node.verify(node.publicKey));
  });

  it.each(certificates)('%s: says what @peculiar/x509 says', (name) => {
    const der = opensslDer(name);
    const peculiar = new PeculiarCertificate(der);
    const { content } = readCertificate(der);
    expect(content.extensions.map(({ oid, critical }) => ({ oid, critical }))).toEqual(
      peculiar.extensions.map(({ type, critical }) => ({ oid: type, critical })),
    );
    for (const { oid, value, hex } of content.extensions)
      if (value === null) expect(hex).toBe(Buffer.from(peculiar.getExtension(oid)!.value).toString('hex'));
    for (const type of ['CN', 'O', 'OU', 'C']) {
      expect(valuesOf(content.subject, type)).toEqual(peculiar.subjectName.getField(type));
      expect(valuesOf(content.issuer, type)).toEqual(peculiar.issuerName.getField(type));
    }
    expect(new Date(content.notBefore)).toEqual(peculiar.notBefore);
  });

  it.each(certificates)('%s: says what OpenSSL says', (name) => {
    const text = opensslText(name);
    const { content } = readCertificate(opensslDer(name));
    expect(text).toContain(`Version: ${content.version} (`);
    expect(text).toContain(`Signature Algorithm: ${content.signatureAlgorithm.name}\n`);
    const [, bits] = /Public-Key: \((\d+) bit\)/.exec(text) ?? [];
    if (bits !== undefined) expect(content.publicKey.bits).toBe(Number(bits));
    const [, curve] = /(?:NIST CURVE|ASN1 OID): (.*)\n\s+(?:X509v3|Signature)/.exec(text) ?? [];
    if (curve !== undefined) expect(content.publicKey.curve).toBe(curve);
  });

  it('decodes every extension but those that are of no standard', () => {
    const undecoded = new Set(
      certificates.flatMap((name) =>
        readCertificate(opensslDer(name))
          .content.extensions.filter(({ value }) => value === null)
          .map(({ name }) => name),
      ),
    );
    expect([...undecoded].sort()).toEqual([
      '1.2.3.4.5.6',
      '1.2.3.4.5.8',
      'proxyCertInfo',
      'sbgp-autonomousSysNum',
      'sbgp-ipAddrBlock',
    ]);
  });

  it.each(requests)('%s: says what @peculiar/x509 says', (name) => {
    const der = opensslDer(name);
    const peculiar = new Pkcs10CertificateRequest(der);
    const { content } = readRequest(der);
    expect(content.extensions.map(({ oid }) => oid)).toEqual(peculiar.extensions.map(({ type }) => type));
    expect(valuesOf(content.subject, 'CN')).toEqual(peculiar.subjectName.getField('CN'));
    expect(valuesOf(content.subject, 'O')).toEqual(peculiar.subjectName.getField('O'));
    expect(content.publicKey.spkiSha256).toBe(
      createHash('sha256').update(Buffer.from(peculiar.publicKey.rawData)).digest('hex'),
    );
  });

  it('verifies every signature that it can, and each is right', () => {
    const verdicts = (names: readonly string[], verdict: (name: string) => boolean | null) =>
      names.filter((name) => verdict(name) !== true).map((name) => `${name} ${verdict(name)}`);
    expect(verdicts(certificates, (name) => readCertificate(opensslDer(name)).content.selfSigned)).toEqual(
      notVerified.certificates.map((name) => `${name} null`),
    );
    expect(verdicts(requests, (name) => readRequest(opensslDer(name)).content.signatureValid)).toEqual(
      notVerified.requests.map((name) => `${name} null`),
    );
  });
});
