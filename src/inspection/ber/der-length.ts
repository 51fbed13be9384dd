import { Tag } from '../../x509/strict/der.js';
import { MAX_DEPTH, MAX_ELEMENTS } from './limits.js';
import { isDerPrimitive } from './primitive.js';
import { CONSTRUCTED, HIGH_TAG_NUMBER, isNoType, isPiecewiseString } from './tags.js';

/** A constructed element whose content is being read. */
interface Frame {
  readonly start: number;
  readonly end: number;
  readonly isSet: boolean;
  /** Where the last complete element inside starts; -1 before there is one. */
  previous: number;
}

/**
 * How many octets the first element takes if it is DER through and through; null where it is not, for whatever
 * reason. One pass that copies nothing: for nearly every certificate it is all that is needed.
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
