import { powerModulo, smallPrimes } from './small-primes.js';

const GENERATOR = 65_537;
/** The factors of the product that the library uses for its shortest keys; longer keys have these and more. */
const LARGEST_FACTOR = 167;

/** For each prime up to 167: the least exponent with which the generator gives 1. */
const orders = smallPrimes.filter((prime) => prime <= LARGEST_FACTOR).map(orderOfGenerator);

/**
 * Whether a modulus has the fingerprint of keys that an Infineon library made: each of its primes is a power of 65537
 * modulo a product of small primes, so the modulus is one modulo each of them. Such keys can be factored. About one in 2^150 of
 * other moduli has it. (Nemec and others, "The Return of Coppersmith's Attack", CVE-2017-15361.)
 */
export function hasRocaFingerprint(remainders: Uint16Array): boolean {
  // The powers of 65537 are the only elements of their order's group, because the units modulo a prime are cyclic.
  return orders.every((order, i) => powerModulo(remainders[i] ?? 0, order, smallPrimes[i] ?? 1) === 1);
}

function orderOfGenerator(prime: number): number {
  let order = 1;
  for (let power = GENERATOR % prime; power !== 1; power = (power * (GENERATOR % prime)) % prime) order += 1;
  return order;
}
