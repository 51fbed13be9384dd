import { checkPrimeSync, generatePrimeSync, hash, randomBytes } from 'node:crypto';
import { integerRoot, remaindersOf } from '../../src/hygiene/rsa-weakness.js';
import { bitString, der, oid, sequence, Tag, unsignedInteger } from '../../src/strict/der.js';
import { publicKeyAlgorithm } from '../../src/strict/object-identifiers.js';

/** An RSA modulus whose factors are known, which is all that a private key takes. */
export interface FactoredModulus {
  readonly n: bigint;
  /** How many numbers below `n` have no factor in common with it. */
  readonly phi: bigint;
}

const bitsOf = (n: bigint): number => n.toString(2).length;
export const octetsOf = (n: bigint): Buffer => {
  const hex = n.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
};

/** Evenly enough for a test. */
const randomBelow = (limit: bigint): bigint =>
  BigInt(`0x${randomBytes(Math.ceil(bitsOf(limit) / 8) + 8).toString('hex')}`) % limit;

const prime = (bits: number): bigint => generatePrimeSync(bits, { bigint: true });

function primeFrom(start: bigint): bigint {
  let candidate = start | 1n;
  while ((candidate > 1n << 64n && remaindersOf(candidate).includes(0)) || !checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

const primeBetween = (low: bigint, high = 2n * low): bigint => primeFrom(low + 1n + randomBelow(high - low));

/** Makes moduli until one has this many bits. */
function ofBits(bits: number, make: () => FactoredModulus): FactoredModulus {
  for (;;) {
    const made = make();
    if (bitsOf(made.n) === bits) return made;
  }
}

const product = (p: bigint, q: bigint): FactoredModulus => ({ n: p * q, phi: (p - 1n) * (q - 1n) });

export const primeModulus = (bits: number): FactoredModulus =>
  ofBits(bits, () => {
    const p = prime(bits);
    return { n: p, phi: p - 1n };
  });

export const withFactor = (factor: number, bits: number): FactoredModulus =>
  ofBits(bits, () => product(BigInt(factor), primeBetween((1n << BigInt(bits - 1)) / BigInt(factor))));

export const primePower = (k: number, bits: number): FactoredModulus =>
  ofBits(bits, () => {
    const [low, high] = [bits - 1, bits].map((all) => integerRoot(1n << BigInt(all), k)) as [bigint, bigint];
    const p = primeBetween(low, high);
    return { n: p ** BigInt(k), phi: p ** BigInt(k - 1) * (p - 1n) };
  });

/** Two primes about `distance` times the fourth root of the modulus apart. */
export const closeFactors = (distance: number, bits: number): FactoredModulus =>
  ofBits(bits, () => {
    const p = prime(bits / 2);
    return product(p, primeFrom(p + (BigInt(Math.round(distance * 1024)) << BigInt(bits / 4 - 10))));
  });

/**
 * Two primes as the flawed library makes them: k * M + (65537^a modulo M), with M the product of the primes up to 701.
 */
export const rocaModulus = (bits: number): FactoredModulus => {
  let primorial = 2n;
  for (let candidate = 3; candidate <= 701; candidate += 2)
    if (checkPrimeSync(BigInt(candidate))) primorial *= BigInt(candidate);
  const flawedPrime = (): bigint => {
    const most = (1n << BigInt(bits / 2)) / primorial;
    const remainder = power(65_537n, randomBelow(primorial), primorial);
    for (;;) {
      const candidate = (most - randomBelow(most / 4n)) * primorial + remainder;
      if (bitsOf(candidate) === bits / 2 && checkPrimeSync(candidate)) return candidate;
    }
  };
  return ofBits(bits, () => product(flawedPrime(), flawedPrime()));
};

export const strongModulus = (bits: number): FactoredModulus =>
  ofBits(bits, () => product(prime(bits / 2), prime(bits / 2)));

/** DER SubjectPublicKeyInfo. */
export const rsaPublicKey = ({ n }: Pick<FactoredModulus, 'n'>, exponent = 65_537n): Buffer =>
  sequence(
    sequence(oid(publicKeyAlgorithm.rsaEncryption), der(Tag.NULL)),
    bitString(sequence(unsignedInteger(octetsOf(n)), unsignedInteger(octetsOf(exponent)))),
  );

/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2.1), with the private key that the factors give. */
export function signWith({ n, phi }: FactoredModulus, exponent: bigint, data: Uint8Array): Buffer {
  const digest = hash('sha256', data, 'buffer');
  const info = sequence(sequence(oid('2.16.840.1.101.3.4.2.1'), der(Tag.NULL)), der(Tag.OCTET_STRING, digest));
  const length = octetsOf(n).length;
  const padded = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(length - info.length - 3, 0xff), Buffer.of(0), info]);
  const signature = power(BigInt(`0x${padded.toString('hex')}`), inverse(exponent, phi), n);
  return Buffer.from(signature.toString(16).padStart(2 * length, '0'), 'hex');
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base % modulus, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function inverse(a: bigint, modulus: bigint): bigint {
  let [r0, r1, s0, s1] = [modulus, a % modulus, 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1, s0, s1] = [r1, r0 - q * r1, s1, s0 - q * s1];
  }
  if (r0 !== 1n) throw new RangeError('the exponent has no inverse');
  return ((s0 % modulus) + modulus) % modulus;
}
