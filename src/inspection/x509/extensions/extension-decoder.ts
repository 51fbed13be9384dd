import { DerError, type DerElement, type DerReader, inside } from '../../../x509/strict/der.js';
import type { BasicConstraints, KeyUsage } from '../../../x509/strict/extension.js';
import type { AuthorityKeyIdentifier, SubjectAltNames } from '../../decoded.js';
import type { Report } from '../../observations.js';

/** What the extensions of an object say, typed; each null where the extension is absent or malformed. */
export interface ExtensionFacts {
  readonly subjectKeyIdentifier: Buffer | null;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null;
  readonly basicConstraints: BasicConstraints | null;
  readonly keyUsage: readonly KeyUsage[] | null;
  /** Dotted. */
  readonly extKeyUsage: readonly string[] | null;
  readonly subjectAltNames: SubjectAltNames | null;
}

/** What JSON can say, and is not null. */
export type PlainValue = object | string | number | boolean;

/** An extension that was read. */
export interface DecodedExtension {
  readonly value: PlainValue;
  readonly facts?: Partial<ExtensionFacts>;
}

/** Reads the one element that an extension's value consists of. Throws `DerError` where it is malformed. */
export type ExtensionDecoder = (element: DerElement, report: Report) => DecodedExtension;

/** A decoder of what is shown and compared with nothing. */
export const shown =
  (read: (element: DerElement, report: Report) => PlainValue): ExtensionDecoder =>
  (element, report) => ({ value: read(element, report) });

/** The element, which must have this tag. */
export function demand(element: DerElement, tag: number, what: string): DerElement {
  if (element.tag !== tag) throw new DerError(`${what} is of another type`, element.offset);
  return element;
}

/** The fields inside the element, which must have this tag. */
export const fieldsOf = (element: DerElement, tag: number, what: string): DerReader =>
  inside(demand(element, tag, what));

/** Reads until nothing is left. */
export function readAll<T>(reader: DerReader, read: (reader: DerReader) => T): T[] {
  const values: T[] = [];
  while (!reader.atEnd) values.push(read(reader));
  return values;
}

/** The same, of what RFC 5280 wants at least one (SIZE (1..MAX)). */
export function readSome<T>(reader: DerReader, what: string, report: Report, read: (reader: DerReader) => T): T[] {
  const values = readAll(reader, read);
  if (values.length === 0) report('MalformedExtension', `${what} is empty`);
  return values;
}
