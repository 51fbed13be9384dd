import { contextConstructed, DerError, type DerElement, DerReader, inside, Tag } from '../strict/der.js';
import { dottedIdentifier, signedMagnitude } from './values.js';

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

export interface MaskGeneration {
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
  const rsaPss = oid === rsassaPss && parameters?.tag === Tag.SEQUENCE ? orNull(() => readRsaPss(parameters)) : null;
  return { raw: element.raw, oid, parameters, rsaPss };
}

function readRsaPss(parameters: DerElement): RsaPssParameters {
  const fields = inside(parameters);
  const explicit = <T>(tag: number, read: (reader: DerReader) => T): T | null => {
    const element = fields.optional(contextConstructed(tag));
    if (element === undefined) return null;
    const reader = inside(element);
    const value = read(reader);
    reader.end('a field of RSASSA-PSS-params');
    return value;
  };
  const integer = (reader: DerReader): DerElement => {
    const element = reader.expect(Tag.INTEGER, 'a field of RSASSA-PSS-params');
    signedMagnitude(element);
    return element;
  };
  const algorithm = (reader: DerReader): AlgorithmIdentifier => readAlgorithm(reader, 'a field of RSASSA-PSS-params');
  const hash = explicit(0, algorithm)?.oid ?? null;
  const mask = explicit(1, algorithm);
  const saltLength = explicit(2, integer);
  const trailerField = explicit(3, integer);
  fields.end('RSASSA-PSS-params');
  return { hash, mask: mask && { algorithm: mask.oid, hash: maskHash(mask) }, saltLength, trailerField };
}

function maskHash({ oid, parameters }: AlgorithmIdentifier): string | null {
  if (oid !== mgf1 || parameters === null) return null;
  return orNull(() => readAlgorithm(new DerReader(parameters.raw), 'the hash of a mask').oid);
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
