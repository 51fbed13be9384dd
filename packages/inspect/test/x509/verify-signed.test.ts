// Tests packages/inspect/src/x509/verify-signed.ts
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { observeParameters } from '../../src/x509/verify-signed.js';
import { bitString, contextConstructed, der, oid, sequence, Tag, unsignedInteger } from '@kubepass/x509';
import { algorithmOf } from './build.js';
import { opensslDer, readCertificate, signedWith, verifyWith } from './decoding.js';

const signedBytes = Buffer.from('what is signed');
const NULL = der(Tag.NULL);
const rsaKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const rsaSpki = spkiOf(rsaKeys.publicKey);

const rsaSigned = (algorithm: Buffer, hash: string, options: object = {}) =>
  signedWith({
    signedBytes,
    algorithm,
    signature: sign(hash, signedBytes, { key: rsaKeys.privateKey, ...options }),
  });

const PSS = '1.2.840.113549.1.1.10';
const SHA256 = '2.16.840.1.101.3.4.2.1';
const SHA384 = '2.16.840.1.101.3.4.2.2';
const pssOf = (hash: string, maskHash: string, salt: number, ...trailer: Buffer[]): Buffer =>
  algorithmOf(
    PSS,
    sequence(
      der(contextConstructed(0), algorithmOf(hash, NULL)),
      der(contextConstructed(1), algorithmOf('1.2.840.113549.1.1.8', algorithmOf(maskHash, NULL))),
      der(contextConstructed(2), unsignedInteger(Buffer.of(salt))),
      ...trailer,
    ),
  );
const pss = (saltLength: number) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

describe('verifySigned', () => {
  it.each([
    ['sha1', '1.2.840.113549.1.1.5'],
    ['sha224', '1.2.840.113549.1.1.14'],
    ['sha256', '1.2.840.113549.1.1.11'],
    ['sha384', '1.2.840.113549.1.1.12'],
    ['sha512', '1.2.840.113549.1.1.13'],
    ['sha512-256', '1.2.840.113549.1.1.16'],
    ['sha3-256', '2.16.840.1.101.3.4.3.14'],
  ])('verifies RSA with %s', (hash, algorithm) => {
    const signed = rsaSigned(algorithmOf(algorithm, NULL), hash);
    expect(verifyWith(signed, rsaSpki)).toBe('valid');
    expect(verifyWith({ ...signed, signedBytes: Buffer.from('another') }, rsaSpki)).toBe('invalid');
  });

  it.each([
    ['P-256', 'sha256', '1.2.840.10045.4.3.2'],
    ['P-384', 'sha384', '1.2.840.10045.4.3.3'],
    ['P-521', 'sha512', '1.2.840.10045.4.3.4'],
    ['secp256k1', 'sha1', '1.2.840.10045.4.1'],
    ['brainpoolP384r1', 'sha3-256', '2.16.840.1.101.3.4.3.10'],
  ])('verifies ECDSA on %s with %s', (namedCurve, hash, algorithm) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const signed = signedWith({
      signedBytes,
      algorithm: algorithmOf(algorithm),
      signature: sign(hash, signedBytes, privateKey),
    });
    expect(verifyWith(signed, spkiOf(publicKey))).toBe('valid');
    expect(verifyWith({ ...signed, signature: Buffer.from('hello') }, spkiOf(publicKey))).toBe('invalid');
    expect(verifyWith(signed, spkiOf(generateKeyPairSync('ec', { namedCurve }).publicKey))).toBe('invalid');
  });

  it('verifies Ed25519 and Ed448', () => {
    for (const [algorithm, { privateKey, publicKey }] of [
      ['1.3.101.112', generateKeyPairSync('ed25519')],
      ['1.3.101.113', generateKeyPairSync('ed448')],
    ] as const) {
      const signed = signedWith({
        signedBytes,
        algorithm: algorithmOf(algorithm),
        signature: sign(null, signedBytes, privateKey),
      });
      expect(verifyWith(signed, spkiOf(publicKey))).toBe('valid');
      expect(verifyWith({ ...signed, signedBytes: Buffer.alloc(1) }, spkiOf(publicKey))).toBe('invalid');
    }
  });

  it('verifies RSASSA-PSS with its parameters', () => {
    const signed = rsaSigned(pssOf(SHA256, SHA256, 32), 'sha256', pss(32));
    expect(verifyWith(signed, rsaSpki)).toBe('valid');
    expect(verifyWith(signedWith({ ...signed, algorithm: pssOf(SHA256, SHA256, 20) }), rsaSpki)).toBe('invalid');
    expect(verifyWith(signedWith({ ...signed, algorithm: pssOf(SHA384, SHA384, 32) }), rsaSpki)).toBe('invalid');
    expect(verifyWith(rsaSigned(algorithmOf(PSS, sequence()), 'sha1', pss(20)), rsaSpki)).toBe('valid');
    const { material } = readCertificate(opensslDer('key-pss.crt'));
    expect(verifyWith(material.signed, material.tree.publicKey.raw)).toBe('valid');
  });

  it.each([
    ['RSASSA-PSS with a mask of another hash', pssOf(SHA256, SHA384, 32)],
    [
      'RSASSA-PSS with another trailer',
      pssOf(SHA256, SHA256, 32, der(contextConstructed(3), unsignedInteger(Buffer.of(2)))),
    ],
    ['RSASSA-PSS without parameters', algorithmOf(PSS)],
    ['RSASSA-PSS with MD5', pssOf('1.2.840.113549.2.5', '1.2.840.113549.2.5', 20)],
    ['MD5', algorithmOf('1.2.840.113549.1.1.4', NULL)],
    ['DSA', algorithmOf('2.16.840.1.101.3.4.3.2')],
    ['ML-DSA', algorithmOf('2.16.840.1.101.3.4.3.17')],
    ['what nobody knows', algorithmOf('1.2.3.4')],
  ])('does not support %s', (_, algorithm) => {
    expect(verifyWith(signedWith({ signedBytes, algorithm, signature: Buffer.alloc(256) }), rsaSpki)).toBe(
      'unsupported',
    );
  });

  it('finds a signature of another kind of key invalid', () => {
    const signed = rsaSigned(algorithmOf('1.2.840.10045.4.3.2'), 'sha256');
    expect(verifyWith(signed, rsaSpki)).toBe('invalid');
  });

  const rsaWith = (modulus: Buffer, exponent: Buffer): Buffer =>
    sequence(
      algorithmOf('1.2.840.113549.1.1.1', NULL),
      bitString(sequence(unsignedInteger(modulus), unsignedInteger(exponent))),
    );

  it.each([
    ['a modulus of more than 8192 bits', rsaWith(Buffer.alloc(1025, 0xff), Buffer.of(1, 0, 1))],
    ['an exponent of more than 32 bits', rsaWith(Buffer.alloc(256, 0xff), Buffer.alloc(5, 0xff))],
    ['an even exponent', rsaWith(Buffer.alloc(256, 0xff), Buffer.of(1, 0, 0))],
    ['the exponent 1', rsaWith(Buffer.alloc(256, 0xff), Buffer.of(1))],
    ['an even modulus', rsaWith(Buffer.alloc(256, 0xfe), Buffer.of(1, 0, 1))],
    ['an unknown curve', sequence(algorithmOf('1.2.840.10045.2.1', oid('1.2.3')), bitString(Buffer.alloc(65, 4)))],
    [
      'a point off its curve',
      sequence(algorithmOf('1.2.840.10045.2.1', oid('1.2.840.10045.3.1.7')), bitString(Buffer.alloc(65, 4))),
    ],
    ['explicit curve parameters', readCertificate(opensslDer('key-p256explicit.crt')).material.tree.publicKey.raw],
  ])('verifies nothing with %s', (_, spki) => {
    const { material } = readCertificate(opensslDer('key-p256explicit.crt'));
    const signed = spki.includes(oid('1.2.840.113549.1.1.1'))
      ? rsaSigned(algorithmOf('1.2.840.113549.1.1.11', NULL), 'sha256')
      : material.signed;
    expect(verifyWith(signed, spki)).toBe('unsupported');
  });

  it('keeps apart more keys than it remembers', () => {
    const keys = Array.from({ length: 100 }, () => generateKeyPairSync('ed25519'));
    for (const round of [1, 2])
      for (const { privateKey, publicKey } of keys) {
        const data = Buffer.of(round);
        const signed = signedWith({
          signedBytes: data,
          algorithm: algorithmOf('1.3.101.112'),
          signature: sign(null, data, privateKey),
        });
        expect(verifyWith(signed, spkiOf(publicKey))).toBe('valid');
      }
  });
});

describe('the parameters of a signature algorithm', () => {
  it.each<[string, string, readonly Buffer[], readonly string[]]>([
    ['are NULL for RSA', '1.2.840.113549.1.1.11', [NULL], []],
    ['are not absent for RSA', '1.2.840.113549.1.1.11', [], ['are not NULL, and must be']],
    ['are nothing else for RSA', '1.2.840.113549.1.1.5', [sequence()], ['are not NULL, and must be']],
    ['are absent for ECDSA', '1.2.840.10045.4.3.2', [], []],
    ['are not NULL for ECDSA', '1.2.840.10045.4.3.2', [NULL], ['are not absent, and must be']],
    ['are not NULL for Ed25519', '1.3.101.112', [NULL], ['are not absent, and must be']],
    ['are anything for an algorithm that is not known', '1.3.6.1.4.1.55555.2', [sequence()], []],
  ])('%s', (_, id, parameters, expected) => {
    const messages: string[] = [];
    const { algorithm } = signedWith({ signedBytes, algorithm: algorithmOf(id, ...parameters), signature: NULL });
    observeParameters(algorithm, (code, message) => messages.push(`${code} ${message}`));
    expect(messages).toEqual(
      expected.map((end): unknown => expect.stringMatching(`^SignatureParametersUnusual .*${end}$`)),
    );
  });
});
