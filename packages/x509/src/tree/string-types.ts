import { isAscii, isUtf8 } from 'node:buffer';
import { Tag } from '../strict/der.js';

/** A value of a string type. */
export interface DecodedString {
  /** Null where its octets are no text of its type. */
  readonly text: string | null;
  /** Whether its octets are all that its type allows. */
  readonly proper: boolean;
}

interface StringType {
  readonly name: string;
  readonly decode: (octets: Buffer) => DecodedString;
}

const NOT_TEXT: DecodedString = { text: null, proper: false };

/** X.680 41.4: letters, digits, space and `'()+,-./:=?`. */
const printableAlphabet = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const numericAlphabet = /^[0-9 ]*$/;

/** A string of seven bits. All readers agree on characters outside of its alphabet, so these stay readable. */
const sevenBits =
  (alphabet: RegExp) =>
  (octets: Buffer): DecodedString => {
    if (!isAscii(octets)) return NOT_TEXT;
    const text = octets.toString('latin1');
    return { text, proper: alphabet.test(text) };
  };

const anything = /^/;

/** Nobody uses T.61 proper: strings under this tag are ISO 8859-1. */
const latin1 = (octets: Buffer): DecodedString => ({ text: octets.toString('latin1'), proper: true });

function utf8(octets: Buffer): DecodedString {
  if (isAscii(octets)) return { text: octets.toString('latin1'), proper: true };
  return isUtf8(octets) ? { text: octets.toString('utf8'), proper: true } : NOT_TEXT;
}

function bmp(octets: Buffer): DecodedString {
  if (octets.length % 2 !== 0) return NOT_TEXT;
  const text = Buffer.from(octets).swap16().toString('utf16le');
  // UCS-2 has no surrogates (X.680 41.16): some readers take a pair for one character, some for two.
  return /\p{Cs}/u.test(text) ? NOT_TEXT : { text, proper: !/[\u{10000}-\u{10ffff}]/u.test(text) };
}

function universal(octets: Buffer): DecodedString {
  if (octets.length % 4 !== 0) return NOT_TEXT;
  const text: string[] = [];
  for (let i = 0; i < octets.length; i += 4) {
    const codePoint = octets.readUInt32BE(i);
    if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return NOT_TEXT;
    text.push(String.fromCodePoint(codePoint));
  }
  return { text: text.join(''), proper: true };
}

const stringTypes = new Map<number, StringType>([
  [Tag.UTF8_STRING, { name: 'UTF8String', decode: utf8 }],
  [Tag.PRINTABLE_STRING, { name: 'PrintableString', decode: sevenBits(printableAlphabet) }],
  [Tag.IA5_STRING, { name: 'IA5String', decode: sevenBits(anything) }],
  [Tag.NUMERIC_STRING, { name: 'NumericString', decode: sevenBits(numericAlphabet) }],
  [Tag.VISIBLE_STRING, { name: 'VisibleString', decode: sevenBits(/^[\x20-\x7e]*$/) }],
  [Tag.T61_STRING, { name: 'TeletexString', decode: latin1 }],
  [Tag.BMP_STRING, { name: 'BMPString', decode: bmp }],
  [Tag.UNIVERSAL_STRING, { name: 'UniversalString', decode: universal }],
  [0x1b, { name: 'GeneralString', decode: sevenBits(anything) }],
]);

/** Types that are no strings and are still found in names. */
const otherTypes: Readonly<Record<number, string>> = {
  [Tag.BOOLEAN]: 'BOOLEAN',
  [Tag.INTEGER]: 'INTEGER',
  [Tag.BIT_STRING]: 'BIT STRING',
  [Tag.OCTET_STRING]: 'OCTET STRING',
  [Tag.NULL]: 'NULL',
  [Tag.OBJECT_IDENTIFIER]: 'OBJECT IDENTIFIER',
  [Tag.SEQUENCE]: 'SEQUENCE',
  [Tag.SET]: 'SET',
  [Tag.UTC_TIME]: 'UTCTime',
  [Tag.GENERALIZED_TIME]: 'GeneralizedTime',
};

export const isStringType = (tag: number): boolean => stringTypes.has(tag);

/** The name of the type in X.680; the identifier octet in hex for a type that is never found in names. */
export const stringTypeName = (tag: number): string =>
  stringTypes.get(tag)?.name ?? otherTypes[tag] ?? `tag ${tag.toString(16).padStart(2, '0')}`;

/** The text of the content octets; null for a type that is no string. */
export const decodeString = (tag: number, octets: Buffer): DecodedString =>
  stringTypes.get(tag)?.decode(octets) ?? NOT_TEXT;
