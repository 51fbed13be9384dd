import { type DerElement, DerError, Tag } from '../strict/der.js';
import type { GeneralName, NameTree, NameTreeAttribute, NameTreeRdn } from '../tree/name.js';
import { bitStringOf, clearedOctets } from '../tree/values.js';
import { cutToBuffer, type ObjectNames } from './object-names.js';
import { octets, octetsUntilNul, printableOctets, utf8Octets } from './printing.js';

/** Strings of one octet a character. T61String is printed as ISO 8859-1, as everyone uses it. */
const singleOctetTags: ReadonlySet<number> = new Set([
  Tag.NUMERIC_STRING,
  Tag.PRINTABLE_STRING,
  Tag.T61_STRING,
  Tag.IA5_STRING,
]);
/** X.520: the DirectoryString types, IA5String, and the types of a few attributes that are no text. */
const valueTags: ReadonlySet<number> = new Set([
  ...singleOctetTags,
  Tag.UTF8_STRING,
  Tag.BMP_STRING,
  Tag.UNIVERSAL_STRING,
  Tag.BIT_STRING,
  Tag.SEQUENCE,
]);

interface Style {
  readonly equals: string;
  readonly escape: (text: string) => string;
}

/*
 * All of these throw a DerError for a name that OpenSSL does not load: with a value of another type, or with a string
 * that is not proper, since such a name cannot be compared (RFC 5280 7.1).
 */

/** A name as subject and issuer: `O=x + OU=y, CN=z`. */
export const distinguishedNameText = (name: NameTree, names: ObjectNames): string =>
  join(loadable(name), names, { equals: '=', escape: escapeControls });

/** A name inside extensions (RFC 2253 escapes, quotes where needed): `O = x + OU = y, CN = "z, w"`. */
export const nestedNameText = (name: NameTree, names: ObjectNames): string =>
  join(loadable(name), names, { equals: ' = ', escape: escapeAndQuote });

/** The name of a distribution point relative to its issuer. OpenSSL does not insist on UTF-8 there. */
export function relativeNameText(rdn: NameTreeRdn, names: ObjectNames): string {
  rdn.forEach(insistOnFittingType);
  return join([rdn], names, { equals: ' = ', escape: escapeAndQuote });
}

function loadable({ rdns }: NameTree): NameTree['rdns'] {
  for (const attribute of rdns.flat()) {
    insistOnFittingType(attribute);
    if (attribute.valueTag === Tag.UTF8_STRING && attribute.text === null)
      throw new DerError('a UTF8String in a name is not UTF-8', 0);
    characters(attribute);
  }
  return rdns;
}

function insistOnFittingType({ valueTag }: NameTreeAttribute): void {
  if (!valueTags.has(valueTag)) throw new DerError('the value of an attribute of a name is of no fitting type', 0);
}

function join(rdns: readonly NameTreeRdn[], names: ObjectNames, { equals, escape }: Style): string {
  const shown = (attribute: NameTreeAttribute): string => {
    const readable = characters(attribute);
    const value = readable === undefined ? `#${attribute.valueRaw.toString('hex').toUpperCase()}` : escape(readable);
    return labelOf(attribute, names) + equals + value;
  };
  return rdns
    .filter((rdn) => rdn.length > 0)
    .map((rdn) => rdn.map(shown).join(' + '))
    .join(', ');
}

const labelOf = ({ type }: NameTreeAttribute, names: ObjectNames): string => names.short(type) ?? cutToBuffer(type);

/** The longest one-line form that OpenSSL's buffer for it holds. */
const longestOneLineName = 255;

/** A name among alternative names: `/C=KR/O=x+OU=y`, all octets as they are encoded. */
function oneLineNameText(name: NameTree, names: ObjectNames): string {
  let text = '';
  for (const rdn of loadable(name))
    for (const [i, attribute] of rdn.entries()) {
      const entry = `${i > 0 ? '+' : '/'}${labelOf(attribute, names)}=${escapeOneLine(attribute)}`;
      if (text.length + entry.length > longestOneLineName) return text;
      text += entry;
    }
  return text;
}

function escapeOneLine(attribute: NameTreeAttribute): string {
  return octets(storedOctets(attribute)).replace(/[^\x20-\x7e]|[/+]/g, (octet) =>
    octet === '/' || octet === '+' ? `\\${octet}` : `\\x${hexOf(octet)}`,
  );
}

/** The octets of a value that OpenSSL keeps: the bits of a BIT STRING, a SEQUENCE as a whole. */
function storedOctets({ valueTag, value, valueRaw }: NameTreeAttribute): Buffer {
  if (valueTag === Tag.BIT_STRING) return clearedOctets(bitStringOf({ content: value, offset: 0 }));
  return valueTag === Tag.SEQUENCE ? valueRaw : value;
}

const hexOf = (octet: string): string => octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');

function escapeControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this escapes
  return text.replace(/[\x00-\x1f\x7f]|\\/g, (octet) => (octet === '\\' ? '\\\\' : `\\${hexOf(octet)}`));
}

/** RFC 2253 2.4, with quotes around the value instead of a backslash before each special character. */
function escapeAndQuote(text: string): string {
  // OpenSSL looks for the last character before the first, so that a single `#` counts as the last.
  const quotes = /[+,;<>]/.test(text) || /^ | $/.test(text) || (text.startsWith('#') && text.length > 1);
  // eslint-disable-next-line no-control-regex -- control characters are what this escapes
  const escaped = text.replace(/[\x00-\x1f\x7f-\xff]|["\\]/g, (octet) =>
    octet === '"' || octet === '\\' ? `\\${octet}` : `\\${hexOf(octet)}`,
  );
  return quotes ? `"${escaped}"` : escaped;
}

/** The characters of a string type as the octets of their UTF-8 form; undefined for a type that is no string. */
function characters({ valueTag, value, text, proper }: NameTreeAttribute): string | undefined {
  if (valueTag === Tag.UTF8_STRING) return octets(value);
  if (singleOctetTags.has(valueTag)) return utf8Octets(octets(value));
  if (valueTag !== Tag.BMP_STRING && valueTag !== Tag.UNIVERSAL_STRING) return undefined;
  if (text === null || !proper) throw new DerError('a string in a name has a character that is none', 0);
  return utf8Octets(text);
}

const labels = {
  rfc822Name: 'email',
  dNSName: 'DNS',
  uniformResourceIdentifier: 'URI',
  x400Address: 'X400Name',
  ediPartyName: 'EdiPartyName',
} as const;

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
 * A label and a value, as alternative names, key identifiers and information access print them. Undefined for a name
 * that OpenSSL refuses to print there: with a NUL, which could hide its end, or a known otherName of another type.
 */
function generalNameValue(name: GeneralName, names: ObjectNames): readonly [string, string] | undefined {
  // OpenSSL does not load an extension with a malformed one.
  if (name.type === 'ediPartyName' && !name.proper) throw new DerError('an ediPartyName is malformed', 0);
  switch (name.type) {
    case 'otherName':
      return otherNameValue(name.typeId, name.value, names);
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return withoutNul(labels[name.type], name.octets);
    case 'directoryName':
      return ['DirName', oneLineNameText(name.name, names)];
    case 'iPAddress':
      return ['IP Address', ipAddressText(name.octets)];
    case 'registeredID':
      return ['Registered ID', names.long(name.id).slice(0, 255)];
    case 'x400Address':
    case 'ediPartyName':
      return [labels[name.type], '<unsupported>'];
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

/** Label and value of each name; undefined when one of them cannot be printed. */
export function generalNameValues(list: readonly GeneralName[], names: ObjectNames): string[] | undefined {
  const pairs = list.map((name) => generalNameValue(name, names));
  const values = pairs.flatMap((pair) => (pair === undefined ? [] : [pair.join(':')]));
  return values.length === list.length ? values : undefined;
}

/** A name as distribution points and name constraints print it. */
export function generalNameText(name: GeneralName, names: ObjectNames): string {
  switch (name.type) {
    case 'otherName': {
      const known = knownOtherNames.get(name.typeId);
      return known?.tag === name.value.tag
        ? `othername:${known.label}:${octetsUntilNul(name.value.content)}`
        : 'othername:<unsupported>';
    }
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return `${labels[name.type]}:${printableOctets(name.octets)}`;
    case 'directoryName':
      return `DirName:${nestedNameText(name.name, names)}`;
    case 'registeredID':
      return `Registered ID:${names.long(name.id)}`;
    case 'iPAddress':
    case 'x400Address':
    case 'ediPartyName':
      return generalNameValue(name, names)?.join(':') ?? '';
  }
}

/** RFC 5280 4.2.1.6: four octets or sixteen; sixteen octets are eight groups in full, without an abbreviation. */
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
