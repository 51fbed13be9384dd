import { type DerElement, type DerReader, inside, Tag } from '../strict/der.js';
import type { DistinguishedName, NameAttribute } from '../strict/distinguished-name.js';
import { decodeString } from './string-types.js';
import { dottedIdentifier, readAll } from './values.js';

/** An attribute of a Name. */
export interface NameTreeAttribute extends NameAttribute {
  /** Whether the octets are what the string type allows. */
  readonly proper: boolean;
}

export type NameTreeRdn = readonly NameTreeAttribute[];

/** A Name with any string types and attribute types, and with empty RDNs. */
export interface NameTree extends DistinguishedName {
  readonly rdns: readonly NameTreeRdn[];
}

/** Reads a Name (RFC 5280 4.1.2.4) as far as OpenSSL and Go do. Throws `DerError`. */
export function readName(reader: DerReader, what: string): NameTree {
  const name = reader.expect(Tag.SEQUENCE, what);
  const rdns = readAll(inside(name), (list) => readRdn(list.expect(Tag.SET, 'a RelativeDistinguishedName')));
  return { raw: name.raw, rdns };
}

/** Reads a RelativeDistinguishedName, whatever its tag. Throws `DerError`. */
export const readRdn = (set: DerElement): NameTreeRdn => readAll(inside(set), readAttribute);

function readAttribute(reader: DerReader): NameTreeAttribute {
  const attribute = reader.expect(Tag.SEQUENCE, 'an attribute of a name');
  const fields = inside(attribute);
  const type = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute of a name'));
  const value = fields.next();
  fields.end('an attribute of a name');
  const { text, proper } = decodeString(value.tag, value.content);
  return { raw: attribute.raw, type, valueTag: value.tag, value: value.content, valueRaw: value.raw, text, proper };
}

/** The texts of all attributes of a type, in order; empty for an attribute that is no text. */
export function textsOf(name: NameTree, type: string): string[] {
  const texts: string[] = [];
  for (const rdn of name.rdns)
    for (const attribute of rdn) if (attribute.type === type) texts.push(attribute.text ?? '');
  return texts;
}
