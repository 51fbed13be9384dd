import { Tag } from '../../x509/strict/der.js';
import { ENUMERATED } from './tags.js';

/**
 * Whether the content octets of a primitive element are what DER demands of its type, as far as its tag tells the
 * type. What no encoding rule allows (an empty INTEGER, a NULL with content) passes: it is for its reader to refuse.
 */
export function isDerPrimitive(tag: number, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  switch (tag) {
    case Tag.BOOLEAN:
      return length !== 1 || bytes[start] === 0 || bytes[start] === 0xff;
    case Tag.INTEGER:
    case ENUMERATED:
      return excessOctets(bytes, start, end) === 0;
    case Tag.BIT_STRING:
      return unusedBits(bytes, start, end) === 0;
    case Tag.OBJECT_IDENTIFIER:
      return !hasLeadingZeroDigit(bytes, start, end);
    default:
      return true;
  }
}

/** Leading octets of an INTEGER that say nothing (X.690 8.3.2). */
export function excessOctets(bytes: Buffer, start: number, end: number): number {
  let first = start;
  for (; first + 1 < end; first++) {
    const octet = bytes[first] ?? 0;
    const nextIsNegative = (bytes[first + 1] ?? 0) >= 0x80;
    if (!(octet === 0 && !nextIsNegative) && !(octet === 0xff && nextIsNegative)) break;
  }
  return first - start;
}

/** The bits behind the last one of a BIT STRING, which DER has zero (X.690 11.2.1). */
export function unusedBits(bytes: Buffer, start: number, end: number): number {
  const unused = bytes[start] ?? 0;
  return end - start < 2 || unused > 7 ? 0 : (bytes[end - 1] ?? 0) & ((1 << unused) - 1);
}

/** Whether an arc of an OBJECT IDENTIFIER begins with a digit that says nothing (X.690 8.19.2). */
export function hasLeadingZeroDigit(bytes: Buffer, start: number, end: number): boolean {
  let startOfArc = true;
  for (let i = start; i < end; i++) {
    const octet = bytes[i] ?? 0;
    if (startOfArc && octet === 0x80) return true;
    startOfArc = octet < 0x80;
  }
  return false;
}
