// Tests packages/x509/src/hygiene/primality-tests.ts
import { beforeAll, describe, expect, it } from 'vitest';
import { PrimalityTests } from '../../src/hygiene/primality-tests.js';
import { TooManyWaitingError } from '../../src/hygiene/turns.js';
import { octetsOf, primeModulus, strongModulus } from '../helpers/weak-rsa.js';

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

  it('go round the callers: nobody has more than half of the places', async () => {
    const tests = new PrimalityTests(2);
    const taken: (string | null)[] = [];
    const test = (modulus: Buffer, by: string) =>
      tests.isPrime(modulus, { by, mustHaveSome: () => taken.push(by), spend: (seconds) => (spent += seconds) });
    let spent = 0;
    const first = test(prime!, 'thief');
    const second = test(other!, 'thief');
    await expect(test(Buffer.from('15', 'hex'), 'thief')).rejects.toThrow(TooManyWaitingError);
    expect(await test(composite!, 'portal')).toBe(false);
    await Promise.all([first, second]);
    expect(taken).toEqual(['thief', 'thief', 'portal']);
    expect(spent).toBeGreaterThan(0);
  });

  it('do not begin for a caller who has nothing left for them', async () => {
    const tests = new PrimalityTests(1);
    const mustHaveSome = () => {
      throw new Error('spent');
    };
    await expect(tests.isPrime(prime!, { by: 'thief', mustHaveSome })).rejects.toThrow('spent');
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
