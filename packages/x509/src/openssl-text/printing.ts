import { type DerElement, DerReader } from '../strict/der.js';
import type { ObjectNames } from './object-names.js';
import { indentation } from './octets.js';

/** The place where an extension is printed. */
export interface PrintPlace {
  readonly indent: number;
  readonly names: ObjectNames;
}

/**
 * Prints the octets of an extension's value, without the line feed that ends it. Undefined, or a DerError, where OpenSSL
 * has no way to print it: the octets are shown then. Like OpenSSL it ignores what follows the value's one element.
 */
export type OctetPrinter = (value: Buffer, place: PrintPlace) => string | undefined;

export const firstElement = (value: Buffer): DerElement => new DerReader(value).next();

/** Values beside one another. */
export const inOneLine = (values: readonly string[], { indent }: PrintPlace): string =>
  indentation(indent) + (values.length === 0 ? '<EMPTY>\n' : values.join(', '));

/** Values below one another. */
export const inLines = (values: readonly string[], { indent }: PrintPlace): string =>
  values.length === 0
    ? `${indentation(indent)}<EMPTY>\n`
    : values.map((value) => indentation(indent) + value).join('\n');
