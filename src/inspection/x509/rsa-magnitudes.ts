import { DerError } from '../../x509/strict/der.js';
import type { RsaPublicKey } from '../../x509/tree/public-key.js';
import { bitLengthOf } from '../../x509/tree/values.js';

/** The numbers of an RSA key, which are positive. */
export interface RsaMagnitudes {
  /** Big-endian magnitudes without leading zeros. */
  readonly modulus: Buffer;
  readonly exponent: Buffer;
  /** Bits of the modulus. */
  readonly bits: number;
}

/** Throws `DerError` where a number is not positive. */
export function rsaMagnitudes(key: RsaPublicKey): RsaMagnitudes {
  const modulus = magnitude(key.modulus.content, 'the modulus');
  const exponent = magnitude(key.exponent.content, 'the exponent');
  return { modulus, exponent, bits: bitLengthOf(modulus) };
}

function magnitude(integer: Buffer, what: string): Buffer {
  const first = integer[0] ?? 0x80;
  if (first >= 0x80) throw new DerError(`${what} is negative or empty`, 0);
  return first === 0 && integer.length > 1 ? integer.subarray(1) : integer;
}

export const isEven = (octets: Buffer): boolean => ((octets.at(-1) ?? 0) & 1) === 0;
