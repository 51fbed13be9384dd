import { DerError, inside, onlyElement, Tag } from '../../x509/strict/der.js';
import { bitLength } from '../../x509/openssl-text/bit-length.js';

/** RSAPublicKey (RFC 8017 A.1.1). */
export interface RsaPublicKey {
  /** Big-endian magnitudes without leading zeros. */
  readonly modulus: Buffer;
  readonly exponent: Buffer;
  readonly bits: number;
}

/** Throws `DerError` where `der` is no RSAPublicKey of two positive numbers. */
export function readRsaPublicKey(der: Buffer): RsaPublicKey {
  const key = onlyElement(der, 'the RSA key');
  if (key.tag !== Tag.SEQUENCE) throw new DerError('the RSA key is no RSAPublicKey', 0);
  const fields = inside(key);
  const modulus = magnitude(fields.expect(Tag.INTEGER, 'the modulus').content, 'the modulus');
  const exponent = magnitude(fields.expect(Tag.INTEGER, 'the exponent').content, 'the exponent');
  fields.end('the RSA key');
  return { modulus, exponent, bits: bitLength(modulus) };
}

function magnitude(integer: Buffer, what: string): Buffer {
  const first = integer[0] ?? 0x80;
  if (first >= 0x80) throw new DerError(`${what} is negative or empty`, 0);
  return first === 0 && integer.length > 1 ? integer.subarray(1) : integer;
}

export const isEven = (octets: Buffer): boolean => ((octets.at(-1) ?? 0) & 1) === 0;
