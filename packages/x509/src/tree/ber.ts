import { DerError, Tag } from '../strict/der.js';

/** A constructed element that is open: its content is still to be read. */
interface Frame {
  readonly start: number;
  readonly end: number;
  readonly isSet: boolean;
  /** Where the last complete element inside starts; -1 before there is one. */
  previous: number;
}

/**
 * The length of the first element in octets if all of it is DER, else null. It takes one pass and copies nothing, and
 * nearly every certificate needs no more.
 */
export function derLength(bytes: Buffer): number | null {
  const outer: Frame[] = [];
  let frame: Frame = { start: 0, end: bytes.length, isSet: false, previous: -1 };
  let position = 0;
  for (let elements = 0; elements < MAX_ELEMENTS; elements++) {
    const start = position;
    const tag = bytes[start] ?? 0;
    if (isNoType(tag) || (tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) return null;
    let length = bytes[start + 1] ?? 0xff;
    position += 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > 4) return null;
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + (bytes[position + i] ?? 0);
      if (length < 0x80 || length < 256 ** (octets - 1)) return null;
      position += octets;
    }
    const end = position + length;
    if (end > frame.end) return null;
    if ((tag & CONSTRUCTED) === 0) {
      if (!isDerPrimitive(tag, bytes, position, end)) return null;
      position = end;
      if (!keepsOrder(bytes, frame, start, end)) return null;
    } else {
      if (isPiecewiseString(tag) || outer.length >= MAX_DEPTH) return null;
      outer.push(frame);
      frame = { start, end, isSet: tag === Tag.SET, previous: -1 };
    }
    while (position === frame.end && outer.length > 0) {
      const complete = frame;
      frame = outer.pop() ?? frame;
      if (!keepsOrder(bytes, frame, complete.start, complete.end)) return null;
    }
    if (outer.length === 0) return position;
  }
  return null;
}

/** X.690 11.6: the elements of a SET OF ascend by their octets. */
function keepsOrder(bytes: Buffer, frame: Frame, start: number, end: number): boolean {
  const { previous } = frame;
  frame.previous = start;
  return !frame.isSet || previous < 0 || bytes.compare(bytes, previous, start, start, end) >= 0;
}

/**
 * Whether the content octets of a primitive element are in DER, as far as its tag tells the type. Content that no
 * encoding rule allows (an empty INTEGER, a NULL with content) passes, because the reader of the value refuses it.
 */
export function isDerPrimitive(tag: number, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  switch (tag) {
    case Tag.BOOLEAN:
      return length !== 1 || bytes[start] === 0 || bytes[start] === 0xff;
    case Tag.INTEGER:
    case Tag.ENUMERATED:
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
function unusedBits(bytes: Buffer, start: number, end: number): number {
  const unused = bytes[start] ?? 0;
  return end - start < 2 || unused > 7 ? 0 : (bytes[end - 1] ?? 0) & ((1 << unused) - 1);
}

/** Whether an arc of an OBJECT IDENTIFIER begins with a digit that says nothing (X.690 8.19.2). */
function hasLeadingZeroDigit(bytes: Buffer, start: number, end: number): boolean {
  let startOfArc = true;
  for (let i = start; i < end; i++) {
    const octet = bytes[i] ?? 0;
    if (startOfArc && octet === 0x80) return true;
    startOfArc = octet < 0x80;
  }
  return false;
}

/** How deep elements may stand within one another. The deepest of X.509 and PKCS#12 stand some fifteen deep. */
export const MAX_DEPTH = 100;

/** How many elements are read; a certificate list of 1 MiB has half as many. */
export const MAX_ELEMENTS = 300_000;

/** The bit of an identifier octet that says that elements stand inside (X.690 8.1.2.5). */
export const CONSTRUCTED = 0x20;
/** Tag number 31 stands for one that follows in further octets (X.690 8.1.2.4). */
const HIGH_TAG_NUMBER = 0x1f;

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
interface BerHeader {
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
