import {
  contextConstructed,
  contextPrimitive,
  DerError,
  inside,
  Tag,
  type DerElement,
  type DerReader,
} from '../../strict/der.js';
import { nestedNameText, oneLineNameText, readName, type NameEntry } from '../name-text.js';
import type { ObjectNames } from '../object-names.js';
import { octets, octetsUntilNul, printableOctets } from '../octets.js';
import { readObjectIdentifier } from '../values.js';

/** GeneralName (RFC 5280 4.2.1.6), as far as it can be shown. */
export type GeneralName =
  | { readonly kind: 'otherName'; readonly type: string; readonly value: DerElement }
  | { readonly kind: 'text'; readonly label: 'email' | 'DNS' | 'URI'; readonly content: Buffer }
  | { readonly kind: 'directoryName'; readonly name: readonly NameEntry[] }
  | { readonly kind: 'ipAddress'; readonly content: Buffer }
  | { readonly kind: 'registeredId'; readonly id: string }
  | { readonly kind: 'unsupported'; readonly label: 'X400Name' | 'EdiPartyName' };

export function readGeneralName(reader: DerReader): GeneralName {
  const element = reader.next();
  const { tag, content, offset } = element;
  switch (tag) {
    case contextConstructed(0):
      return readOtherName(inside(element));
    case contextPrimitive(1):
      return { kind: 'text', label: 'email', content };
    case contextPrimitive(2):
      return { kind: 'text', label: 'DNS', content };
    case contextConstructed(3):
      return { kind: 'unsupported', label: 'X400Name' };
    case contextConstructed(4):
      return readDirectoryName(inside(element));
    case contextConstructed(5):
      return readEdiPartyName(inside(element));
    case contextPrimitive(6):
      return { kind: 'text', label: 'URI', content };
    case contextPrimitive(7):
      return { kind: 'ipAddress', content };
    case contextPrimitive(8):
      return { kind: 'registeredId', id: readObjectIdentifier(element) };
    default:
      throw new DerError('a general name is of no known kind', offset);
  }
}

function readOtherName(fields: DerReader): GeneralName {
  const type = readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an otherName'));
  const explicit = inside(fields.expect(contextConstructed(0), 'the value of an otherName'));
  const value = explicit.next();
  explicit.end('the value of an otherName');
  fields.end('an otherName');
  return { kind: 'otherName', type, value };
}

function readDirectoryName(explicit: DerReader): GeneralName {
  const name = readName(explicit);
  explicit.end('a directoryName');
  return { kind: 'directoryName', name };
}

function readEdiPartyName(fields: DerReader): GeneralName {
  fields.optional(contextConstructed(0));
  fields.expect(contextConstructed(1), 'the partyName of an ediPartyName');
  fields.end('an ediPartyName');
  return { kind: 'unsupported', label: 'EdiPartyName' };
}

interface KnownOtherName {
  readonly label: string;
  readonly tag: number;
}

const knownOtherNames: ReadonlyMap<string, KnownOtherName> = new Map([
  ['1.3.6.1.4.1.311.20.2.3', { label: 'UPN', tag: Tag.UTF8_STRING }],
  ['1.3.6.1.5.5.7.8.5', { label: 'XmppAddr', tag: Tag.UTF8_STRING }],
  ['1.3.6.1.5.5.7.8.7', { label: 'SRVName', tag: Tag.IA5_STRING }],
  ['1.3.6.1.5.5.7.8.8', { label: 'NAIRealm', tag: Tag.UTF8_STRING }],
  ['1.3.6.1.5.5.7.8.9', { label: 'SmtpUTF8Mailbox', tag: Tag.UTF8_STRING }],
]);

/**
 * As alternative names, key identifiers and information access show it: a label and a value. Undefined for what OpenSSL
 * refuses to show there: a NUL, which could hide the rest of a name, or a known otherName of another type.
 */
export function generalNameValue(name: GeneralName, names: ObjectNames): readonly [string, string] | undefined {
  switch (name.kind) {
    case 'otherName':
      return otherNameValue(name.type, name.value, names);
    case 'text':
      return withoutNul(name.label, name.content);
    case 'directoryName':
      return ['DirName', oneLineNameText(name.name, names)];
    case 'ipAddress':
      return ['IP Address', ipAddressText(name.content)];
    case 'registeredId':
      return ['Registered ID', names.long(name.id).slice(0, 255)];
    case 'unsupported':
      return [name.label, '<unsupported>'];
  }
}

function otherNameValue(type: string, value: DerElement, names: ObjectNames): readonly [string, string] | undefined {
  const known = knownOtherNames.get(type);
  if (known) return value.tag === known.tag ? withoutNul(`othername: ${known.label}`, value.content) : undefined;
  const label = `othername: ${names.long(type).slice(0, 255)}`;
  const readable = value.tag === Tag.IA5_STRING || value.tag === Tag.UTF8_STRING;
  return (readable ? withoutNul(label, value.content) : undefined) ?? [label, '<unsupported>'];
}

const withoutNul = (label: string, content: Buffer): readonly [string, string] | undefined =>
  content.includes(0) ? undefined : [label, octets(content)];

/** Label and value of each name; undefined when one of them cannot be shown. */
export function generalNameValues(list: readonly GeneralName[], names: ObjectNames): string[] | undefined {
  const values: string[] = [];
  for (const name of list) {
    const pair = generalNameValue(name, names);
    if (pair === undefined) return undefined;
    values.push(pair.join(':'));
  }
  return values;
}

/** As distribution points and name constraints show it. */
export function generalNameText(name: GeneralName, names: ObjectNames): string {
  switch (name.kind) {
    case 'otherName': {
      const known = knownOtherNames.get(name.type);
      return known?.tag === name.value.tag
        ? `othername:${known.label}:${octetsUntilNul(name.value.content)}`
        : 'othername:<unsupported>';
    }
    case 'text':
      return `${name.label}:${printableOctets(name.content)}`;
    case 'directoryName':
      return `DirName:${nestedNameText(name.name, names)}`;
    case 'ipAddress':
      return `IP Address:${ipAddressText(name.content)}`;
    case 'registeredId':
      return `Registered ID:${names.long(name.id)}`;
    case 'unsupported':
      return `${name.label}:<unsupported>`;
  }
}

/** RFC 5280 4.2.1.6: four octets or sixteen; all eight groups of the latter, none abbreviated. */
export function ipAddressText(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  if (address.length !== 16) return `<invalid length=${address.length}>`;
  return Array.from({ length: 8 }, (_, i) =>
    address
      .readUInt16BE(i * 2)
      .toString(16)
      .toUpperCase(),
  ).join(':');
}
