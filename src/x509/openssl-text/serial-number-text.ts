import type { DerElement } from '../strict/der.js';
import { hexPairs } from './hex-block.js';
import { magnitudeOf, readSignedMagnitude } from './values.js';

/** What fits a signed 64-bit integer is shown beside the label, in decimal too; anything else below it. */
export function serialNumberText(element: DerElement): string {
  const { negative, octets } = readSignedMagnitude(element);
  const magnitude = magnitudeOf(octets);
  if (magnitude < 1n << 63n || (negative && magnitude === 1n << 63n)) {
    const sign = negative ? '-' : '';
    return `        Serial Number: ${sign}${magnitude} (${sign}0x${magnitude.toString(16)})\n`;
  }
  return `        Serial Number:\n            ${negative ? ' (Negative)' : ''}${hexPairs(octets)}\n`;
}
