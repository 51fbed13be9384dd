/** Every prime below this is tried as a factor. NIST SP 800-89 5.3.3 asks for those below 752. */
const limit = 10_000;

/** The odd primes below 10,000, in ascending order. */
export const smallPrimes: readonly number[] = sieve(limit);

/** Primes that follow each other, with their product, which a number holds exactly. */
interface PrimeGroup {
  readonly product: bigint;
  readonly primes: readonly number[];
}
const groups = group(smallPrimes);

/** The remainders of `n`, not negative, by each of the `smallPrimes`, in their order. */
export function remaindersOf(n: bigint): Uint16Array {
  const remainders = new Uint16Array(smallPrimes.length);
  let i = 0;
  // One division of the large number for several primes.
  for (const { product, primes } of groups) {
    const common = Number(n % product);
    for (const prime of primes) remainders[i++] = common % prime;
  }
  return remainders;
}

/** `base` to the power `exponent`, modulo one of the small primes. */
export function powerModulo(base: number, exponent: number, prime: number): number {
  let power = 1;
  for (let square = base % prime, left = exponent; left > 0; left >>= 1) {
    if (left & 1) power = (power * square) % prime;
    square = (square * square) % prime;
  }
  return power;
}

/** The sieve of Eratosthenes. */
function sieve(below: number): number[] {
  const composite = new Uint8Array(below);
  const primes: number[] = [];
  for (let i = 3; i < below; i += 2) {
    if (composite[i]) continue;
    primes.push(i);
    for (let multiple = i * i; multiple < below; multiple += 2 * i) composite[multiple] = 1;
  }
  return primes;
}

function group(primes: readonly number[]): readonly PrimeGroup[] {
  const made: PrimeGroup[] = [];
  let [product, members]: [number, number[]] = [1, []];
  for (const prime of primes) {
    if (product * prime > Number.MAX_SAFE_INTEGER) {
      made.push({ product: BigInt(product), primes: members });
      [product, members] = [1, []];
    }
    product *= prime;
    members.push(prime);
  }
  return [...made, { product: BigInt(product), primes: members }];
}
