/**
 * Says why everybody can compute the private key that belongs to an RSA modulus; null where no reason is found.
 * `modulus` is big-endian, odd, and has 512 to some thousand bits. A prime modulus is as weak, but takes longer to
 * find: `PrimalityTests`.
 *
 * It takes 0.1 ms for 2048 bits and 0.2 ms for 4096, measured over 1,000 sound moduli on Node 24.
 */
export function rsaWeakness(modulus: Uint8Array): string | null {
  const n = BigInt(`0x${Buffer.from(modulus).toString('hex')}`);
  const remainders = remaindersOf(n);
  const factor = smallPrimes[remainders.indexOf(0)];
  if (factor !== undefined) return `the RSA modulus has the factor ${factor}`;
  const exponent = exponentOfPerfectPower(n, remainders);
  if (exponent !== null) return `the RSA modulus is another number to the power of ${exponent}`;
  if (hasRocaFingerprint(remainders)) return 'the RSA key was made by a library with the flaw ROCA (CVE-2017-15361)';
  return hasCloseFactors(n) ? 'the factors of the RSA modulus are too close to each other' : null;
}

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
function powerModulo(base: number, exponent: number, prime: number): number {
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

/** Bits of the smallest number without a small prime factor. */
const BITS_OF_A_FACTOR = 13;

/**
 * The prime `k` for which `n` is the k-th power of an integer; null if there is none. `n` has no small prime factor.
 * `remainders` are those of `n` by the small primes.
 */
function exponentOfPerfectPower(n: bigint, remainders: Uint16Array): number | null {
  const most = (n.toString(16).length * 4) / BITS_OF_A_FACTOR;
  for (const k of [2, ...smallPrimes]) {
    if (k > most) return null;
    if (mayBePower(k, remainders) && integerRoot(n, k) ** BigInt(k) === n) return k;
  }
  return null;
}

/**
 * Whether `n` is a k-th power modulo every small prime `p` with k | p - 1. There only one remainder in k is a k-th
 * power: those whose power of (p - 1) / k is 1 (Euler's criterion). So a few primes rule out nearly every number.
 */
function mayBePower(k: number, remainders: Uint16Array): boolean {
  return smallPrimes.every(
    (prime, i) => (prime - 1) % k !== 0 || powerModulo(remainders[i] ?? 0, (prime - 1) / k, prime) === 1,
  );
}

const GENERATOR = 65_537;
/** The factors of the product that the library uses for its shortest keys; longer keys have these and more. */
const LARGEST_FACTOR = 167;

/** For each prime up to 167: the least exponent with which the generator gives 1. */
const orders = smallPrimes.filter((prime) => prime <= LARGEST_FACTOR).map(orderOfGenerator);

/**
 * Whether a modulus has the fingerprint of keys that an Infineon library made: each of its primes is a power of 65537
 * modulo a product of small primes, so the modulus is one modulo each of them. Such keys can be factored. About one in
 * 2^150 of other moduli has it. (Nemec and others, "The Return of Coppersmith's Attack", CVE-2017-15361.)
 */
function hasRocaFingerprint(remainders: Uint16Array): boolean {
  // The powers of 65537 are the only elements of their order's group, because the units modulo a prime are cyclic.
  return orders.every((order, i) => powerModulo(remainders[i] ?? 0, order, smallPrimes[i] ?? 1) === 1);
}

function orderOfGenerator(prime: number): number {
  let order = 1;
  for (let power = GENERATOR % prime; power !== 1; power = (power * (GENERATOR % prime)) % prime) order += 1;
  return order;
}

/** Keys of real devices fell within the first round (CVE-2022-26320). Keys by FIPS 186-5 A.1.3 need over 2^800. */
const ROUNDS = 100;

/**
 * Whether `n`, which is odd, is found by Fermat's method to be a product of two numbers close to each other: it looks
 * for an `a` near the root of `n` for which a² - n is a square b², because then n = (a - b)(a + b). FIPS 186-5 A.1.3
 * wants factors whose difference has nearly as many bits as they have.
 */
function hasCloseFactors(n: bigint): boolean {
  let a = integerRoot(n, 2);
  if (a * a < n) a += 1n;
  let rest = a * a - n;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (isSquare(rest)) return true;
    rest += 2n * a + 1n;
    a += 1n;
  }
  return false;
}

const squaresModulo = (modulus: number): Uint8Array => {
  const squares = new Uint8Array(modulus);
  for (let i = 0; i <= modulus / 2; i += 1) squares[(i * i) % modulus] = 1;
  return squares;
};

const [squares64, squares45045] = [squaresModulo(64), squaresModulo(45_045)];

/** Two remainders rule out all but one number in a hundred that is no square. */
function isSquare(n: bigint): boolean {
  if (n === 0n) return true;
  if (!squares64[Number(BigInt.asUintN(6, n))] || !squares45045[Number(n % 45_045n)]) return false;
  return integerRoot(n, 2) ** 2n === n;
}

/** The largest integer whose `k`-th power is at most `n`, for a positive `n`; by Newton's method from above. */
export function integerRoot(n: bigint, k: number): bigint {
  const [degree, less] = [BigInt(k), BigInt(k - 1)];
  let root = 1n << BigInt(Math.ceil((n.toString(16).length * 4) / k));
  for (;;) {
    const next = (less * root + n / root ** less) / degree;
    if (next >= root) return root;
    root = next;
  }
}
