import { checkPrime, hash } from 'node:crypto';
import { promisify } from 'node:util';
import { Turns } from './turns.js';

const test: (candidate: Uint8Array) => Promise<boolean> = promisify(checkPrime);

/** How many moduli are remembered. */
const MOST_REMEMBERED = 1000;

/** Says it of an RSA modulus that is prime: its private key is computed like that of any prime. */
export const primeModulus = 'the RSA modulus is a prime number';

/** The caller for whom a modulus is tested. */
export interface TestedFor {
  /** The caller's name, as in `Turns`; null: nobody in particular. */
  readonly by: string | null;
  /** Called when the turn has come; the test does not begin where it throws. */
  readonly mustHaveSome?: () => void;
  /** Told how many seconds of another thread the test took. */
  readonly spend?: (seconds: number) => void;
}

const nobody: TestedFor = { by: null };

/**
 * Tests whether RSA moduli are prime, on libuv's threads. A modulus with two large factors fails the first round of
 * Miller and Rabin's test. That is one exponentiation, without which nobody can tell: 2 ms of a thread for 2048 bits, 6
 * ms for 3072 and 11 ms for 4096. A prime takes the 64 or 128 rounds on which OpenSSL insists: 0.1 s to 1.4 s, about as
 * much work as it is to find such a prime. So tests take turns, which go round the callers, and a modulus that was
 * tested is remembered.
 */
export class PrimalityTests {
  readonly #turns: Turns;
  /** By the SHA-256 of the modulus, the oldest first. */
  readonly #remembered = new Map<string, boolean>();

  /** `waiting`: how many moduli may wait for their turn. */
  constructor(waiting: number) {
    this.#turns = new Turns({ atTheSameTime: 1, waiting });
  }

  /** `modulus` is big-endian. Throws `TooManyWaitingError`, and the errors of `mustHaveSome`. */
  async isPrime(modulus: Uint8Array, caller: TestedFor = nobody): Promise<boolean> {
    const name = hash('sha256', modulus, 'hex');
    return this.#remembered.get(name) ?? this.#turns.take(() => this.#test(name, modulus, caller), caller.by);
  }

  async #test(name: string, modulus: Uint8Array, { mustHaveSome, spend }: TestedFor): Promise<boolean> {
    // It may have been tested while this call waited.
    const known = this.#remembered.get(name);
    if (known !== undefined) return known;
    mustHaveSome?.();
    const began = performance.now();
    const isPrime = await test(modulus);
    spend?.((performance.now() - began) / 1000);
    const oldest = this.#remembered.size < MOST_REMEMBERED ? undefined : this.#remembered.keys().next().value;
    if (oldest !== undefined) this.#remembered.delete(oldest);
    this.#remembered.set(name, isPrime);
    return isPrime;
  }
}
