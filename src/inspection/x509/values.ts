import { DerError, type DerElement } from '../../x509/strict/der.js';
import { readObjectIdentifier } from '../../x509/openssl-text/values.js';

const MAX_CACHED = 1000;
const cache = new Map<string, string>();

/** Dotted form. The same few identifiers stand in every certificate, so their forms are kept. */
export function dottedIdentifier(element: DerElement): string {
  const key = element.content.toString('latin1');
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const dotted = readObjectIdentifier(element);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, dotted);
  return dotted;
}

export interface BitString {
  /** A view; unused bits are as they are encoded. */
  readonly octets: Buffer;
  readonly unused: number;
}

/** The bits of a BIT STRING, whatever its tag. Throws `DerError`. */
export function bitString({ content, offset }: DerElement): BitString {
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
    throw new DerError('a BIT STRING is malformed', offset);
  return { octets: content.subarray(1), unused };
}

/** Any octet but zero is true: where it is not ff, the encoding as a whole is reported. Throws `DerError`. */
export function truth({ content, offset }: DerElement): boolean {
  if (content.length !== 1) throw new DerError('a BOOLEAN is malformed', offset);
  return content[0] !== 0;
}

/** An INTEGER of up to 48 bits, whatever its tag. Throws `DerError`. */
export function smallInteger({ content, offset }: DerElement): number {
  if (content.length === 0) throw new DerError('an INTEGER is empty', offset);
  if (content.length > 6) throw new DerError('an INTEGER is too large', offset);
  return content.readIntBE(0, content.length);
}

/** A count: an INTEGER of up to 48 bits that is not negative. Throws `DerError`. */
export function count(element: DerElement): number {
  const value = smallInteger(element);
  if (value < 0) throw new DerError('a number is negative', element.offset);
  return value;
}
