import { DerReader, inside, type DerElement } from '../../strict/der.js';
import { indentation } from '../octets.js';
import type { ObjectNames } from '../object-names.js';

/** Where an extension is shown. */
export interface Place {
  readonly indent: number;
  readonly names: ObjectNames;
}

/**
 * Shows the value of one extension, without the line feed that ends it. Undefined, or a DerError, where OpenSSL has no
 * way to show it: the octets are shown then. What follows the value's one element is not looked at, as OpenSSL does.
 */
export type ExtensionPrinter = (value: Buffer, place: Place) => string | undefined;

/** The fields inside the one element that a value consists of. */
export const fieldsOf = (value: Buffer, tag: number, what: string): DerReader =>
  inside(new DerReader(value).expect(tag, what));

/** The one primitive element that a value consists of. */
export const elementOf = (value: Buffer, tag: number, what: string): DerElement =>
  new DerReader(value).expect(tag, what);

/** Reads a field until the fields are used up. */
export function readAll<T>(fields: DerReader, read: (fields: DerReader) => T): T[] {
  const values: T[] = [];
  while (!fields.atEnd) values.push(read(fields));
  return values;
}

/** Values beside one another. */
export const inOneLine = (values: readonly string[], { indent }: Place): string =>
  indentation(indent) + (values.length === 0 ? '<EMPTY>\n' : values.join(', '));

/** Values below one another. */
export const inLines = (values: readonly string[], { indent }: Place): string =>
  values.length === 0
    ? `${indentation(indent)}<EMPTY>\n`
    : values.map((value) => indentation(indent) + value).join('\n');
