import { type DerElement, DerError, type DerReader, inside, octetsOf, Tag } from '../strict/der.js';

/*
 * Readers of primitive values and of lists. They look at the content octets alone, because most of these values stand
 * under IMPLICIT context tags in X.509; the caller has checked the tag. All throw `DerError`.
 */

/** The element, which must have this tag. */
export function demand(element: DerElement, tag: number, what: string): DerElement {
  if (element.tag !== tag) throw new DerError(`${what} is of another type`, element.offset);
  return element;
}

/** Reads the element, in which nothing may follow the fields that `read` takes. */
export function readInside<T>(element: DerElement, what: string, read: (fields: DerReader) => T): T {
  const fields = inside(element);
  const value = read(fields);
  fields.end(what);
  return value;
}

/** Reads the next element, a SEQUENCE, as `readInside` does. */
export const readSequence = <T>(reader: DerReader, what: string, read: (fields: DerReader) => T): T =>
  readInside(reader.expect(Tag.SEQUENCE, what), what, read);

/** Reads the next element if it has this tag; else null. */
export function readOptional<T>(reader: DerReader, tag: number, read: (element: DerElement) => T): T | null {
  const element = reader.optional(tag);
  return element ? read(element) : null;
}

/** RFC 2578 3.5: 128 arcs of 32 bits. It bounds the work for arcs of any size. */
const longestObjectIdentifier = 586;

const MAX_CACHED = 1000;
const cache = new Map<string, string>();

/**
 * The dotted form of an OBJECT IDENTIFIER with arcs of any size (2.25.<UUID>, X.667). The same few identifiers stand in
 * every certificate, so their forms are cached.
 */
export function dottedIdentifier(element: DerElement): string {
  const key = element.content.toString('latin1');
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const dotted = readIdentifier(element);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, dotted);
  return dotted;
}

function readIdentifier({ content, offset }: DerElement): string {
  if (content.length > longestObjectIdentifier) throw new DerError('an OBJECT IDENTIFIER is too long', offset);
  if (content.length === 0 || (content.at(-1) ?? 0) >= 0x80)
    throw new DerError('an OBJECT IDENTIFIER is cut off', offset);
  const arcs: (number | bigint)[] = [];
  let arc: number | bigint = 0;
  let startOfArc = true;
  for (const octet of content) {
    if (startOfArc && octet === 0x80) throw new DerError('an OBJECT IDENTIFIER is not in its shortest form', offset);
    const digit = octet & 0x7f;
    if (typeof arc === 'number' && arc > 2 ** 44) arc = BigInt(arc);
    arc = typeof arc === 'number' ? arc * 128 + digit : (arc << 7n) + BigInt(digit);
    startOfArc = octet < 0x80;
    if (!startOfArc) continue;
    if (arcs.length > 0) arcs.push(arc);
    else if (arc < 80) arcs.push(arc < 40 ? 0 : 1, Number(arc) % 40);
    else arcs.push(2, typeof arc === 'number' ? arc - 80 : arc - 80n);
    arc = 0;
  }
  return arcs.join('.');
}

export interface BitString {
  /** A view; unused bits are as they are encoded. */
  readonly octets: Buffer;
  /** The number of unused bits at the end. */
  readonly unused: number;
}

export function bitStringOf({ content, offset }: Pick<DerElement, 'content' | 'offset'>): BitString {
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
    throw new DerError('a BIT STRING is malformed', offset);
  return { octets: content.subarray(1), unused };
}

export const hasBit = (octets: Buffer, bit: number): boolean => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;

/** The octets with the unused bits set to zero, as DER has them (X.690 11.2.1). */
export function clearedOctets({ octets, unused }: BitString): Buffer {
  const last = octets.at(-1) ?? 0;
  if ((last & ((1 << unused) - 1)) === 0) return octets;
  const cleared = Buffer.from(octets);
  cleared[cleared.length - 1] = last & (0xff << unused);
  return cleared;
}

/** Any octet but zero is true. Where it is not ff, the encoding as a whole is reported as not DER. */
export function truth({ content, offset }: DerElement): boolean {
  if (content.length !== 1) throw new DerError('a BOOLEAN is malformed', offset);
  return content[0] !== 0;
}

/** An INTEGER of up to 48 bits. */
export function smallInteger(element: DerElement): number {
  const { content, offset } = element;
  // Under an IMPLICIT tag its form was not looked at before.
  signedMagnitude(element);
  if (content.length > 6) throw new DerError('an INTEGER is too large', offset);
  return content.readIntBE(0, content.length);
}

/** A count: an INTEGER of up to 48 bits that is not negative. */
export function count(element: DerElement): number {
  const value = smallInteger(element);
  if (value < 0) throw new DerError('a number is negative', element.offset);
  return value;
}

/**
 * X.690 8.3: two's complement, in the shortest form. `octets`: big-endian, without leading zeros, at least one octet.
 */
export function signedMagnitude({ content, offset }: DerElement): {
  readonly negative: boolean;
  readonly octets: Buffer;
} {
  const [first, second] = content;
  if (first === undefined) throw new DerError('an INTEGER is empty', offset);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new DerError('an INTEGER is not in its shortest form', offset);
  if (first < 0x80)
    return { negative: false, octets: first === 0 && content.length > 1 ? content.subarray(1) : content };
  return { negative: true, octets: octetsOf((1n << BigInt(8 * content.length)) - magnitudeOf(content)) };
}

export function withoutLeadingZeros(octets: Buffer): Buffer {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  return octets.subarray(start);
}

export const magnitudeOf = (octets: Buffer): bigint => BigInt(`0x${octets.toString('hex') || '0'}`);

/** Bits of a non-negative number in big-endian octets, without leading zeros. */
export function bitLengthOf(octets: Buffer): number {
  const magnitude = withoutLeadingZeros(octets);
  return Math.max(0, (magnitude.length - 1) * 8 + (32 - Math.clz32(magnitude[0] ?? 0)));
}

/** Decimal below 128 bits, upper-case hexadecimal above. */
export function integerText(element: DerElement): string {
  const { negative, octets } = signedMagnitude(element);
  const magnitude = magnitudeOf(octets);
  const digits = magnitude < 1n << 127n ? magnitude.toString() : `0x${octets.toString('hex').toUpperCase()}`;
  return (negative ? '-' : '') + digits;
}

/** A UTCTime or GeneralizedTime. */
export interface Time {
  readonly element: DerElement;
  /** The content octets, one character an octet. */
  readonly text: string;
  /** Since the epoch; null where the octets are no time. */
  readonly milliseconds: number | null;
}

const utcTime = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?$/;
const generalizedTime = /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2}))?)?(?:[.,](\d+))?(Z|[+-]\d{4})?$/;

/** Reads a Time in any form (X.680 46, 47). Throws `DerError` for an element that is of neither type. */
export function readAnyTime(element: DerElement, what: string): Time {
  if (element.tag !== Tag.UTC_TIME && element.tag !== Tag.GENERALIZED_TIME)
    throw new DerError(`${what} is neither a UTCTime nor a GeneralizedTime`, element.offset);
  return timeOf(element, element.tag === Tag.UTC_TIME ? parseUtcTime : parseGeneralizedTime);
}

/** Reads a GeneralizedTime, whatever its tag. */
export const readGeneralizedTime = (element: DerElement): Time => timeOf(element, parseGeneralizedTime);

function timeOf(element: DerElement, parse: (text: string) => number | null): Time {
  const text = element.content.toString('latin1');
  return { element, text, milliseconds: parse(text) };
}

function parseUtcTime(text: string): number | null {
  const match = utcTime.exec(text);
  if (match === null) return null;
  const [, year = '', month, day, hour, minute, second, offset] = match;
  // RFC 5280 4.1.2.5.1: years from 50 on belong to the twentieth century.
  const century = Number(year) < 50 ? 2000 : 1900;
  return instantOf([century + Number(year), month, day, hour, minute, second ?? 0].map(Number), '', offset);
}

function parseGeneralizedTime(text: string): number | null {
  const match = generalizedTime.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', offset] = match;
  return instantOf([year, month, day, hour, minute ?? 0, second ?? 0].map(Number), fraction, offset);
}

/** Null for a day or a time of day that does not exist. A time without an offset is UTC. */
function instantOf(fields: readonly number[], fraction: string, offset = 'Z'): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second, Math.floor(Number(`0.${fraction.slice(0, 15) || '0'}`) * 1000));
  if (offset !== 'Z') {
    const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(3))];
    if (hours > 23 || minutes > 59) return null;
    date.setTime(date.getTime() + (hours * 60 + minutes) * 60_000 * (offset.startsWith('-') ? 1 : -1));
  }
  const shifted = date.getUTCFullYear();
  return shifted >= 0 && shifted <= 9999 ? date.getTime() : null;
}
