import { DerError } from '../../x509/strict/der.js';
import type { Deviations } from './deviations.js';
import { HIGH_TAG_NUMBER } from './tags.js';

/** Identifier and length octets as X.690 8.1 allows them. */
export interface BerHeader {
  /** The first identifier octet. */
  readonly tag: number;
  /** Identifier octets, in case there are several. */
  readonly identifierLength: number;
  /** Where the content starts. */
  readonly contentStart: number;
  /** Where it ends; null for the indefinite form, whose end only its elements tell. */
  readonly contentEnd: number | null;
}

/** Reads the header that stands at `start`; the content must end at `limit` at the latest. Throws `DerError`. */
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
