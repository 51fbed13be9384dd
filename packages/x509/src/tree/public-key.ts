import { DerError, type DerElement, type DerReader, inside, Tag } from '../strict/der.js';
import { type AlgorithmIdentifier, readAlgorithm, rsassaPss } from './algorithm.js';
import { type Contents, readContents } from './contents.js';
import { bitLengthOf, bitStringOf, clearedOctets, fieldsOf } from './values.js';

/** A SubjectPublicKeyInfo (RFC 5280 4.1.2.7). */
export interface PublicKeyTree {
  readonly raw: Buffer;
  readonly algorithm: AlgorithmIdentifier;
  /** The octets of the key; unused bits are zero. */
  readonly octets: Buffer;
  /** Null for a key of another algorithm. */
  readonly rsa: Contents<RsaPublicKey> | null;
}

/** RSAPublicKey (RFC 8017 A.1.1): INTEGERs of any size and sign. */
export interface RsaPublicKey {
  readonly modulus: DerElement;
  readonly exponent: DerElement;
}

/** The identifiers of public keys that are RSAPublicKeys. */
const rsaAlgorithms: ReadonlySet<string> = new Set(['1.2.840.113549.1.1.1', '2.5.8.1.1', rsassaPss]);

/** Throws `DerError`. */
export function readPublicKeyTree(reader: DerReader): PublicKeyTree {
  const info = reader.expect(Tag.SEQUENCE, 'the public key');
  const fields = inside(info);
  const algorithm = readAlgorithm(fields, 'the algorithm of the public key');
  const octets = clearedOctets(bitStringOf(fields.expect(Tag.BIT_STRING, 'the bits of the public key')));
  fields.end('the public key');
  const rsa = rsaAlgorithms.has(algorithm.oid) ? readContents(octets, 'the RSA key', readRsaPublicKey) : null;
  return { raw: info.raw, algorithm, octets, rsa };
}

function readRsaPublicKey(element: DerElement): RsaPublicKey {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'the RSA key');
  const modulus = fields.expect(Tag.INTEGER, 'the modulus');
  const exponent = fields.expect(Tag.INTEGER, 'the exponent');
  fields.end('the RSA key');
  return { modulus, exponent };
}

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
