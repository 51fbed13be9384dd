import { hexBlock } from './hex-block.js';
import { indentation } from './octets.js';
import { magnitudeOf, withoutLeadingZeros } from './values.js';

/** Key material is shown with 15 octets in a line. */
const perLine = 15;

/** A label, and below it octets in hexadecimal. */
export const labeledOctets = (label: string, bytes: Uint8Array, indent: number): string =>
  `${indentation(indent)}${label}\n${hexBlock(bytes, indent + 4, perLine)}\n`;

/** A label and a non-negative number: up to 64 bits beside it in decimal, longer ones below it in hexadecimal. */
export function labeledNumber(label: string, bytes: Buffer, indent: number): string {
  const octets = withoutLeadingZeros(bytes);
  if (octets.length <= 8) {
    const value = magnitudeOf(octets);
    const hex = value === 0n ? '' : ` (0x${value.toString(16)})`;
    return `${indentation(indent)}${label} ${value}${hex}\n`;
  }
  // The sign bit gets an octet of its own, as in DER.
  return labeledOctets(label, (octets[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets, indent);
}
