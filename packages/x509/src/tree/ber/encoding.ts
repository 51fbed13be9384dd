import { DerError, Tag } from '../../strict/der.js';

/** How deep elements may stand within one another. The deepest of X.509 and PKCS#12 stand some fifteen deep. */
export const MAX_DEPTH = 100;

/** How many elements are read; a certificate list of 1 MiB has half as many. */
export const MAX_ELEMENTS = 300_000;

/** The bit of an identifier octet that says that elements stand inside (X.690 8.1.2.5). */
export const CONSTRUCTED = 0x20;
/** Tag number 31 stands for one that follows in further octets (X.690 8.1.2.4). */
export const HIGH_TAG_NUMBER = 0x1f;

/** Universal types whose values DER writes in one piece and BER may write in several (X.690 8.21, 10.2). */
const stringTags: readonly number[] = [
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
const constructedStrings = new Set(stringTags.map((tag) => tag | CONSTRUCTED));

/** Whether this identifier octet is that of a string in several pieces. */
export const isPiecewiseString = (tag: number): boolean => constructedStrings.has(tag);

/** Other universal types that stand for a single value, by number: BOOLEAN, INTEGER, NULL, OBJECT IDENTIFIER … */
const simpleNumbers = new Set([0x01, 0x02, 0x05, 0x06, 0x09, 0x0a, 0x0d]);

/** Identifier octets that no encoding has: the end of contents, a SEQUENCE in one piece, an INTEGER with elements. */
export function isNoType(tag: number): boolean {
  if (tag === 0 || tag === CONSTRUCTED || tag === 0x10 || tag === 0x11) return true;
  return (tag & ~HIGH_TAG_NUMBER) === CONSTRUCTED && simpleNumbers.has(tag & HIGH_TAG_NUMBER);
}

/** One way in which octets are not the one DER encoding of their value. */
export interface EncodingNote {
  readonly code: 'NonDerEncoding' | 'NonMinimalEncoding' | 'TrailingData';
  /** One sentence without a full stop. */
  readonly message: string;
}

const kinds = {
  indefiniteLength: { code: 'NonDerEncoding', what: 'a length is indefinite' },
  longLength: { code: 'NonMinimalEncoding', what: 'a length is not in its shortest form' },
  longInteger: { code: 'NonMinimalEncoding', what: 'a number is not in its shortest form' },
  longIdentifier: { code: 'NonMinimalEncoding', what: 'an object identifier is not in its shortest form' },
  piecewiseString: { code: 'NonDerEncoding', what: 'a string is written in pieces' },
  oddTruth: { code: 'NonDerEncoding', what: 'a BOOLEAN is neither 00 nor ff' },
  unusedBits: { code: 'NonDerEncoding', what: 'unused bits of a BIT STRING are not zero' },
  unsortedSet: { code: 'NonDerEncoding', what: 'the elements of a SET are not in order' },
} as const;

/** Collects how an encoding is not DER: each kind once, with the place of the first and the number of all. */
export class Deviations {
  readonly #seen = new Map<keyof typeof kinds, { readonly first: number; count: number }>();

  note(kind: keyof typeof kinds, offset: number): void {
    const seen = this.#seen.get(kind);
    if (seen) seen.count++;
    else this.#seen.set(kind, { first: offset, count: 1 });
  }

  notes(): EncodingNote[] {
    return [...this.#seen].map(([kind, { first, count }]) => {
      const more = count === 1 ? '' : ` and at ${count - 1} more place${count === 2 ? '' : 's'}`;
      return { code: kinds[kind].code, message: `${kinds[kind].what} (at byte ${first}${more})` };
    });
  }
}

/** Identifier and length octets as X.690 8.1 allows them. */
export interface BerHeader {
  /** The first identifier octet. */
  readonly tag: number;
  /** The number of identifier octets. */
  readonly identifierLength: number;
  /** Where the content starts. */
  readonly contentStart: number;
  /** Where the content ends; null for the indefinite form, whose end only its elements tell. */
  readonly contentEnd: number | null;
}

/** Reads the header at `start`; the content must end at `limit` at the latest. Throws `DerError`. */
export function readBerHeader(bytes: Buffer, start: number, limit: number, deviations: Deviations | null): BerHeader {
  const fail = (message: string): never => {
    throw new DerError(message, start);
  };
  const octetAt = (position: number): number =>
    position < limit ? (bytes[position] ?? 0) : fail('an element is cut off');

  const tag = octetAt(start);
  let position = start + 1;
  if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) {
    while (octetAt(position) >= 0x80) position++;
    position++;
    if (position - start > 6) fail('a tag number is too large');
  }
  const identifierLength = position - start;
  const first = octetAt(position++);
  if (first === 0x80) {
    deviations?.note('indefiniteLength', start);
    return { tag, identifierLength, contentStart: position, contentEnd: null };
  }
  let length = first;
  if (first > 0x80) {
    const octets = first & 0x7f;
    if (first === 0xff) fail('a length is of no form that X.690 8.1.3 has');
    length = 0;
    for (let i = 0; i < octets; i++) {
      length = length * 256 + octetAt(position++);
      if (length > limit) fail('the content is cut off');
    }
    if (length < 0x80 || length < 256 ** (octets - 1)) deviations?.note('longLength', start);
  }
  if (position + length > limit) fail('the content is cut off');
  return { tag, identifierLength, contentStart: position, contentEnd: position + length };
}

/**
 * The elements inside one BER element as they were found, because a signature is over the octets that were signed.
 * `normalize` has read `found` before. Throws `DerError`.
 */
export function foundElements(found: Buffer): readonly Buffer[] {
  const { contentStart, contentEnd } = readBerHeader(found, 0, found.length, null);
  const elements: Buffer[] = [];
  let position = contentStart;
  const isOver = (): boolean =>
    contentEnd === null ? found[position] === 0 && found[position + 1] === 0 : position >= contentEnd;
  while (!isOver()) {
    const end = endOfElement(found, position, contentEnd ?? found.length);
    elements.push(found.subarray(position, end));
    position = end;
  }
  return elements;
}

function endOfElement(bytes: Buffer, start: number, limit: number): number {
  const header = readBerHeader(bytes, start, limit, null);
  if (header.contentEnd !== null) return header.contentEnd;
  // The number of open elements of indefinite length. Two zero octets close each.
  let open = 1;
  let position = header.contentStart;
  while (open > 0) {
    if (bytes[position] === 0 && bytes[position + 1] === 0) {
      open--;
      position += 2;
      continue;
    }
    const { tag, contentStart, contentEnd } = readBerHeader(bytes, position, limit, null);
    if (contentEnd === null && (tag & CONSTRUCTED) === 0) throw new DerError('the content is cut off', position);
    if (contentEnd === null) open++;
    position = contentEnd ?? contentStart;
  }
  return position;
}
