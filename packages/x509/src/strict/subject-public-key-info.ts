import { rsaWeakness } from '../hygiene/rsa-weakness.js';
import {
  type DerElement,
  inside,
  insideSequence,
  onlyElement,
  readInteger,
  readOctetAlignedBits,
  readOid,
  Tag,
} from './der.js';
import type { KeyAlgorithm } from './key-algorithm.js';
import { namedCurve, publicKeyAlgorithm } from './object-identifiers.js';
import { refuse, type RefusedInput } from './input-refusal.js';
import { sha256 } from './crypto.js';

/** A checked public key of an accepted algorithm. */
export interface SubjectPublicKeyInfo {
  readonly der: Buffer;
  readonly algorithm: KeyAlgorithm;
  /** An RSA modulus, big-endian, which may still be prime; null for another key. */
  readonly modulus: Buffer | null;
  /** SHA-256 of `der`, lower-case hex. */
  readonly sha256: string;
}

export type KeyRefusalReason = 'KeyNotAllowed';

type KeyReading = { readonly ok: true; readonly publicKey: SubjectPublicKeyInfo } | RefusedInput<KeyRefusalReason>;

/**
 * Reads a SubjectPublicKeyInfo strictly. Accepted are EC keys on P-256, P-384 and P-521 (named curve, uncompressed
 * point on the curve), Ed25519, and RSA of 2048, 3072 or 4096 bits with an odd exponent of 65537 … 2^31-1 and a modulus
 * in which `rsaWeakness` finds nothing.
 * `offset` is where `bytes` start in the whole input. Throws `DerError` where they are not a SubjectPublicKeyInfo.
 */
export function readSubjectPublicKeyInfo(bytes: Buffer, offset = 0): KeyReading {
  const spki = onlyElement(bytes, 'a SubjectPublicKeyInfo', offset);
  const reader = insideSequence(spki, 'a SubjectPublicKeyInfo is');
  const identifier = inside(reader.expect(Tag.SEQUENCE, 'the key algorithm'));
  const oid = readOid(identifier.expect(Tag.OBJECT_IDENTIFIER, 'the key algorithm'));
  const parameters = identifier.atEnd ? null : identifier.next();
  identifier.end('the key algorithm');
  const key = readOctetAlignedBits(reader.expect(Tag.BIT_STRING, 'the public key'));
  reader.end('a SubjectPublicKeyInfo');

  const judged = judgeKey(oid, parameters, key);
  if ('refusal' in judged) return judged;
  return { ok: true, publicKey: { der: spki.raw, ...judged, sha256: sha256(spki.raw) } };
}

type JudgedKey = Pick<SubjectPublicKeyInfo, 'algorithm' | 'modulus'> | RefusedInput<KeyRefusalReason>;

const accepted = (algorithm: KeyAlgorithm, modulus: Buffer | null = null): JudgedKey => ({ algorithm, modulus });

function judgeKey(oid: string, parameters: DerElement | null, key: Buffer): JudgedKey {
  switch (oid) {
    case publicKeyAlgorithm.ecPublicKey:
      return judgeEcKey(parameters, key);
    case publicKeyAlgorithm.ed25519:
      return judgeEd25519Key(parameters, key);
    case publicKeyAlgorithm.rsaEncryption:
      return judgeRsaKey(parameters, key);
    default:
      return keyNotAllowed(`key algorithm ${oid} is not accepted`);
  }
}

export const ecAlgorithms: Readonly<Record<CurveName, KeyAlgorithm>> = {
  'P-256': 'ECDSA-P256',
  'P-384': 'ECDSA-P384',
  'P-521': 'ECDSA-P521',
};

function judgeEcKey(parameters: DerElement | null, point: Buffer): JudgedKey {
  // RFC 5480 2.1.1: namedCurve, but neither implicitCurve nor specifiedCurve.
  if (parameters?.tag !== Tag.OBJECT_IDENTIFIER) return keyNotAllowed('the EC key does not name its curve');
  const curve = curveOf(readOid(parameters));
  if (curve === undefined) return keyNotAllowed('the EC key is on a curve other than P-256, P-384 and P-521');
  const problem = whyNotOnCurve(curve, point);
  return problem === null ? accepted(ecAlgorithms[curve]) : keyNotAllowed(`the EC key is not accepted: ${problem}`);
}

// The y coordinates, little-endian, of the points whose order divides 8. Anybody can sign for such a key.
const lowOrderPoints = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

function judgeEd25519Key(parameters: DerElement | null, key: Buffer): JudgedKey {
  // RFC 8410 3: the parameters are absent.
  if (parameters !== null) return keyNotAllowed('the Ed25519 key has parameters');
  if (key.length !== 32) return keyNotAllowed('an Ed25519 key has 32 octets');
  const y = Buffer.from(key);
  y.writeUInt8(y.readUInt8(31) & 0x7f, 31);
  // RFC 8032 5.1.3: y is below 2^255 - 19.
  const reduced = !(
    y.readUInt8(0) >= 0xed &&
    y.readUInt8(31) === 0x7f &&
    y.subarray(1, 31).every((octet) => octet === 0xff)
  );
  if (!reduced || lowOrderPoints.has(y.toString('hex')))
    return keyNotAllowed('the Ed25519 key is not a point of large order');
  return accepted('Ed25519');
}

const rsaAlgorithms: Readonly<Record<number, KeyAlgorithm>> = { 2048: 'RSA-2048', 3072: 'RSA-3072', 4096: 'RSA-4096' };

function judgeRsaKey(parameters: DerElement | null, key: Buffer): JudgedKey {
  // RFC 3279 2.3.1: the parameters are NULL.
  if (parameters?.tag !== Tag.NULL || parameters.content.length !== 0)
    return keyNotAllowed('the RSA key has parameters other than NULL');
  const reader = insideSequence(onlyElement(key, 'an RSAPublicKey'), 'an RSAPublicKey is');
  const modulus = readInteger(reader.expect(Tag.INTEGER, 'the RSA modulus'));
  const exponent = readInteger(reader.expect(Tag.INTEGER, 'the RSA exponent'));
  reader.end('an RSAPublicKey');

  const algorithm = rsaAlgorithms[bitLength(modulus)];
  if (algorithm === undefined) return keyNotAllowed('the RSA key does not have 2048, 3072 or 4096 bits');
  if (isEven(modulus)) return keyNotAllowed('the RSA modulus is even');
  if (exponent.length > 4 || exponent.readIntBE(0, exponent.length) < 65537 || isEven(exponent))
    return keyNotAllowed('the RSA exponent is not an odd number from 65537 to 2147483647');
  const weakness = rsaWeakness(modulus);
  return weakness === null ? accepted(algorithm, modulus) : keyNotAllowed(weakness);
}

/** Bits of a positive INTEGER's magnitude; 0 for a negative one. */
function bitLength(integer: Buffer): number {
  const first = integer[0] ?? 0;
  if (first >= 0x80) return 0;
  return (integer.length - 1) * 8 + (32 - Math.clz32(first));
}

const isEven = (integer: Buffer): boolean => ((integer.at(-1) ?? 0) & 1) === 0;

const keyNotAllowed = (message: string): RefusedInput<KeyRefusalReason> => refuse('KeyNotAllowed', message);

type CurveName = keyof typeof namedCurve;

interface Curve {
  /** Octets of one coordinate. */
  readonly size: number;
  /** y² = x³ - 3x + b over the integers modulo p. */
  readonly p: bigint;
  readonly b: bigint;
}

/** The NIST curves: SP 800-186 3.2.1. */
const curves: Readonly<Record<CurveName, Curve>> = {
  'P-256': {
    size: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    size: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    size: 66,
    p: 2n ** 521n - 1n,
    b: 0x051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};
const curveNames = Object.keys(curves) as readonly CurveName[];

/** The curve with this OID; undefined for any but the three. */
export const curveOf = (oid: string): CurveName | undefined => curveNames.find((name) => namedCurve[name] === oid);

/** Says why `point` is not an uncompressed point on the curve (SEC 1 2.3.4); null where it is one. */
export function whyNotOnCurve(name: CurveName, point: Buffer): string | null {
  const { size, p, b } = curves[name];
  if (point[0] !== 0x04 || point.length !== 1 + 2 * size) return 'the point is not in uncompressed form';
  const x = toBigInt(point.subarray(1, 1 + size));
  const y = toBigInt(point.subarray(1 + size));
  if (x >= p || y >= p) return 'a coordinate is not reduced';
  return (y * y - (x * x * x - 3n * x + b)) % p === 0n ? null : 'the point is not on the curve';
}

const toBigInt = (octets: Buffer): bigint => BigInt(`0x${octets.toString('hex')}`);
