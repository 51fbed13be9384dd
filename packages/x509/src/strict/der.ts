/**
 * Reads DER (X.690) strictly, and writes it: definite, minimal lengths, low tag numbers, nothing after the end. Two
 * parsers can disagree about a value that has two encodings, so everything but the one DER form is refused.
 */

/** Universal tags as identifier octets, with the constructed bit where DER demands it. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  T61_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  VISIBLE_STRING: 0x1a,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** `[n]` IMPLICIT over a primitive type. */
export const contextPrimitive = (n: number): number => 0x80 | n;
/** `[n]` EXPLICIT, or IMPLICIT over a constructed type. */
export const contextConstructed = (n: number): number => 0xa0 | n;

/** The bytes are not DER, or not the DER that was expected here. `offset` counts from the start of the whole input. */
export class DerError extends Error {
  override readonly name = 'DerError';
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(`${message} (at byte ${offset})`);
  }
}

/** Something follows the complete DER. */
export class TrailingDataError extends DerError {}

/** One tag-length-value: a view into the input, nothing is copied. */
export interface DerElement {
  readonly tag: number;
  /** Identifier, length and content octets. */
  readonly raw: Buffer;
  readonly content: Buffer;
  /** Where `raw` starts in the whole input. */
  readonly offset: number;
}

/** Reads elements one after another from a run of DER. */
export class DerReader {
  #position = 0;

  /** `offset` is where `bytes` starts in the whole input, for error messages. */
  constructor(
    private readonly bytes: Buffer,
    private readonly offset = 0,
  ) {}

  get atEnd(): boolean {
    return this.#position >= this.bytes.length;
  }

  /** The next element's tag without reading it; undefined at the end. */
  peekTag(): number | undefined {
    return this.bytes[this.#position];
  }

  next(): DerElement {
    const start = this.#position;
    const tag = this.bytes[start];
    if (tag === undefined) this.fail('an element is missing');
    // X.690 8.1.2.4: tag numbers from 31 on take further octets. Nothing in PKIX uses them.
    if ((tag & 0x1f) === 0x1f) this.fail('a high tag number is not expected');
    const first = this.bytes[start + 1];
    if (first === undefined) this.fail('the length is missing');
    let length = first;
    let header = 2;
    if (first >= 0x80) {
      const octets = first & 0x7f;
      // X.690 10.1: definite form, in as few octets as possible. Four octets exceed any input of ours.
      if (octets === 0 || octets > 4) this.fail('the length is indefinite or too long');
      length = 0;
      for (let i = 0; i < octets; i++) {
        const octet = this.bytes[start + 2 + i];
        if (octet === undefined) this.fail('the length is cut off');
        length = length * 256 + octet;
      }
      if (length < 0x80 || length < 256 ** (octets - 1)) this.fail('the length is not in its shortest form');
      header += octets;
    }
    const end = start + header + length;
    if (end > this.bytes.length) this.fail('the content is cut off');
    this.#position = end;
    return {
      tag,
      raw: this.bytes.subarray(start, end),
      content: this.bytes.subarray(start + header, end),
      offset: this.offset + start,
    };
  }

  /** The next element, which must have this tag. */
  expect(tag: number, what: string): DerElement {
    if (this.peekTag() !== tag) this.fail(`${what} is missing or of another type`);
    return this.next();
  }

  /** Reads the next element if it has this tag; else undefined. */
  optional(tag: number): DerElement | undefined {
    return this.peekTag() === tag ? this.next() : undefined;
  }

  /** Throws `TrailingDataError` where anything is left. */
  end(what: string): void {
    if (!this.atEnd) throw new TrailingDataError(`${what} has trailing data`, this.offset + this.#position);
  }

  private fail(message: string): never {
    throw new DerError(message, this.offset + this.#position);
  }
}

/** Reads the elements inside a constructed element. */
export function inside(element: DerElement): DerReader {
  return new DerReader(element.content, element.offset + element.raw.length - element.content.length);
}

/** The only element in `bytes`; `offset` is where they start in the whole input. */
export function onlyElement(bytes: Buffer, what: string, offset = 0): DerElement {
  const reader = new DerReader(bytes, offset);
  const element = reader.next();
  reader.end(what);
  return element;
}

/** The value that `read` answers; null where it throws a `DerError`. */
export function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

/** Dotted form of an OBJECT IDENTIFIER; arcs above 2^53 - 1 are refused. */
export function readOid(element: DerElement): string {
  if (element.tag !== Tag.OBJECT_IDENTIFIER) throw new DerError('an OBJECT IDENTIFIER is expected', element.offset);
  const { content } = element;
  if (content.length === 0) throw new DerError('an OBJECT IDENTIFIER is empty', element.offset);
  const arcs: number[] = [];
  let arc = 0;
  let startOfArc = true;
  for (const octet of content) {
    // X.690 8.19.2: a subidentifier has no leading 0x80 octets.
    if (startOfArc && octet === 0x80)
      throw new DerError('an OBJECT IDENTIFIER is not in its shortest form', element.offset);
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER)
      throw new DerError('an OBJECT IDENTIFIER has an arc that is too large', element.offset);
    startOfArc = octet < 0x80;
    if (!startOfArc) continue;
    if (arcs.length === 0) {
      const top = Math.min(Math.floor(arc / 40), 2);
      arcs.push(top, arc - top * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  if (!startOfArc) throw new DerError('an OBJECT IDENTIFIER is cut off', element.offset);
  return arcs.join('.');
}

/** TRUE or FALSE; X.690 11.1: TRUE is 0xff and nothing else. */
export function readBoolean(element: DerElement): boolean {
  const [octet] = element.content;
  if (element.tag !== Tag.BOOLEAN || element.content.length !== 1 || (octet !== 0 && octet !== 0xff))
    throw new DerError('a BOOLEAN is not DER', element.offset);
  return octet === 0xff;
}

/** The content octets of an INTEGER in their shortest form (X.690 8.3.2), two's complement. */
export function readInteger(element: DerElement): Buffer {
  const { content } = element;
  const [first, second] = content;
  if (element.tag !== Tag.INTEGER || first === undefined) throw new DerError('an INTEGER is expected', element.offset);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new DerError('an INTEGER is not in its shortest form', element.offset);
  return content;
}

/** The octets of a BIT STRING that is a whole number of octets. */
export function readOctetAlignedBits(element: DerElement): Buffer {
  if (element.tag !== Tag.BIT_STRING || element.content[0] !== 0)
    throw new DerError('a BIT STRING of whole octets is expected', element.offset);
  return element.content.subarray(1);
}

/** Whether SET OF elements stand in the order that DER demands (X.690 11.6): ascending by their octets. */
export function isSetOfSorted(elements: readonly { readonly raw: Uint8Array }[]): boolean {
  return elements.every((element, i) => {
    const previous = elements[i - 1];
    return previous === undefined || Buffer.compare(previous.raw, element.raw) <= 0;
  });
}

/** Writes one element. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of contents) length += part.length;
  return Buffer.concat([header(tag, length), ...contents]);
}

/** Writes SEQUENCE { … }. */
export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(Tag.SEQUENCE, ...contents);

/** Writes SET OF { … }, sorted as X.690 11.6 demands. */
export const setOf = (...contents: readonly Uint8Array[]): Buffer =>
  der(Tag.SET, ...[...contents].sort((a, b) => Buffer.compare(a, b)));

/** Writes an OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80);
    octets.push(...digits);
  }
  return der(Tag.OBJECT_IDENTIFIER, Buffer.from(octets));
}

/** Writes a non-negative INTEGER from big-endian octets, in its shortest form. */
export function unsignedInteger(octets: Uint8Array): Buffer {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const magnitude = octets.subarray(start);
  const sign = magnitude.length === 0 || (magnitude[0] ?? 0) >= 0x80 ? [Buffer.of(0)] : [];
  return der(Tag.INTEGER, ...sign, magnitude);
}

/** A number that is not negative as big-endian octets, without leading zeros. */
export function octetsOf(number: bigint): Buffer {
  const digits = number.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

/** Writes a BIT STRING of whole octets. */
export const bitString = (octets: Uint8Array): Buffer => der(Tag.BIT_STRING, Buffer.of(0), octets);

function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.of(tag, length);
  const octets: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return Buffer.of(tag, 0x80 | octets.length, ...octets);
}
