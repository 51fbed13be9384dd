import { beforeAll, describe, expect, it } from 'vitest';
import { PrimalityTests } from '../../../../src/x509/hygiene/primality-tests.js';
import { TooManyWaitingError } from '../../../../src/workers/turns.js';
import { octetsOf, primeModulus, strongModulus } from '../../../helpers/weak-rsa.js';

describe('the primality tests', () => {
  let [prime, composite, other]: Buffer[] = [];
  beforeAll(() => {
    [prime, composite, other] = [primeModulus(1024), strongModulus(1024), strongModulus(1024)].map(({ n }) =>
      octetsOf(n),
    );
  });

  it('tell a prime from a product of two', async () => {
    const tests = new PrimalityTests(1);
    expect(await tests.isPrime(prime!)).toBe(true);
    expect(await tests.isPrime(composite!)).toBe(false);
  });

  it('take turns, and refuse those that would wait too long', async () => {
    const tests = new PrimalityTests(1);
    const first = tests.isPrime(prime!);
    const second = tests.isPrime(composite!);
    await expect(tests.isPrime(other!)).rejects.toThrow(TooManyWaitingError);
    expect(await Promise.all([first, second])).toEqual([true, false]);
  });

  it('answer for a modulus that they remember without waiting for a turn', async () => {
    const tests = new PrimalityTests(0);
    await tests.isPrime(composite!);
    const busy = tests.isPrime(prime!);
    expect(await tests.isPrime(composite!)).toBe(false);
    await expect(tests.isPrime(other!)).rejects.toThrow(TooManyWaitingError);
    expect(await busy).toBe(true);
  });

  it('remember no more than a thousand', async () => {
    const tests = new PrimalityTests(0);
    await tests.isPrime(Buffer.from('15', 'hex'));
    for (let i = 0; i < 1000; i += 1) await tests.isPrime(Buffer.from([1, i >> 8, i & 255]));
    const busy = tests.isPrime(prime!);
    await expect(tests.isPrime(Buffer.from('15', 'hex'))).rejects.toThrow(TooManyWaitingError);
    await busy;
  });
});
