import { integerRoot } from './integer-root.js';

/** Keys of real devices fell within the first round (CVE-2022-26320). Keys by FIPS 186-5 A.1.3 need over 2^800. */
const ROUNDS = 100;

/**
 * Whether `n`, which is odd, is found by Fermat's method to be a product of two numbers close to each other: it looks for
 * an `a` near the root of `n` for which a² - n is a square b², because then n = (a - b)(a + b). FIPS 186-5 A.1.3 wants
 * factors whose difference has nearly as many bits as they have.
 */
export function hasCloseFactors(n: bigint): boolean {
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
  for (let i = 0; i < modulus; i += 1) squares[(i * i) % modulus] = 1;
  return squares;
};

const [squares64, squares45045] = [squaresModulo(64), squaresModulo(45_045)];

/** Two remainders rule out all but one number in a hundred that is no square. */
function isSquare(n: bigint): boolean {
  if (n === 0n) return true;
  if (!squares64[Number(BigInt.asUintN(6, n))] || !squares45045[Number(n % 45_045n)]) return false;
  return integerRoot(n, 2) ** 2n === n;
}
