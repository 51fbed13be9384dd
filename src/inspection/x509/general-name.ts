import { isAscii } from 'node:buffer';

import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  type DerReader,
  inside,
  Tag,
} from '../../x509/strict/der.js';
import { displayDistinguishedName } from '../../x509/strict/distinguished-name.js';
import { displayIpAddress } from '../../x509/strict/subject-alt-names.js';
import { quote } from '../../model/quote.js';
import type { Report } from '../observations.js';
import { decodeString } from './directory-string.js';
import { readName, type ReadName } from './describe-name.js';
import { dottedIdentifier } from './values.js';

export type GeneralNameType =
  | 'otherName'
  | 'rfc822Name'
  | 'dNSName'
  | 'x400Address'
  | 'directoryName'
  | 'ediPartyName'
  | 'uniformResourceIdentifier'
  | 'iPAddress'
  | 'registeredID';

/** A GeneralName (RFC 5280 4.2.1.6) in plain JSON. */
export interface GeneralNameContent {
  readonly type: GeneralNameType;
  /** Of an otherName: what kind it is of, dotted. */
  readonly typeId?: string;
  /** As text; null where it has none. */
  readonly value: string | null;
  /** DER of the value; null where `value` is there. */
  readonly hex: string | null;
}

/** A GeneralName as it was read. */
export interface ReadGeneralName {
  readonly content: GeneralNameContent;
  /** The content octets of the name. */
  readonly octets: Buffer;
  /** Of a directoryName. */
  readonly name: ReadName | null;
}

/** GeneralNames inside a constructed element. Throws `DerError`. */
export function readGeneralNames(element: DerElement, report: Report): ReadGeneralName[] {
  const names: ReadGeneralName[] = [];
  const reader = inside(element);
  while (!reader.atEnd) names.push(readGeneralName(reader, report));
  return names;
}

/** Throws `DerError`. */
export function readGeneralName(reader: DerReader, report: Report): ReadGeneralName {
  const element = reader.next();
  const { content: octets } = element;
  if (element.tag === contextConstructed(4)) {
    const name = readDirectoryName(element);
    return { content: named('directoryName', displayDistinguishedName(name)), octets, name };
  }
  return { content: readContent(element, report), octets, name: null };
}

const named = (type: GeneralNameType, value: string): GeneralNameContent => ({ type, value, hex: null });
const unread = (type: GeneralNameType, { raw }: DerElement): GeneralNameContent => ({
  type,
  value: null,
  hex: raw.toString('hex'),
});

function readContent(element: DerElement, report: Report): GeneralNameContent {
  switch (element.tag) {
    case contextConstructed(0):
      return readOtherName(element);
    case contextPrimitive(1):
      return readText('rfc822Name', element, report);
    case contextPrimitive(2):
      return readText('dNSName', element, report);
    case contextConstructed(3):
      return unread('x400Address', element);
    case contextConstructed(5):
      return unread('ediPartyName', element);
    case contextPrimitive(6):
      return readText('uniformResourceIdentifier', element, report);
    case contextPrimitive(7): {
      const address = displayIpAddress(element.content);
      return address === null ? unread('iPAddress', element) : named('iPAddress', address);
    }
    case contextPrimitive(8):
      return named('registeredID', dottedIdentifier(element));
    default:
      throw new DerError('a general name is of no known kind', element.offset);
  }
}

const plain = /^[\x20-\x7e]*$/;

/** IA5String. Other octets are shown as ISO 8859-1. */
function readText(type: GeneralNameType, { content }: DerElement, report: Report): GeneralNameContent {
  const value = content.toString('latin1');
  if (!plain.test(value)) reportText(`the ${type} ${quote(value.slice(0, 200))}`, isAscii(content), report);
  return named(type, value);
}

function reportText(what: string, isIa5: boolean, report: Report): void {
  if (isIa5) report('DeceptiveName', `${what} holds characters that do not show`);
  else report('MalformedString', `${what} has octets that are not of an IA5String`);
}

function readOtherName(element: DerElement): GeneralNameContent {
  const fields = inside(element);
  const typeId = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an otherName'));
  const explicit = inside(fields.expect(contextConstructed(0), 'the value of an otherName'));
  const value = explicit.next();
  explicit.end('the value of an otherName');
  fields.end('an otherName');
  const { text } = decodeString(value.tag, value.content);
  return { type: 'otherName', typeId, value: text, hex: text === null ? value.raw.toString('hex') : null };
}

function readDirectoryName(element: DerElement): ReadName {
  const explicit = inside(element);
  const name = readName(explicit, 'a directoryName');
  explicit.end('a directoryName');
  return name;
}
