import {
  contextConstructed,
  contextPrimitive,
  type DerElement,
  DerError,
  type DerReader,
  inside,
  readOrNull,
  Tag,
} from '../strict/der.js';
import { decodeString, type DistinguishedName, type NameAttribute } from '../strict/distinguished-name.js';
import { dottedIdentifier, readAll, readInside } from './values.js';

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

/** A GeneralName (RFC 5280 4.2.1.6). */
export type GeneralName = {
  /** The whole encoding. */
  readonly raw: Buffer;
  /** The content octets. */
  readonly octets: Buffer;
} & (
  | { readonly type: 'otherName'; readonly typeId: string; readonly value: DerElement }
  | { readonly type: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier' | 'iPAddress' | 'x400Address' }
  | { readonly type: 'directoryName'; readonly name: NameTree }
  /** `proper`: its fields are those of an EDIPartyName. */
  | { readonly type: 'ediPartyName'; readonly proper: boolean }
  | { readonly type: 'registeredID'; readonly id: string }
);

export type GeneralNameType = GeneralName['type'];

/** The GeneralNames inside a constructed element. Throws `DerError`. */
export const readGeneralNames = (element: DerElement): readonly GeneralName[] =>
  readAll(inside(element), readGeneralName);

/** Throws `DerError`. */
export function readGeneralName(reader: DerReader): GeneralName {
  const element = reader.next();
  const octets = { raw: element.raw, octets: element.content };
  switch (element.tag) {
    case contextConstructed(0):
      return { ...octets, ...readOtherName(element) };
    case contextPrimitive(1):
      return { ...octets, type: 'rfc822Name' };
    case contextPrimitive(2):
      return { ...octets, type: 'dNSName' };
    case contextConstructed(3):
      return { ...octets, type: 'x400Address' };
    case contextConstructed(4):
      return { ...octets, type: 'directoryName', name: readDirectoryName(element) };
    case contextConstructed(5):
      return { ...octets, type: 'ediPartyName', proper: isEdiPartyName(element) };
    case contextPrimitive(6):
      return { ...octets, type: 'uniformResourceIdentifier' };
    case contextPrimitive(7):
      return { ...octets, type: 'iPAddress' };
    case contextPrimitive(8):
      return { ...octets, type: 'registeredID', id: dottedIdentifier(element) };
    default:
      throw new DerError('a general name is of no known kind', element.offset);
  }
}

const readOtherName = (element: DerElement) =>
  readInside(element, 'an otherName', (fields) => ({
    type: 'otherName' as const,
    typeId: dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an otherName')),
    value: readInside(
      fields.expect(contextConstructed(0), 'the value of an otherName'),
      'the value of an otherName',
      (explicit) => explicit.next(),
    ),
  }));

const readDirectoryName = (element: DerElement): NameTree =>
  readInside(element, 'a directoryName', (explicit) => readName(explicit, 'a directoryName'));

const isEdiPartyName = (element: DerElement): boolean =>
  readOrNull(() => {
    const fields = inside(element);
    fields.optional(contextConstructed(0));
    return fields.optional(contextConstructed(1)) !== undefined && fields.atEnd;
  }) ?? false;
