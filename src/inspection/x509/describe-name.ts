import { type DerElement, DerReader, inside, Tag } from '../../x509/strict/der.js';
import {
  displayDistinguishedName,
  type DistinguishedName,
  type NameAttribute,
} from '../../x509/strict/distinguished-name.js';
import { attributeType } from '../../x509/strict/object-identifiers.js';
import type { NameAttributeContent, NameContent } from '../../model/inspection.js';
import { objectNames } from '../../x509/openssl-text/object-names.js';
import { decodeString, typeName } from './directory-string.js';
import { dottedIdentifier } from './values.js';

/** An attribute as it was read, and whether its octets are what its string type allows. */
export interface ReadAttribute extends NameAttribute {
  readonly proper: boolean;
}

/** A Name whatever its strings and attribute types are, empty RDNs included. */
export interface ReadName extends DistinguishedName {
  readonly rdns: readonly (readonly ReadAttribute[])[];
}

/** Reads a Name (RFC 5280 4.1.2.4) as far as OpenSSL and Go do. Throws `DerError`. */
export function readName(reader: DerReader, what: string): ReadName {
  const name = reader.expect(Tag.SEQUENCE, what);
  const rdns: ReadAttribute[][] = [];
  const list = inside(name);
  while (!list.atEnd) rdns.push(readAttributes(list.expect(Tag.SET, 'a RelativeDistinguishedName')));
  return { raw: name.raw, rdns };
}

/** The attributes of one RelativeDistinguishedName, whatever its tag. Throws `DerError`. */
export function readAttributes(set: DerElement): ReadAttribute[] {
  const attributes: ReadAttribute[] = [];
  const reader = inside(set);
  while (!reader.atEnd) attributes.push(readAttribute(reader));
  return attributes;
}

function readAttribute(reader: DerReader): ReadAttribute {
  const attribute = reader.expect(Tag.SEQUENCE, 'an attribute of a name');
  const fields = inside(attribute);
  const type = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute of a name'));
  const value = fields.next();
  fields.end('an attribute of a name');
  const { text, proper } = decodeString(value.tag, value.content);
  return { raw: attribute.raw, type, valueTag: value.tag, value: value.content, valueRaw: value.raw, text, proper };
}

/** What a Name in DER says. Throws `DerError`. */
export const describeName = (der: Buffer): NameContent => nameContent(readName(new DerReader(der), 'a Name'));

export const nameContent = (name: ReadName): NameContent => ({
  text: displayDistinguishedName(name),
  rdns: name.rdns.map((rdn) => rdn.map(attributeContent)),
});

export const attributeContent = (attribute: ReadAttribute): NameAttributeContent => ({
  type: attributeLabel(attribute.type),
  oid: attribute.type,
  value: attribute.text,
  stringType: typeName(attribute.valueTag),
  hex: attribute.text === null ? attribute.valueRaw.toString('hex') : null,
});

/** `CN`, `O` …; the dotted identifier where OpenSSL has no short name either. */
export const attributeLabel = (type: string): string =>
  type === attributeType.streetAddress ? 'STREET' : (objectNames.short(type) ?? type);

/** The texts of every attribute of a type, in order. */
export function textsOf(name: ReadName, type: string): string[] {
  const texts: string[] = [];
  for (const rdn of name.rdns)
    for (const attribute of rdn) if (attribute.type === type) texts.push(attribute.text ?? '');
  return texts;
}
