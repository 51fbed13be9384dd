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
