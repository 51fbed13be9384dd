// Tests packages/inspect/src/x509/describe-public-key.ts, packages/inspect/src/model/decoded.ts,
// packages/x509/src/tree/public-key.ts
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { Observations } from '../../src/model/decoded.js';
import { describePublicKey } from '../../src/x509/describe-public-key.js';
import { bitString, der, DerError, oid, remaindersOf, sequence, Tag, unsignedInteger } from '@kubepass/x509';
import { opensslDer, readCertificate } from './decoding.js';
import { octetsOf } from '../../../x509/test/helpers/weak-rsa.js';

const NULL = der(Tag.NULL);
const RSA = '1.2.840.113549.1.1.1';
const EC = '1.2.840.10045.2.1';
const P256 = oid('1.2.840.10045.3.1.7');

const spkiOf = (algorithm: string, parameters: Buffer | null, key: Buffer): Buffer =>
  sequence(sequence(oid(algorithm), ...(parameters === null ? [] : [parameters])), bitString(key));

/** `bits` are those of the modulus, which has no small factor. */
const rsa = (bits: number, exponent: Buffer = Buffer.of(1, 0, 1), parameters: Buffer | null = NULL): Buffer => {
  let modulus = ((15n << BigInt(bits)) / 17n) | 1n;
  while (remaindersOf(modulus).includes(0)) modulus += 2n;
  return spkiOf(RSA, parameters, sequence(unsignedInteger(octetsOf(modulus)), unsignedInteger(exponent)));
};

const generated = (namedCurve: string): Buffer =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'der' });

const pointOfP256 = generated('P-256').subarray(-65);

function describedKey(spki: Buffer) {
  const observations = new Observations();
  return { description: describePublicKey(spki, observations.report), observations: observations.toArray() };
}

const integerOf = (...octets: readonly number[]): Buffer => der(Tag.INTEGER, Buffer.from(octets));
const dsa = (q: Buffer, y: Buffer): Buffer => spkiOf('1.2.840.10040.4.1', sequence(integerOf(5), q, integerOf(5)), y);

const codesOf = (spki: Buffer): readonly string[] => describedKey(spki).observations.map(({ code }) => code);

describe('describePublicKey', () => {
  it.each([
    ['RSA-2048', rsa(2048), 2048, null, '65537', []],
    ['RSA-2047', rsa(2047), 2047, null, '65537', ['WeakRsaKey']],
    ['RSA-1024', rsa(1024), 1024, null, '65537', ['WeakRsaKey']],
    ['RSA-16384', rsa(16384), 16384, null, '65537', ['KeyAlgorithmUnsupported']],
    ['RSA-3072', rsa(3072, Buffer.of(1)), 3072, null, '1', ['RsaExponentUnusual']],
    ['RSA-3072', rsa(3072, Buffer.of(3)), 3072, null, '3', ['RsaExponentSmall']],
    ['RSA-3072', rsa(3072, Buffer.of(0xa8, 0x8b)), 3072, null, '43147', ['RsaExponentSmall']],
    ['RSA-3072', rsa(3072, Buffer.of(0xff, 0xff)), 3072, null, '65535', ['RsaExponentSmall']],
    ['RSA-3072', rsa(3072, Buffer.of(0x7f, 0xff, 0xff, 0xff)), 3072, null, '2147483647', []],
    ['RSA-3072', rsa(3072, Buffer.of(1, 0, 0)), 3072, null, '65536', ['RsaExponentUnusual']],
    ['RSA-3072', rsa(3072, Buffer.of(0x80, 0, 0, 1)), 3072, null, '2147483649', ['RsaExponentUnusual']],
    ['RSA-3072', rsa(3072, Buffer.of(0x7f, 0xff, 0xff, 0xff)), 3072, null, '2147483647', []],
    ['RSA-2048', rsa(2048, undefined, null), 2048, null, '65537', ['PublicKeyInvalid']],
    ['ECDSA-P256', generated('P-256'), 256, 'P-256', null, []],
    ['ECDSA-P384', generated('P-384'), 384, 'P-384', null, []],
    ['ECDSA-P521', generated('P-521'), 521, 'P-521', null, []],
    ['ECDSA-P224', generated('secp224r1'), 224, 'P-224', null, ['WeakEllipticCurve', 'KeyAlgorithmUnsupported']],
    ['ECDSA-secp256k1', generated('secp256k1'), 256, 'secp256k1', null, ['NotLoadable']],
    ['ECDSA-1.2.3', spkiOf(EC, oid('1.2.3'), pointOfP256), null, '1.2.3', null, ['NotLoadable']],
    ['ECDSA', spkiOf(EC, NULL, pointOfP256), null, null, null, ['PublicKeyInvalid']],
    ['ECDSA', spkiOf(EC, null, pointOfP256), null, null, null, ['PublicKeyInvalid']],
    ['DSA', spkiOf('1.2.840.10040.4.1', null, Buffer.of(2, 1, 1)), null, null, null, ['NotLoadable', 'NotLoadable']],
    ['Ed448', spkiOf('1.3.101.113', null, Buffer.alloc(57)), 448, null, null, ['NotLoadable']],
    ['X25519', spkiOf('1.3.101.110', null, Buffer.alloc(32)), 256, null, null, ['NotLoadable']],
    ['ML-DSA-44', spkiOf('2.16.840.1.101.3.4.3.17', null, Buffer.alloc(1312)), null, null, null, ['NotLoadable']],
    ['1.2.3.4', spkiOf('1.2.3.4', null, Buffer.alloc(9)), null, null, null, ['NotLoadable']],
  ])('%s', (algorithm, spki, bits, curve, exponent, expected) => {
    const { description, observations } = describedKey(spki);
    expect(description).toMatchObject({ algorithm, bits, curve, exponent });
    expect(observations.map(({ code }) => code)).toEqual(expected);
  });

  it.each([
    [
      'an even modulus',
      spkiOf(RSA, NULL, sequence(unsignedInteger(Buffer.alloc(256, 0xfe)), unsignedInteger(Buffer.of(1, 0, 1)))),
    ],
    [
      'a negative modulus',
      spkiOf(RSA, NULL, sequence(der(Tag.INTEGER, Buffer.alloc(256, 0xfe)), unsignedInteger(Buffer.of(1, 0, 1)))),
    ],
    ['no RSAPublicKey', spkiOf(RSA, NULL, Buffer.from('hello'))],
    ['an RSAPublicKey of one number', spkiOf(RSA, NULL, sequence(unsignedInteger(Buffer.alloc(256, 0xff))))],
    [
      'a point that is not on the curve',
      spkiOf(EC, P256, Buffer.concat([pointOfP256.subarray(0, 64), Buffer.of(pointOfP256[64]! ^ 1)])),
    ],
    ['a point that is too short', spkiOf(EC, P256, pointOfP256.subarray(0, 64))],
    ['the point at infinity', spkiOf(EC, P256, Buffer.of(0))],
    ['a hybrid point', spkiOf(EC, P256, Buffer.concat([Buffer.of(6), pointOfP256.subarray(1)]))],
    ['an RSA key of exponent 0', rsa(2048, Buffer.of(0))],
    [
      'a key of unused bits',
      sequence(sequence(oid(EC), P256), der(Tag.BIT_STRING, Buffer.of(1), pointOfP256, Buffer.of(0))),
    ],
    ['a DSA key of an empty number', dsa(der(Tag.INTEGER), integerOf(5))],
    ['a DSA key of a negative number', dsa(integerOf(0x85), integerOf(5))],
    ['a DSA key whose y is 0', dsa(integerOf(5), integerOf(0))],
    ['a DSA key whose y is not in its shortest form', dsa(integerOf(5), integerOf(0, 5))],
    ['an Ed25519 key of small order', spkiOf('1.3.101.112', null, Buffer.alloc(32))],
    ['an Ed25519 key with parameters', spkiOf('1.3.101.112', NULL, Buffer.alloc(32, 7))],
    ['an Ed25519 key that is too short', spkiOf('1.3.101.112', null, Buffer.alloc(31, 7))],
    ['an Ed448 key that is too short', spkiOf('1.3.101.113', null, Buffer.alloc(56))],
  ])('finds a key invalid: %s', (_, spki) => {
    expect(codesOf(spki)).toContain('PublicKeyInvalid');
  });

  it('says of a compressed point that Go does not read it', () => {
    const compressed = Buffer.concat([Buffer.of(2 + (pointOfP256[64]! & 1)), pointOfP256.subarray(1, 33)]);
    expect(codesOf(spkiOf(EC, P256, compressed))).toEqual(['NotLoadable']);
  });

  it.each([
    ['key-p256explicit.crt', 'ECDSA-explicit', 256, ['ExplicitCurveParameters']],
    ['key-pss.crt', 'RSASSA-PSS-2048', 2048, ['NotLoadable']],
    ['key-bp256.crt', 'ECDSA-brainpoolP256r1', 256, ['NotLoadable']],
  ])('reads the key of %s', (name, algorithm, bits, expected) => {
    const { material } = readCertificate(opensslDer(name));
    expect(describedKey(material.tree.publicKey.raw).description).toMatchObject({
      algorithm,
      bits,
      curve: name.includes('bp') ? 'brainpoolP256r1' : null,
    });
    expect(codesOf(material.tree.publicKey.raw)).toEqual(expected);
  });

  it('finds an explicit curve weak by its order', () => {
    const field = sequence(oid('1.2.840.10045.1.1'), unsignedInteger(Buffer.of(7)));
    const curve = sequence(der(Tag.OCTET_STRING), der(Tag.OCTET_STRING));
    const parameters = sequence(
      unsignedInteger(Buffer.of(1)),
      field,
      curve,
      der(Tag.OCTET_STRING),
      unsignedInteger(Buffer.of(5)),
    );
    expect(codesOf(spkiOf(EC, parameters, pointOfP256))).toEqual(['ExplicitCurveParameters', 'WeakEllipticCurve']);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a SEQUENCE of nothing', sequence()],
    ['a key without its algorithm', sequence(bitString(Buffer.of(1)))],
    ['something behind the key', sequence(sequence(oid(RSA), NULL), bitString(Buffer.of(1)), NULL)],
  ])('throws over %s', (_, bytes) => {
    expect(() => describedKey(bytes)).toThrow(DerError);
  });
});
