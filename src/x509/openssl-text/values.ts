import { DerError, type DerElement } from '../strict/der.js';

/**
 * Readers for the contents of primitive values. They look at the content octets alone, because in X.509 most of these
 * values stand under IMPLICIT context tags; whoever calls them has checked the tag.
 */

export interface SignedMagnitude {
  readonly negative: boolean;
  /** Big-endian, without leading zeros, at least one octet. */
  readonly octets: Buffer;
}

/** X.690 8.3: two's complement, in the shortest form. */
export function readSignedMagnitude(element: DerElement): SignedMagnitude {
  const { content } = element;
  const [first, second] = content;
  if (first === undefined) throw new DerError('an INTEGER is empty', element.offset);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new DerError('an INTEGER is not in its shortest form', element.offset);
  if (first < 0x80)
    return { negative: false, octets: first === 0 && content.length > 1 ? content.subarray(1) : content };
  const octets = Buffer.from(content);
  let carry = 1;
  for (let i = octets.length - 1; i >= 0; i--) {
    const digit = (~(octets[i] ?? 0) & 0xff) + carry;
    octets[i] = digit & 0xff;
    carry = digit >> 8;
  }
  return { negative: true, octets: withoutLeadingZeros(octets) };
}

export function withoutLeadingZeros(octets: Buffer): Buffer {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  return octets.subarray(start);
}

export const magnitudeOf = (octets: Buffer): bigint => BigInt(`0x${octets.toString('hex') || '0'}`);

/** Decimal below 128 bits, hexadecimal above, as OpenSSL shows the integers of extensions. */
export function integerText(element: DerElement): string {
  const { negative, octets } = readSignedMagnitude(element);
  const magnitude = magnitudeOf(octets);
  const digits = magnitude < 1n << 127n ? magnitude.toString() : `0x${octets.toString('hex').toUpperCase()}`;
  return (negative ? '-' : '') + digits;
}

/** Hexadecimal octets of the magnitude, as OpenSSL shows the integers of parameters; 35 to a line. */
export function integerHex(element: DerElement): string {
  const { negative, octets } = readSignedMagnitude(element);
  return (negative ? '-' : '') + brokenHex(octets);
}

/** Upper case hexadecimal in lines of 35 octets that end with a backslash. */
export const brokenHex = (octets: Buffer): string =>
  octets
    .toString('hex')
    .toUpperCase()
    .replace(/(.{70})(?=.)/g, '$1\\\n');

export interface Bits {
  /** Unused bits of the last octet are zero here, whatever they are in the encoding. */
  readonly octets: Buffer;
  readonly unused: number;
}

export function readBits(element: DerElement): Bits {
  const [unused, ...rest] = element.content;
  if (unused === undefined || unused > 7) throw new DerError('a BIT STRING is malformed', element.offset);
  const octets = Buffer.from(rest);
  if (octets.length > 0) octets[octets.length - 1] = (octets.at(-1) ?? 0) & (0xff << unused);
  return { octets, unused };
}

export const hasBit = ({ octets }: Bits, n: number): boolean => ((octets[n >> 3] ?? 0) & (0x80 >> (n & 7))) !== 0;

/** Any octet but zero is true here: this view shows old certificates too, and X.690 11.1 is a finding, not a stop. */
export function readTruth(element: DerElement): boolean {
  if (element.content.length !== 1) throw new DerError('a BOOLEAN is malformed', element.offset);
  return element.content[0] !== 0;
}

/** RFC 2578 3.5: 128 arcs of 32 bits. It bounds what arcs of any size take to show. */
const longestObjectIdentifier = 586;

/** Dotted form. Unlike certificates of ours, others carry arcs of any size (2.25.<UUID>, X.667). */
export function readObjectIdentifier(element: DerElement): string {
  const { content } = element;
  if (content.length > longestObjectIdentifier) throw new DerError('an OBJECT IDENTIFIER is too long', element.offset);
  if (content.length === 0 || (content.at(-1) ?? 0) >= 0x80)
    throw new DerError('an OBJECT IDENTIFIER is cut off', element.offset);
  const arcs: (number | bigint)[] = [];
  let arc: number | bigint = 0;
  let startOfArc = true;
  for (const octet of content) {
    if (startOfArc && octet === 0x80)
      throw new DerError('an OBJECT IDENTIFIER is not in its shortest form', element.offset);
    const digit = octet & 0x7f;
    if (typeof arc === 'number' && arc > 2 ** 44) arc = BigInt(arc);
    arc = typeof arc === 'number' ? arc * 128 + digit : (arc << 7n) + BigInt(digit);
    startOfArc = octet < 0x80;
    if (!startOfArc) continue;
    if (arcs.length > 0) arcs.push(arc);
    else if (arc < 80) arcs.push(arc < 40 ? 0 : 1, Number(arc) % 40);
    else arcs.push(2, typeof arc === 'number' ? arc - 80 : arc - 80n);
    arc = 0;
  }
  return arcs.join('.');
}
