import { Tag } from '../../x509/strict/der.js';

/** The bit of an identifier octet that says that elements stand inside (X.690 8.1.2.5). */
export const CONSTRUCTED = 0x20;
/** Tag number 31 stands for one that follows in further octets (X.690 8.1.2.4). */
export const HIGH_TAG_NUMBER = 0x1f;
export const ENUMERATED = 0x0a;

/** Universal types whose values DER writes in one piece and BER may write in several (X.690 8.21, 10.2). */
const stringTypes: readonly number[] = [
  Tag.BIT_STRING,
  Tag.OCTET_STRING,
  Tag.UTF8_STRING,
  Tag.NUMERIC_STRING,
  Tag.PRINTABLE_STRING,
  Tag.T61_STRING,
  0x15,
  Tag.IA5_STRING,
  Tag.UTC_TIME,
  Tag.GENERALIZED_TIME,
  0x19,
  Tag.VISIBLE_STRING,
  0x1b,
  Tag.UNIVERSAL_STRING,
  Tag.BMP_STRING,
];
const constructedStrings = new Set(stringTypes.map((tag) => tag | CONSTRUCTED));

/** Whether this identifier octet is that of a string in several pieces. */
export const isPiecewiseString = (tag: number): boolean => constructedStrings.has(tag);

/** Other universal types that stand for a single value, by number: BOOLEAN, INTEGER, NULL, OBJECT IDENTIFIER … */
const simpleNumbers = new Set([0x01, 0x02, 0x05, 0x06, 0x09, 0x0a, 0x0d]);

/** Identifier octets that no encoding has: the end of contents, a SEQUENCE in one piece, an INTEGER with elements. */
export function isNoType(tag: number): boolean {
  if (tag === 0 || tag === CONSTRUCTED || tag === 0x10 || tag === 0x11) return true;
  return (tag & ~HIGH_TAG_NUMBER) === CONSTRUCTED && simpleNumbers.has(tag & HIGH_TAG_NUMBER);
}
