import { DerError } from '../../strict/der.js';
import { derLength } from './der-length.js';
import type { EncodingNote } from './encoding.js';
import { rewriteAsDer } from './rewrite-as-der.js';

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
export interface NotBer {
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

function rewritten(bytes: Buffer): Normalized {
  const { der, length, deviations } = rewriteAsDer(bytes);
  return split(bytes, length, der, deviations.notes());
}

function split(bytes: Buffer, length: number, der: Buffer, notes: readonly EncodingNote[]): Normalized {
  const rest = bytes.subarray(length);
  const trailing: EncodingNote[] =
    rest.length === 0
      ? []
      : [{ code: 'TrailingData', message: `${rest.length} octets follow the end of it (at byte ${length})` }];
  return { ok: true, der, found: bytes.subarray(0, length), rest, observations: [...notes, ...trailing] };
}
