// Tests packages/x509/src/strict/subject-public-key-info.ts
import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCertificationRequest } from '../../src/strict/certification-request.js';
import { bitString, DerError, oid, sequence } from '../../src/strict/der.js';
import { generateKeyPair, importSpki, sha256 } from '../../src/strict/crypto.js';
import { keyAlgorithms } from '../../src/strict/key-algorithm.js';
import { publicKeyAlgorithm } from '../../src/strict/object-identifiers.js';
import { readSubjectPublicKeyInfo, whyNotOnCurve } from '../../src/strict/subject-public-key-info.js';
import { readCsrFixture } from '../fixtures/csr/index.js';

describe('a public key', () => {
  it.each(keyAlgorithms)('of %s is accepted and imported as what it is', async (algorithm) => {
    const csr = await readCertificationRequest(readCsrFixture(`openssl-${algorithm.toLowerCase()}.pem`).toString());
    const spki = csr.ok ? csr.csr.publicKey.der : Buffer.alloc(0);
    const reading = readSubjectPublicKeyInfo(spki);
    expect(reading).toMatchObject({ ok: true, publicKey: { algorithm, sha256: sha256(spki) } });
    const key = reading.ok ? importSpki(reading.publicKey.der) : undefined;
    expect(key?.equals(createPublicKey({ key: spki, format: 'der', type: 'spki' }))).toBe(true);
  });

  it('is malformed with anything after it or missing in it', async () => {
    const { subjectPublicKeyInfo } = await generateKeyPair('ECDSA-P256');
    expect(() => readSubjectPublicKeyInfo(Buffer.concat([subjectPublicKeyInfo, Buffer.of(0)]))).toThrow(DerError);
    expect(() => readSubjectPublicKeyInfo(subjectPublicKeyInfo.subarray(0, -1))).toThrow(DerError);
  });
});

describe('an elliptic-curve point', () => {
  const curves = [
    ['P-256', 'ECDSA-P256'],
    ['P-384', 'ECDSA-P384'],
    ['P-521', 'ECDSA-P521'],
  ] as const;

  it.each(curves)('on %s is told from one that is off by a bit', async (curve, algorithm) => {
    const size = { 'P-256': 65, 'P-384': 97, 'P-521': 133 }[curve];
    const point = Buffer.from((await generateKeyPair(algorithm)).subjectPublicKeyInfo.subarray(-size));
    expect(whyNotOnCurve(curve, point)).toBeNull();
    point.writeUInt8(point.readUInt8(size - 1) ^ 1, size - 1);
    expect(whyNotOnCurve(curve, point)).toBe('the point is not on the curve');
    point.writeUInt8(0x02, 0);
    expect(whyNotOnCurve(curve, point)).toBe('the point is not in uncompressed form');
  });

  it('on P-256 is refused only because its coordinate is not reduced', () => {
    const y = '66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4';
    const p = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
    expect(whyNotOnCurve('P-256', Buffer.from(`04${'00'.repeat(32)}${y}`, 'hex'))).toBeNull();
    expect(whyNotOnCurve('P-256', Buffer.from(`04${p}${y}`, 'hex'))).toBe('a coordinate is not reduced');
  });
});

describe('an Ed25519 key of low order', () => {
  // RFC 8032 5.1: -x² + y² = 1 + d x² y² modulo 2^255 - 19, in homogeneous coordinates.
  const p = 2n ** 255n - 19n;
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n;
    for (let b = base % p, e = exponent; e > 0n; e >>= 1n, b = (b * b) % p) if (e & 1n) result = (result * b) % p;
    return result;
  };
  const d = (p - 121665n) * power(121666n, p - 2n);
  /** y of twice the point with this y, from x² alone: doubling needs no sign of x. */
  const doubled = (y: bigint): bigint => {
    const ySquared = (y * y) % p;
    const xSquared = ((ySquared - 1n + p) * power(d * ySquared + 1n, p - 2n)) % p;
    const numerator = ySquared + xSquared;
    const denominator = (((1n - d * xSquared * ySquared) % p) + p) % p;
    return (numerator * power(denominator, p - 2n)) % p;
  };
  const littleEndian = (y: bigint): Buffer => Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
  const read = (key: Buffer) =>
    readSubjectPublicKeyInfo(sequence(sequence(oid(publicKeyAlgorithm.ed25519)), bitString(key)));

  const points = [
    0n,
    1n,
    p - 1n,
    BigInt(
      `0x${Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex').reverse().toString('hex')}`,
    ),
    BigInt(
      `0x${Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex').reverse().toString('hex')}`,
    ),
  ];

  it.each(points)('is refused with either sign: y = %s', (y) => {
    expect(doubled(doubled(doubled(y)))).toBe(1n);
    const key = littleEndian(y);
    expect(read(key).ok).toBe(false);
    key.writeUInt8(key.readUInt8(31) | 0x80, 31);
    expect(read(key).ok).toBe(false);
  });

  it('is refused where y is not reduced, and only there', () => {
    for (const y of [p, p + 1n, 2n ** 255n - 1n]) expect(read(littleEndian(y)).ok).toBe(false);
    expect(read(littleEndian(p - 2n)).ok).toBe(true);
  });
});
