import { DerError } from '../../x509/strict/der.js';
import type { Observation } from '../decoded.js';
import { derLength } from './der-length.js';
import { rewriteAsDer } from './rewrite-as-der.js';

/** The first element of some bytes. */
export interface Normalized {
  readonly ok: true;
  /** In DER; the octets of `found` themselves where they are DER. */
  readonly der: Buffer;
  /** Its octets as they were found: what signatures and fingerprints are of. */
  readonly found: Buffer;
  /** What follows it. */
  readonly rest: Buffer;
  /** Where it is not DER: NonDerEncoding, NonMinimalEncoding; and TrailingData. */
  readonly observations: readonly Observation[];
}

/** The bytes do not begin with an element of BER, or go past what is looked into. */
export interface NotBer {
  readonly ok: false;
  /** One sentence. */
  readonly problem: string;
}

/**
 * The element that `bytes` begin with, in DER, and in what it was not DER (X.690 10, 11). Values are not changed but
 * for their form; elements of a SET stay in the order in which they stand. Takes linear time, never throws.
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
  return split(bytes, length, der, deviations.observations());
}

function split(bytes: Buffer, length: number, der: Buffer, observations: readonly Observation[]): Normalized {
  const rest = bytes.subarray(length);
  const trailing: Observation[] =
    rest.length === 0
      ? []
      : [{ code: 'TrailingData', message: `${rest.length} octets follow the end of it (at byte ${length})` }];
  return { ok: true, der, found: bytes.subarray(0, length), rest, observations: [...observations, ...trailing] };
}
