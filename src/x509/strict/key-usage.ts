import { der, DerError, type DerElement, Tag } from './der.js';

/** RFC 5280 4.2.1.3, in the order of their bits. */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

/**
 * Reads a KeyUsage. It is a named bit list: no trailing zero bits (X.690 11.2.2), and at least one bit set
 * (RFC 5280 4.2.1.3). Throws `DerError`.
 */
export function readKeyUsage(element: DerElement): readonly KeyUsage[] {
  const [unused, ...octets] = element.content;
  const last = octets.at(-1);
  if (element.tag !== Tag.BIT_STRING || unused === undefined)
    throw new DerError('KeyUsage is expected', element.offset);
  if (last === undefined || last === 0) throw new DerError('KeyUsage has no bit set or trailing zeros', element.offset);
  // The lowest bit set is the last one of the list.
  if (31 - Math.clz32(last & -last) !== unused)
    throw new DerError('KeyUsage does not count its unused bits', element.offset);
  const isSet = (bit: number): boolean => (((octets[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0;
  if (octets.length * 8 - unused > keyUsages.length) throw new DerError('KeyUsage has unknown bits', element.offset);
  return keyUsages.filter((_, bit) => isSet(bit));
}

/** Writes a KeyUsage. */
export function writeKeyUsage(usages: readonly KeyUsage[]): Buffer {
  const octets = [0, 0];
  let last = 0;
  for (const usage of usages) {
    const bit = keyUsages.indexOf(usage);
    octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    last = Math.max(last, bit);
  }
  return der(Tag.BIT_STRING, Buffer.of(7 - (last & 7), ...octets.slice(0, (last >> 3) + 1)));
}
