// Tests src/signing/second-reading.ts, src/signing/library-reading.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CertificateReading } from '../../../src/signing/library-reading.js';
import { disagreements, secondReader } from '../../../src/signing/second-reading.js';
import { keyUsages, type ParsedCertificate, readCertificate, Tag } from '@kubepass/x509';
import {
  type CertificateFields,
  makeAuthority,
  makeCertificate,
  makeKey,
  nameOf,
  subjectAltName,
} from '../../../packages/x509/test/helpers/certificates.js';
import { attribute, name as nameOfRdns } from '../../../packages/x509/test/strict/build-csr.js';
import { mutate, mutations } from '../../../packages/x509/test/strict/mutate.js';
import { propertyRuns } from '../../helpers/property-runs.js';

const issuer = makeAuthority();
const made = (fields: CertificateFields = {}) => makeCertificate({ issuer, ...fields });
const manyGroups = nameOfRdns([
  ['b', 'a', 'ä'].map((group) => attribute('O', Tag.UTF8_STRING, group)),
  [attribute('CN', Tag.PRINTABLE_STRING, 'jane')],
]);

describe('two readings of a certificate', () => {
  it.each<[string, Buffer]>([
    ['with a key on P-256', made().der],
    ['with an RSA key', made({ key: makeKey('RSA-2048') }).der],
    ['with an Ed25519 key', made({ key: makeKey('Ed25519') }).der],
    ['of a CA', issuer.der],
    ['of version 1', made({ version: 1 }).der],
    ['without key usages', made({ keyUsage: null, extKeyUsage: null, basicConstraints: null }).der],
    ['with every key usage', made({ keyUsage: keyUsages }).der],
    ['with subject alternative names', made({ extensions: [subjectAltName({ dns: ['a.example'] })] }).der],
    ['with several groups in one RDN', made({ subject: manyGroups }).der],
    ['with an empty subject', made({ subject: [] }).der],
    ['from before 1970 until after 2050', made({ notBefore: new Date(-5e11), notAfter: new Date(3e12) }).der],
    ['with a short serial number', made({ serialNumber: Buffer.of(0, 0x80) }).der],
    ['with serial number 0', made({ serialNumber: Buffer.of(0) }).der],
  ])('agree: %s', async (_, der) => {
    expect(await disagreements(readCertificate(der), secondReader)).toEqual([]);
  });

  it.each([
    ['PrintableString', Tag.PRINTABLE_STRING, 'corp'],
    ['UTF8String', Tag.UTF8_STRING, 'Körper 日本'],
    ['T61String', Tag.T61_STRING, Buffer.from('Körper', 'latin1')],
    ['BMPString', Tag.BMP_STRING, Buffer.from('Körper', 'utf16le').swap16()],
    ['UniversalString', Tag.UNIVERSAL_STRING, Buffer.from('00000041000000e4', 'hex')],
    ['IA5String', Tag.IA5_STRING, 'corp'],
    ['NumericString', Tag.NUMERIC_STRING, '42'],
    ['VisibleString', Tag.VISIBLE_STRING, 'corp'],
  ])('agree on the octets of an issuer in a %s', async (_, tag, value) => {
    const issuerName = nameOfRdns([[attribute('O', tag, value), attribute('OU', Tag.UTF8_STRING, 'it')]]);
    expect(await disagreements(readCertificate(made({ issuerName }).der), secondReader)).toEqual([]);
  });

  const otherReadings: CertificateReading = {
    subject: [[['2.5.4.3', 'joe']]],
    issuer: nameOf([['CN', 'other']]).toString('hex'),
    serialNumber: '01',
    notBefore: '2020-01-01T00:00:00.000Z',
    notAfter: '2040-01-01T00:00:00.000Z',
    subjectPublicKeyInfo: makeKey().spki.toString('hex'),
    keyUsage: ['digitalSignature', 'keyCertSign'],
    extKeyUsage: ['1.3.6.1.5.5.7.3.1'],
    certificateAuthority: true,
    subjectAltNames: true,
    signatureAlgorithm: '1.2.840.113549.1.1.11',
  };
  it.each(Object.keys(otherReadings) as (keyof CertificateReading)[])('disagree on another %s', async (field) => {
    const certificate = readCertificate(made().der);
    const liar = async (der: Uint8Array<ArrayBuffer>) => ({
      ...(await secondReader(der)),
      [field]: otherReadings[field],
    });
    expect(await disagreements(certificate, liar)).toEqual([`a second reader reads another ${field}`]);
  });

  it.each<[string, CertificateReading['subject']]>([
    ['the same values under other types', [[['2.5.4.10', 'jane']]]],
    ['one CN more', [[['2.5.4.3', 'jane']], [['2.5.4.3', 'root']]]],
    [
      'its attributes in one RDN',
      [
        [
          ['2.5.4.3', 'jane'],
          ['2.5.4.10', 'dev'],
        ],
      ],
    ],
  ])('disagree on a subject with %s', async (_, subject) => {
    const certificate = readCertificate(
      made({
        subject: [
          ['CN', 'jane'],
          ['O', 'dev'],
        ],
      }).der,
    );
    const liar = async (der: Uint8Array<ArrayBuffer>) => ({ ...(await secondReader(der)), subject });
    expect(await disagreements(certificate, liar)).toEqual(['a second reader reads another subject']);
  });

  it('disagree where the second reader cannot read it', async () => {
    const cannot = () => {
      throw new Error('no certificate');
    };
    const certificate = readCertificate(made().der);
    expect(await disagreements(certificate, cannot)).toEqual(['a second reader cannot read it: no certificate']);
  });

  it('disagree on what the strict reader says, field by field', async () => {
    const certificate = readCertificate(made().der);
    const other = readCertificate(issuer.der);
    const lies: readonly [Partial<ParsedCertificate>, string][] = [
      [{ subject: other.subject }, 'subject'],
      [{ issuer: certificate.subject }, 'issuer'],
      [{ serialNumber: '01' }, 'serialNumber'],
      [{ notBefore: other.notBefore }, 'notBefore'],
      [{ notAfter: other.notAfter }, 'notAfter'],
      [{ subjectPublicKeyInfo: other.subjectPublicKeyInfo }, 'subjectPublicKeyInfo'],
      [{ keyUsage: null }, 'keyUsage'],
      [{ extKeyUsage: null }, 'extKeyUsage'],
      [{ basicConstraints: other.basicConstraints }, 'certificateAuthority'],
      [{ extensions: [{ id: '2.5.29.17', critical: false, value: Buffer.alloc(0), offset: 0 }] }, 'subjectAltNames'],
      [{ signatureAlgorithm: { id: '1.2.3', identifier: Buffer.alloc(0) } }, 'signatureAlgorithm'],
    ];
    for (const [lie, field] of lies)
      expect(await disagreements({ ...certificate, ...lie }, secondReader)).toEqual([
        `a second reader reads another ${field}`,
      ]);
  });

  it('never throw, whatever octets are changed', async () => {
    const { der } = made();
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        let certificate: ParsedCertificate;
        try {
          certificate = readCertificate(mutate(der, changes));
        } catch {
          return;
        }
        expect(Array.isArray(await disagreements(certificate, secondReader))).toBe(true);
      }),
      { numRuns: propertyRuns(500) },
    );
  });
});
