import { namedCurve } from './object-identifiers.js';

export type CurveName = keyof typeof namedCurve;

interface Curve {
  readonly name: CurveName;
  /** Octets of one coordinate. */
  readonly size: number;
  /** y² = x³ - 3x + b over the integers modulo p. */
  readonly p: bigint;
  readonly b: bigint;
}

/** The NIST curves: SP 800-186 3.2.1. */
const curves: readonly Curve[] = [
  {
    name: 'P-256',
    size: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  {
    name: 'P-384',
    size: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  {
    name: 'P-521',
    size: 66,
    p: 2n ** 521n - 1n,
    b: 0x051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
];

/** The curve that a named-curve OID stands for; undefined for any other than the three. */
export function curveOf(oid: string): CurveName | undefined {
  return curves.find((curve) => namedCurve[curve.name] === oid)?.name;
}

/** Why `point` is not an uncompressed point on the curve (SEC 1 2.3.4); null where it is one. */
export function whyNotOnCurve(name: CurveName, point: Buffer): string | null {
  const curve = curves.find((candidate) => candidate.name === name);
  if (curve === undefined) return 'the curve is not known';
  const { size, p, b } = curve;
  if (point[0] !== 0x04 || point.length !== 1 + 2 * size) return 'the point is not in uncompressed form';
  const x = toBigInt(point.subarray(1, 1 + size));
  const y = toBigInt(point.subarray(1 + size));
  if (x >= p || y >= p) return 'a coordinate is not reduced';
  if ((y * y - (x * x * x - 3n * x + b)) % p !== 0n) return 'the point is not on the curve';
  return null;
}

const toBigInt = (octets: Buffer): bigint => BigInt(`0x${octets.toString('hex')}`);
