import { type DerElement, DerError, DerReader, isSetOfSorted, onlyElement, readOrNull, Tag } from '../strict/der.js';
import {
  CONSTRUCTED,
  derLength,
  Deviations,
  type EncodingNote,
  excessOctets,
  isDerPrimitive,
  isNoType,
  isPiecewiseString,
  MAX_DEPTH,
  MAX_ELEMENTS,
  readBerHeader,
} from './ber.js';
import { bitStringOf, clearedOctets } from './values.js';

/** The first element of some bytes. */
export interface Normalized {
  readonly ok: true;
  /** The element in DER: the octets of `found` themselves where they are DER. */
  readonly der: Buffer;
  /** The element as it was found. Signatures and fingerprints are over these octets. */
  readonly found: Buffer;
  /** The octets that follow the element. */
  readonly rest: Buffer;
  /** How the encoding is not DER, and whether octets follow it. */
  readonly observations: readonly EncodingNote[];
}

/** The bytes do not begin with an element of BER, or go past the limits. */
interface NotBer {
  readonly ok: false;
  /** One sentence. */
  readonly problem: string;
}

/**
 * Rewrites the first element of `bytes` in DER and says how it was not DER (X.690 10, 11). Only the form of values
 * changes; the elements of a SET keep their order. Takes linear time, never throws.
 */
export function normalize(bytes: Buffer): Normalized | NotBer {
  const length = derLength(bytes);
  if (length === bytes.length) return { ok: true, der: bytes, found: bytes, rest: NOTHING, observations: [] };
  try {
    return length === null ? rewritten(bytes) : split(bytes, length, bytes.subarray(0, length), []);
  } catch (error) {
    if (error instanceof DerError) return { ok: false, problem: error.message };
    throw error;
  }
}

const NOTHING = Buffer.alloc(0);

/** Throws `DerError` where the bytes are not BER either, or go past the limits. */
function rewritten(bytes: Buffer): Normalized {
  const rewriter = new Rewriter(bytes);
  const node = rewriter.element(bytes.length, 0);
  return split(bytes, rewriter.position, encoded(node), rewriter.deviations.notes());
}

function split(bytes: Buffer, length: number, der: Buffer, notes: readonly EncodingNote[]): Normalized {
  const rest = bytes.subarray(length);
  const trailing: EncodingNote[] =
    rest.length === 0
      ? []
      : [{ code: 'TrailingData', message: `${rest.length} octets follow the end of it (at byte ${length})` }];
  return { ok: true, der, found: bytes.subarray(0, length), rest, observations: [...notes, ...trailing] };
}

/** An element as it will be written. */
interface Node {
  readonly identifier: Buffer;
  /** The octets or the elements inside. */
  readonly content: Buffer | readonly Node[];
  readonly contentLength: number;
}

/** Reads the first element of some BER. */
class Rewriter {
  readonly deviations = new Deviations();
  position = 0;
  #elements = 0;

  constructor(private readonly bytes: Buffer) {}

  element(limit: number, depth: number): Node {
    const start = this.position;
    if (depth > MAX_DEPTH) throw new DerError(`elements stand more than ${MAX_DEPTH} deep within one another`, start);
    if (++this.#elements > MAX_ELEMENTS) throw new DerError(`there are more than ${MAX_ELEMENTS} elements`, start);
    const { tag, identifierLength, contentStart, contentEnd } = readBerHeader(
      this.bytes,
      start,
      limit,
      this.deviations,
    );
    if (isNoType(tag)) throw new DerError(`no element begins with ${tag.toString(16).padStart(2, '0')}`, start);
    const identifier = this.bytes.subarray(start, start + identifierLength);
    this.position = contentStart;
    if ((tag & CONSTRUCTED) === 0) {
      if (contentEnd === null) throw new DerError('an element in one piece has an indefinite length', start);
      this.position = contentEnd;
      const content = this.#primitive(tag, start, contentStart, contentEnd);
      return { identifier, content, contentLength: content.length };
    }
    const children = this.#elementsInside(contentEnd ?? limit, contentEnd === null, depth);
    if (isPiecewiseString(tag)) return this.#joined(tag & ~CONSTRUCTED, children, start);
    if (tag === Tag.SET && !isSetOfSorted(children.map((child) => ({ raw: encoded(child) }))))
      this.deviations.note('unsortedSet', start);
    return { identifier, content: children, contentLength: children.reduce((sum, child) => sum + lengthOf(child), 0) };
  }

  #elementsInside(end: number, untilEndOfContents: boolean, depth: number): readonly Node[] {
    const children: Node[] = [];
    while (untilEndOfContents || this.position < end) {
      // X.690 8.1.5: two zero octets end what has no length.
      if (untilEndOfContents && this.bytes[this.position] === 0 && this.bytes[this.position + 1] === 0) {
        this.position += 2;
        break;
      }
      children.push(this.element(end, depth + 1));
    }
    return children;
  }

  #primitive(tag: number, start: number, contentStart: number, end: number): Buffer {
    const { bytes, deviations } = this;
    const content = bytes.subarray(contentStart, end);
    if (isDerPrimitive(tag, bytes, contentStart, end)) return content;
    switch (tag) {
      case Tag.BOOLEAN:
        deviations.note('oddTruth', start);
        return Buffer.of(0xff);
      case Tag.BIT_STRING:
        deviations.note('unusedBits', start);
        return Buffer.concat([content.subarray(0, 1), clearedOctets(bitStringOf({ content, offset: start }))]);
      case Tag.OBJECT_IDENTIFIER:
        deviations.note('longIdentifier', start);
        return withoutLeadingZeroDigits(content);
      default:
        // INTEGER and ENUMERATED are the only others that `isDerPrimitive` judges.
        deviations.note('longInteger', start);
        return content.subarray(excessOctets(bytes, contentStart, end));
    }
  }

  /** X.690 8.6.4, 8.7.3, 8.23: the pieces are of the string's own type, or octet strings. */
  #joined(tag: number, pieces: readonly Node[], start: number): Node {
    this.deviations.note('piecewiseString', start);
    const contents = pieces.map(({ identifier, content }) => {
      if ((identifier[0] !== tag && identifier[0] !== Tag.OCTET_STRING) || !Buffer.isBuffer(content))
        throw new DerError('a piece of a string is of another type', start);
      return content;
    });
    const content = tag === Tag.BIT_STRING ? joinBits(contents, start) : Buffer.concat(contents);
    return { identifier: Buffer.of(tag), content, contentLength: content.length };
  }
}

function joinBits(pieces: readonly Buffer[], start: number): Buffer {
  const last = pieces.at(-1);
  if (last === undefined) return Buffer.of(0);
  if (pieces.some((piece) => piece.length === 0 || ((piece !== last || piece.length === 1) && piece[0] !== 0)))
    throw new DerError('a piece of a BIT STRING is not a whole number of octets', start);
  return Buffer.concat([last.subarray(0, 1), ...pieces.map((piece) => piece.subarray(1))]);
}

const withoutLeadingZeroDigits = (content: Buffer): Buffer =>
  Buffer.from(content.toString('latin1').replace(/(?<=^|[^\x80-\xff])\x80+/g, ''), 'latin1');

function encoded(node: Node): Buffer {
  const encoding = Buffer.allocUnsafe(lengthOf(node));
  write(node, encoding, 0);
  return encoding;
}

const lengthOf = ({ identifier, contentLength }: Node): number =>
  identifier.length + lengthOctets(contentLength) + contentLength;

function lengthOctets(length: number): number {
  if (length < 0x80) return 1;
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : length < 0x1000000 ? 4 : 5;
}

/** Writes at `position` and returns where the element ends. */
function write({ identifier, content, contentLength }: Node, target: Buffer, position: number): number {
  let at = position + identifier.copy(target, position);
  const octets = lengthOctets(contentLength) - 1;
  if (octets === 0) at = target.writeUInt8(contentLength, at);
  else {
    at = target.writeUInt8(0x80 | octets, at);
    at = target.writeUIntBE(contentLength, at, octets);
  }
  if (Buffer.isBuffer(content)) return at + content.copy(target, at);
  for (const child of content) at = write(child, target, at);
  return at;
}

/** A value that stands in an OCTET STRING or BIT STRING, in an encoding of its own. */
export interface Contents<T> {
  /** Null where it is malformed. Values in BER are read, too. */
  readonly value: T | null;
  /** Why `value` is null. */
  readonly problem: string | null;
  /** How the encoding is not DER, and whether octets follow it. */
  readonly observations: readonly EncodingNote[];
  /** The value for readers that know no BER; null where these cannot read it. */
  readonly asWritten: T | null;
}

export type ContentsReader<T> = (element: DerElement) => T;

/** Reads the element that `octets` begin with. Where it is not DER, it is read a second time as it is written. */
export function readContents<T>(octets: Buffer, what: string, read: ContentsReader<T>): Contents<T> {
  const normalized = normalize(octets);
  const observations = normalized.ok ? normalized.observations : [];
  let value: T | null = null;
  let problem: string | null = normalized.ok ? null : normalized.problem;
  try {
    if (normalized.ok) value = read(onlyElement(normalized.der, what));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    problem = error.message;
  }
  const isDer = normalized.ok && (normalized.der === normalized.found || normalized.der.equals(normalized.found));
  return {
    value,
    problem,
    observations,
    asWritten: isDer ? value : readOrNull(() => read(new DerReader(octets).next())),
  };
}
