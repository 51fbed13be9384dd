import { Tag } from '../../strict/der.js';
import { CONSTRUCTED, HIGH_TAG_NUMBER, isNoType, isPiecewiseString, MAX_DEPTH, MAX_ELEMENTS } from './encoding.js';

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
function isDerPrimitive(tag: number, bytes: Buffer, start: number, end: number): boolean {
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
export function unusedBits(bytes: Buffer, start: number, end: number): number {
  const unused = bytes[start] ?? 0;
  return end - start < 2 || unused > 7 ? 0 : (bytes[end - 1] ?? 0) & ((1 << unused) - 1);
}

/** Whether an arc of an OBJECT IDENTIFIER begins with a digit that says nothing (X.690 8.19.2). */
export function hasLeadingZeroDigit(bytes: Buffer, start: number, end: number): boolean {
  let startOfArc = true;
  for (let i = start; i < end; i++) {
    const octet = bytes[i] ?? 0;
    if (startOfArc && octet === 0x80) return true;
    startOfArc = octet < 0x80;
  }
  return false;
}
