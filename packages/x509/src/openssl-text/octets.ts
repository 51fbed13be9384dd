import { magnitudeOf, withoutLeadingZeros } from '../tree/values.js';

/*
 * OpenSSL's printers work on octets, so the text under construction holds one character (U+0000 … U+00FF) per octet.
 * `decodeOctets` makes it real text once, at the very end.
 */

export const octets = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** The octets up to the first NUL, as `%s` of C writes them. */
export function octetsUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return octets(end === -1 ? bytes : bytes.subarray(0, end));
}

/** Printable ASCII, line feed and carriage return; a dot for everything else. */
export const printableOctets = (bytes: Uint8Array): string => octets(bytes).replace(/[^\x20-\x7e\n\r]/g, '.');

/** Characters as the octets of their UTF-8 form. */
export const utf8Octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/**
 * The finished text. Octets that are no UTF-8 become U+FFFD, and every line ending becomes a line feed: a lone carriage
 * return would let one line overwrite another on a terminal.
 */
export const decodeOctets = (text: string): string =>
  Buffer.from(text, 'latin1').toString('utf8').replace(/\r\n?/g, '\n');

export const indentation = (width: number): string => ' '.repeat(width);

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

/** `0A:1B:2C`, as key identifiers are printed. */
export const upperHexPairs = (bytes: Uint8Array): string => hexPairs(bytes).toUpperCase();

/** Upper case hexadecimal in lines of 35 octets that end with a backslash. */
export const brokenHex = (bytes: Buffer): string =>
  bytes
    .toString('hex')
    .toUpperCase()
    .replace(/(.{70})(?=.)/g, '$1\\\n');

/** Key material has 15 octets in a line. */
const perLine = 15;

/** A label, and below it octets in hexadecimal. */
export const labeledOctets = (label: string, bytes: Uint8Array, indent: number): string =>
  `${indentation(indent)}${label}\n${hexBlock(bytes, indent + 4, perLine)}\n`;

/** A label and a non-negative number: up to 64 bits beside it in decimal, longer ones below it in hexadecimal. */
export function labeledNumber(label: string, bytes: Buffer, indent: number): string {
  const magnitude = withoutLeadingZeros(bytes);
  if (magnitude.length <= 8) {
    const value = magnitudeOf(magnitude);
    const hex = value === 0n ? '' : ` (0x${value.toString(16)})`;
    return `${indentation(indent)}${label} ${value}${hex}\n`;
  }
  // The sign bit gets an octet of its own, as in DER.
  const isNegative = (magnitude[0] ?? 0) >= 0x80;
  return labeledOctets(label, isNegative ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude, indent);
}
