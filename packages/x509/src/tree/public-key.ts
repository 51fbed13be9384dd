import { contextConstructed, type DerElement, DerError, DerReader, inside, readOrNull, Tag } from '../strict/der.js';
import {
  bitLengthOf,
  bitStringOf,
  clearedOctets,
  demand,
  dottedIdentifier,
  readInside,
  readOptional,
  signedMagnitude,
} from './values.js';
import { type Contents, readContents } from './normalize.js';

/** An AlgorithmIdentifier (RFC 5280 4.1.1.2). */
export interface AlgorithmIdentifier {
  readonly raw: Buffer;
  /** Dotted. */
  readonly oid: string;
  readonly parameters: DerElement | null;
  /** Null for any other algorithm, and for parameters that are malformed. */
  readonly rsaPss: RsaPssParameters | null;
}

export const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';

/** RSASSA-PSS-params (RFC 4055 3.1). Null stands for the default. */
export interface RsaPssParameters {
  /** The hash algorithm, dotted. */
  readonly hash: string | null;
  readonly mask: MaskGeneration | null;
  /** INTEGERs, which `signedMagnitude` reads. */
  readonly saltLength: DerElement | null;
  readonly trailerField: DerElement | null;
}

interface MaskGeneration {
  /** Dotted. */
  readonly algorithm: string;
  /** The hash algorithm, dotted; null where the function is not MGF1 with its hash (RFC 8017 B.2.1). */
  readonly hash: string | null;
}

/** Throws `DerError`. */
export function readAlgorithm(reader: DerReader, what: string): AlgorithmIdentifier {
  const element = reader.expect(Tag.SEQUENCE, what);
  const fields = inside(element);
  const oid = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, what));
  const parameters = fields.atEnd ? null : fields.next();
  fields.end(what);
  const rsaPss =
    oid === rsassaPss && parameters?.tag === Tag.SEQUENCE ? readOrNull(() => readRsaPss(parameters)) : null;
  return { raw: element.raw, oid, parameters, rsaPss };
}

const readRsaPss = (parameters: DerElement): RsaPssParameters =>
  readInside(parameters, 'RSASSA-PSS-params', (fields) => {
    const what = 'a field of RSASSA-PSS-params';
    const explicit = <T>(tag: number, read: (reader: DerReader) => T): T | null =>
      readOptional(fields, contextConstructed(tag), (element) => readInside(element, what, read));
    const algorithm = (reader: DerReader): AlgorithmIdentifier => readAlgorithm(reader, what);
    const integer = (reader: DerReader): DerElement => {
      const element = reader.expect(Tag.INTEGER, what);
      signedMagnitude(element);
      return element;
    };
    const hash = explicit(0, algorithm)?.oid ?? null;
    const mask = explicit(1, algorithm);
    return {
      hash,
      mask: mask && { algorithm: mask.oid, hash: maskHash(mask) },
      saltLength: explicit(2, integer),
      trailerField: explicit(3, integer),
    };
  });

function maskHash({ oid, parameters }: AlgorithmIdentifier): string | null {
  if (oid !== mgf1 || parameters === null) return null;
  return readOrNull(() => readAlgorithm(new DerReader(parameters.raw), 'the hash of a mask').oid);
}

/** A SubjectPublicKeyInfo (RFC 5280 4.1.2.7). */
export interface PublicKeyTree {
  readonly raw: Buffer;
  readonly algorithm: AlgorithmIdentifier;
  /** The octets of the key; unused bits are zero. */
  readonly octets: Buffer;
  /** The number of unused bits at the end. */
  readonly unused: number;
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
  const { algorithm, bits } = readInside(info, 'the public key', (fields) => ({
    algorithm: readAlgorithm(fields, 'the algorithm of the public key'),
    bits: bitStringOf(fields.expect(Tag.BIT_STRING, 'the bits of the public key')),
  }));
  const octets = clearedOctets(bits);
  const rsa = rsaAlgorithms.has(algorithm.oid) ? readContents(octets, 'the RSA key', readRsaPublicKey) : null;
  return { raw: info.raw, algorithm, octets, unused: bits.unused, rsa };
}

const readRsaPublicKey = (element: DerElement): RsaPublicKey =>
  readInside(demand(element, Tag.SEQUENCE, 'the RSA key'), 'the RSA key', (fields) => ({
    modulus: fields.expect(Tag.INTEGER, 'the modulus'),
    exponent: fields.expect(Tag.INTEGER, 'the exponent'),
  }));

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
