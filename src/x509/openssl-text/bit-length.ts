import { withoutLeadingZeros } from './values.js';

/** Bits of a non-negative number in big-endian octets, without leading zeros. */
export function bitLength(octets: Buffer): number {
  const magnitude = withoutLeadingZeros(octets);
  return (magnitude.length - 1) * 8 + (32 - Math.clz32(magnitude[0] ?? 0));
}
