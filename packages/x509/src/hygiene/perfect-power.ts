import { integerRoot } from './integer-root.js';
import { powerModulo, smallPrimes } from './small-primes.js';

/** Bits of the smallest number without a small prime factor. */
const BITS_OF_A_FACTOR = 13;

/**
 * The prime `k` for which `n` is the k-th power of an integer; null if there is none. `n` has no small prime factor.
 * `remainders` are those of `n` by the small primes.
 */
export function exponentOfPerfectPower(n: bigint, remainders: Uint16Array): number | null {
  const most = (n.toString(16).length * 4) / BITS_OF_A_FACTOR;
  for (const k of [2, ...smallPrimes]) {
    if (k > most) return null;
    if (mayBePower(k, remainders) && integerRoot(n, k) ** BigInt(k) === n) return k;
  }
  return null;
}

/**
 * Whether `n` is a k-th power modulo every small prime `p` with k | p - 1. There only one remainder in k is a k-th power:
 * those whose power of (p - 1) / k is 1 (Euler's criterion). So a few primes rule out nearly every number.
 */
function mayBePower(k: number, remainders: Uint16Array): boolean {
  return smallPrimes.every(
    (prime, i) => (prime - 1) % k !== 0 || powerModulo(remainders[i] ?? 0, (prime - 1) / k, prime) === 1,
  );
}
