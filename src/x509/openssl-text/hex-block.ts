import { indentation } from './octets.js';

/** Octets in hexadecimal, separated by colons, `perLine` of them in a line; a line that goes on ends with a colon. */
export function hexBlock(bytes: Uint8Array, indent: number, perLine: number): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += perLine)
    lines.push(indentation(indent) + hexPairs(bytes.subarray(start, start + perLine)));
  return lines.join(':\n');
}

/** `0a:1b:2c` */
export function hexPairs(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  let pairs = hex.slice(0, 2);
  for (let i = 2; i < hex.length; i += 2) pairs += `:${hex.slice(i, i + 2)}`;
  return pairs;
}

/** Hexadecimal in upper case, as key identifiers are shown. */
export const upperHexPairs = (bytes: Uint8Array): string => hexPairs(bytes).toUpperCase();
