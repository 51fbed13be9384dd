// Tests packages/x509/src/hygiene/rsa-weakness.ts
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { rsaWeakness, smallPrimes } from '../../src/hygiene/rsa-weakness.js';
import {
  closeFactors,
  octetsOf,
  primePower,
  rocaModulus,
  strongModulus,
  withFactor,
  type FactoredModulus,
} from '../helpers/weak-rsa.js';

const weaknessOf = ({ n }: Pick<FactoredModulus, 'n'>) => rsaWeakness(octetsOf(n));

describe('an RSA modulus', () => {
  it.each([1024, 2048])('of %i bits with two random primes has no weakness', (bits) => {
    for (let i = 0; i < 5; i += 1) {
      const { n = '' } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });
      expect(rsaWeakness(Buffer.from(n, 'base64url'))).toBeNull();
    }
  });

  it('is told by each small factor', () => {
    const { n } = strongModulus(1024);
    for (const factor of smallPrimes)
      expect(weaknessOf({ n: n * BigInt(factor) })).toBe(`the RSA modulus has the factor ${factor}`);
    expect(weaknessOf(withFactor(251, 1024))).toBe('the RSA modulus has the factor 251');
  });

  it('is not told by a factor past the small ones', () => {
    expect(smallPrimes.at(-1)).toBe(9973);
    expect(weaknessOf(withFactor(10_007, 1024))).toBeNull();
  });

  it.each([2, 3, 5, 7, 11, 13])('is told where it is a prime to the power of %i', (k) => {
    expect(weaknessOf({ n: primePower(k, 1024).n })).toBe(`the RSA modulus is another number to the power of ${k}`);
  });

  it('is told where it is the largest power that can be', () => {
    for (const k of [61, 157, 311])
      expect(weaknessOf({ n: 10_007n ** BigInt(k) })).toBe(`the RSA modulus is another number to the power of ${k}`);
  });

  it('is told by the least exponent where there are several', () => {
    expect(weaknessOf({ n: primePower(6, 1026).n })).toContain('power of 2');
  });

  it.each([0.001, 0.5, 1, 10, 22])('is told where its factors are %f fourth roots apart', (distance) => {
    expect(weaknessOf(closeFactors(distance, 1024))).toBe('the factors of the RSA modulus are too close to each other');
  });

  it('is not told where its factors are as far apart as Fermat does not reach', () => {
    expect(weaknessOf(closeFactors(1 << 20, 1024))).toBeNull();
  });

  it.each([2048, 3072])('of %i bits is told where the library with ROCA made it', (bits) => {
    expect(weaknessOf(rocaModulus(bits))).toBe('the RSA key was made by a library with the flaw ROCA (CVE-2017-15361)');
  });
});
