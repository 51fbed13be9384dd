// Tests packages/inspect/src/reading/decode-der.ts
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { decodeDer } from '../../src/reading/decode-der.js';
import { bitString, contextConstructed, der, oid, sequence, Tag, unsignedInteger } from '@kubepass/x509';
import { certificateTreeText } from '@kubepass/x509/openssl-text';
import { makeAuthority, makeCertificate, nameOf } from '../../../x509/test/helpers/certificates.js';
import { algorithmOf, ecdsaWithSha256, rawCertificate, rawList, rawRequest, time } from '../x509/build.js';
import { decodeContext, pieceOf } from '../x509/decoding.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const certificate = makeCertificate({ issuer: makeAuthority() }).der;

const decode = (bytes: Buffer, label: string | null = null) => decodeDer(pieceOf(bytes, label), decodeContext);
const codesOf = (bytes: Buffer, label: string | null = null): readonly string[] =>
  decode(bytes, label).observations.map(({ code }) => code);

const attributeCertificate = sequence(
  sequence(unsignedInteger(Buffer.of(1)), sequence(der(contextConstructed(0))), der(contextConstructed(0))),
  ecdsaWithSha256,
  bitString(Buffer.of(1)),
);

const samples: Readonly<Record<string, readonly [Buffer, string, label: string]>> = {
  'a certificate': [certificate, 'Certificate', 'CERTIFICATE'],
  'a certificate of version 1': [rawCertificate({ version: null }), 'Certificate', 'CERTIFICATE'],
  'a certificate with empty names': [
    rawCertificate({ version: null, issuer: sequence(), subject: sequence() }),
    'Certificate',
    'CERTIFICATE',
  ],
  'a request': [rawRequest(), 'CertificationRequest', 'CERTIFICATE REQUEST'],
  'a request with an empty subject': [
    rawRequest({ subject: sequence() }),
    'CertificationRequest',
    'CERTIFICATE REQUEST',
  ],
  'a list': [rawList(), 'CertificateList', 'X509 CRL'],
  'a list of version 1': [rawList({ version: null }), 'CertificateList', 'X509 CRL'],
  'a public key': [ec.publicKey.export({ type: 'spki', format: 'der' }), 'PublicKey', 'PUBLIC KEY'],
  'an RSA public key': [rsa.publicKey.export({ type: 'pkcs1', format: 'der' }), 'PublicKey', 'RSA PUBLIC KEY'],
  'a private key': [ec.privateKey.export({ type: 'pkcs8', format: 'der' }), 'PrivateKey', 'PRIVATE KEY'],
  'an RSA private key': [rsa.privateKey.export({ type: 'pkcs1', format: 'der' }), 'PrivateKey', 'RSA PRIVATE KEY'],
  'an EC private key': [ec.privateKey.export({ type: 'sec1', format: 'der' }), 'PrivateKey', 'EC PRIVATE KEY'],
  'an encrypted private key': [
    ec.privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' }),
    'PrivateKey',
    'ENCRYPTED PRIVATE KEY',
  ],
  'PKCS#7': [
    sequence(
      oid('1.2.840.113549.1.7.2'),
      der(
        contextConstructed(0),
        sequence(
          unsignedInteger(Buffer.of(1)),
          der(Tag.SET),
          sequence(oid('1.2.840.113549.1.7.1')),
          der(contextConstructed(0), certificate),
          der(Tag.SET),
        ),
      ),
    ),
    'PKCS7',
    'PKCS7',
  ],
  'PKCS#12': [
    sequence(
      unsignedInteger(Buffer.of(3)),
      sequence(oid('1.2.840.113549.1.7.1'), der(contextConstructed(0), der(Tag.OCTET_STRING, sequence()))),
    ),
    'PKCS12',
    'PKCS12',
  ],
};
const cases = Object.entries(samples).map(([what, [bytes, type, label]]) => ({ what, bytes, type, label }));

describe('decodeDer', () => {
  it.each(cases)('knows $what by how it is built', ({ bytes, type, label }) => {
    expect(decode(bytes).content.type).toBe(type);
    expect(codesOf(bytes, label)).not.toContain('PemLabelWrong');
  });

  it.each(cases)('believes no label about $what', ({ bytes, type }) => {
    for (const label of ['CERTIFICATE', 'PRIVATE KEY', 'X509 CRL', 'WHATEVER']) {
      const decoded = decode(bytes, label);
      expect(decoded.content.type).toBe(type);
      const isRight = Object.values(samples).some(([, other, proper]) => other === type && proper === label);
      if (!isRight) expect(decoded.observations.map(({ code }) => code)).toContain('PemLabelWrong');
    }
  });

  it.each(cases)('knows $what in BER', ({ bytes, type }) => {
    const header = bytes[1]! < 0x80 ? 2 : 2 + (bytes[1]! & 0x7f);
    const inBer = Buffer.concat([Buffer.of(0x30, 0x80), bytes.subarray(header), Buffer.alloc(2)]);
    expect(decode(inBer).content.type).toBe(type);
  });

  it('says which label is right', () => {
    expect(decode(certificate, 'PRIVATE KEY').observations).toEqual([
      {
        code: 'PemLabelWrong',
        message: 'the PEM label is "PRIVATE KEY", and what is inside belongs under "CERTIFICATE"',
      },
    ]);
  });

  it('warns where Go loads PKCS#8 under the label of another private key', () => {
    const [pkcs8] = samples['a private key']!;
    for (const label of ['RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ANY PRIVATE KEY'])
      expect(codesOf(pkcs8, label)).toEqual(['PrivateKeyUnprotected', 'PrivateKeyLabelWrong']);
    const sec1 = ec.privateKey.export({ type: 'sec1', format: 'der' });
    expect(codesOf(sec1, 'PRIVATE KEY')).toContain('PemLabelWrong');
  });

  it("reads OpenSSL's trusted certificates, with what they are trusted for behind them", () => {
    const trusted = Buffer.concat([certificate, sequence(sequence(oid('1.3.6.1.5.5.7.3.1')))]);
    expect(codesOf(trusted, 'TRUSTED CERTIFICATE')).toEqual([]);
    expect(codesOf(trusted, 'CERTIFICATE')).toEqual(['TrailingData']);
    expect(codesOf(Buffer.concat([certificate, Buffer.of(0)]), 'TRUSTED CERTIFICATE')).toEqual(['TrailingData']);
  });

  it("prints what OpenSSL's trusted certificates are trusted for, as OpenSSL does", () => {
    const text = (bytes: Buffer): string | undefined => {
      const { material } = decode(bytes, 'TRUSTED CERTIFICATE');
      return material?.kind === 'certificate' ? certificateTreeText(material.tree) : undefined;
    };
    const trusted = Buffer.concat([certificate, sequence(sequence(oid('1.3.6.1.5.5.7.3.1')))]);
    expect(text(trusted)).toBe(
      `${text(certificate)}Trusted Uses:\n  TLS Web Server Authentication\nNo Rejected Uses.\n`,
    );
  });

  it.each([
    ['CERTIFICATE', 'a certificate'],
    ['CERTIFICATE REQUEST', 'a certification request'],
    ['X509 CRL', 'a certificate list'],
    ['PUBLIC KEY', 'a public key'],
    ['PKCS7', 'PKCS#7'],
  ])('says of garbage under %s that it cannot be read', (label, resembles) => {
    for (const bytes of [Buffer.from('garbage'), sequence(), certificate.subarray(0, 50)]) {
      expect(decode(bytes, label).content).toEqual({ type: 'Unknown', bytes: bytes.length, resembles });
      expect(codesOf(bytes, label)).toEqual(['MalformedObject']);
    }
  });

  it('believes the label of parameters about two numbers alone', () => {
    const twoNumbers = rsa.publicKey.export({ type: 'pkcs1', format: 'der' });
    expect(decode(twoNumbers, 'DH PARAMETERS').content).toMatchObject({ resembles: 'Diffie-Hellman parameters' });
    for (const label of ['DH PARAMETERS', 'X9.42 DH PARAMETERS', 'DSA PARAMETERS', 'EC PARAMETERS', 'PGP MESSAGE']) {
      expect(decode(certificate, label).content.type).toBe('Certificate');
      expect(codesOf(certificate, label)).toContain('PemLabelWrong');
    }
  });

  it.each([3, 5, 65537])('takes two numbers for an RSA key where the second is %i', (publicExponent) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent });
    expect(decode(publicKey.export({ type: 'pkcs1', format: 'der' })).content.type).toBe('PublicKey');
  });

  it('leaves garbage under the label of a private key to the reader of keys', () => {
    expect(decode(Buffer.from('garbage'), 'RSA PRIVATE KEY').content).toMatchObject({
      type: 'PrivateKey',
      encoding: 'PKCS#1',
    });
  });

  it.each([
    ['an attribute certificate', attributeCertificate, ['UnrecognisedContent'], 'a structure in DER'],
    ['an empty SEQUENCE', sequence(), ['UnrecognisedContent'], 'a structure in DER'],
    [
      'a SEQUENCE of a name and a time',
      sequence(nameOf([['CN', 'x']]), time('260101000000Z')),
      ['UnrecognisedContent'],
      'a structure in DER',
    ],
    [
      'something signed that is nothing',
      sequence(sequence(der(Tag.NULL)), algorithmOf('1.2.3'), bitString(Buffer.of(1))),
      ['UnrecognisedContent'],
      'a structure in DER',
    ],
    ['a certificate that is cut off', certificate.subarray(0, 200), ['MalformedObject'], 'a structure in DER'],
    ['text', Buffer.from('hello'), ['UnrecognisedContent'], null],
    ['nothing', Buffer.alloc(0), ['UnrecognisedContent'], null],
  ])('knows what it does not know: %s', (_, bytes, expected, resembles) => {
    expect(decode(bytes).content).toEqual({ type: 'Unknown', bytes: bytes.length, resembles });
    expect(codesOf(bytes)).toEqual(expected);
  });
});
