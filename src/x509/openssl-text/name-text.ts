import { isUtf8 } from 'node:buffer';
import { DerError, inside, Tag, type DerElement, type DerReader } from '../strict/der.js';
import { octets, utf8Octets } from './octets.js';
import { cutToBuffer, type ObjectNames } from './object-names.js';
import { readBits, readObjectIdentifier } from './values.js';

export interface NameEntry {
  /** Entries of one RelativeDistinguishedName share this number. */
  readonly rdn: number;
  /** Dotted form of the attribute type. */
  readonly type: string;
  readonly value: DerElement;
}

/** Name ::= SEQUENCE OF SET OF AttributeTypeAndValue (RFC 5280 4.1.2.4). */
export function readName(reader: DerReader): NameEntry[] {
  const rdns = inside(reader.expect(Tag.SEQUENCE, 'a name'));
  const entries: NameEntry[] = [];
  for (let rdn = 0; !rdns.atEnd; rdn++) entries.push(...readNameEntries(rdns.expect(Tag.SET, 'an RDN'), rdn));
  // A name that cannot be compared (RFC 5280 7.1) is malformed, not merely ugly: OpenSSL does not load it.
  for (const { value } of entries) {
    if (value.tag === Tag.UTF8_STRING && !isUtf8(value.content))
      throw new DerError('a UTF8String in a name is not UTF-8', value.offset);
    characters(value);
  }
  return entries;
}

/** The entries inside one RelativeDistinguishedName. */
export function readNameEntries(set: DerElement, rdn: number): NameEntry[] {
  const reader = inside(set);
  const entries: NameEntry[] = [];
  while (!reader.atEnd) {
    const attribute = inside(reader.expect(Tag.SEQUENCE, 'an attribute of a name'));
    const type = readObjectIdentifier(attribute.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute of a name'));
    const value = attribute.next();
    attribute.end('an attribute of a name');
    if (!valueTags.has(value.tag))
      throw new DerError('the value of an attribute of a name is of no fitting type', value.offset);
    entries.push({ rdn, type, value });
  }
  return entries;
}

const numericString = 0x12;
const universalString = 0x1c;
/** Strings of one octet a character. T61String is shown as ISO 8859-1, as everyone uses it. */
const singleOctetTags = new Set<number>([numericString, Tag.PRINTABLE_STRING, Tag.T61_STRING, Tag.IA5_STRING]);
/** X.520: the DirectoryString types, IA5String, and the types of a few attributes that are no text. */
const valueTags = new Set<number>([
  ...singleOctetTags,
  Tag.UTF8_STRING,
  Tag.BMP_STRING,
  universalString,
  Tag.BIT_STRING,
  Tag.SEQUENCE,
]);

interface Style {
  readonly equals: string;
  readonly escape: (text: string) => string;
}

/** As subject and issuer are shown: `O=x + OU=y, CN=z`. */
export const nameText = (entries: readonly NameEntry[], names: ObjectNames): string =>
  join(entries, names, { equals: '=', escape: escapeControls });

/** As names inside extensions are shown (RFC 2253 escapes, quotes where needed): `O = x + OU = y, CN = "z, w"`. */
export const nestedNameText = (entries: readonly NameEntry[], names: ObjectNames): string =>
  join(entries, names, { equals: ' = ', escape: escapeAndQuote });

function join(entries: readonly NameEntry[], names: ObjectNames, { equals, escape }: Style): string {
  let text = '';
  let previous: number | undefined;
  for (const { rdn, type, value } of entries) {
    if (previous !== undefined) text += previous === rdn ? ' + ' : ', ';
    previous = rdn;
    const readable = characters(value);
    text += (names.short(type) ?? cutToBuffer(type)) + equals;
    text += readable === undefined ? `#${value.raw.toString('hex').toUpperCase()}` : escape(readable);
  }
  return text;
}

/** The longest one-line form that OpenSSL's buffer for it holds. */
const longestOneLineName = 255;

/** As names among alternative names are shown: `/C=KR/O=x+OU=y`, all octets as they are encoded. */
export function oneLineNameText(entries: readonly NameEntry[], names: ObjectNames): string {
  let text = '';
  let previous: number | undefined;
  for (const { rdn, type, value } of entries) {
    const label = names.short(type) ?? cutToBuffer(type);
    const entry = `${previous === rdn ? '+' : '/'}${label}=${escapeOneLine(value)}`;
    if (text.length + entry.length > longestOneLineName) break;
    text += entry;
    previous = rdn;
  }
  return text;
}

function escapeOneLine(value: DerElement): string {
  return octets(storedOctets(value)).replace(/[^\x20-\x7e]|[/+]/g, (octet) =>
    octet === '/' || octet === '+' ? `\\${octet}` : `\\x${hex(octet)}`,
  );
}

/** What OpenSSL keeps of a value: the bits of a BIT STRING, a SEQUENCE whole. */
function storedOctets(value: DerElement): Buffer {
  if (value.tag === Tag.BIT_STRING) return readBits(value).octets;
  return value.tag === Tag.SEQUENCE ? value.raw : value.content;
}

const hex = (octet: string): string => octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');

function escapeControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this escapes
  return text.replace(/[\x00-\x1f\x7f]|\\/g, (octet) => (octet === '\\' ? '\\\\' : `\\${hex(octet)}`));
}

/** RFC 2253 2.4, with quotes around the value instead of a backslash before each special character. */
function escapeAndQuote(text: string): string {
  // OpenSSL asks for the first character before the last, so that a single `#` counts as last alone.
  const quotes = /[+,;<>]/.test(text) || /^ | $/.test(text) || (text.startsWith('#') && text.length > 1);
  // eslint-disable-next-line no-control-regex -- control characters are what this escapes
  const escaped = text.replace(/[\x00-\x1f\x7f-\xff]|["\\]/g, (octet) =>
    octet === '"' || octet === '\\' ? `\\${octet}` : `\\${hex(octet)}`,
  );
  return quotes ? `"${escaped}"` : escaped;
}

/** The characters of a string type as the octets of their UTF-8 form; undefined for a type that is no string. */
function characters(value: DerElement): string | undefined {
  const { tag, content } = value;
  if (tag === Tag.UTF8_STRING) return octets(content);
  if (singleOctetTags.has(tag)) return utf8Octets(octets(content));
  if (tag === Tag.BMP_STRING) return utf8Octets(codePoints(value, 2));
  if (tag === universalString) return utf8Octets(codePoints(value, 4));
  return undefined;
}

function codePoints({ content, offset }: DerElement, width: 2 | 4): string {
  if (content.length % width !== 0) throw new DerError('a string in a name is cut off', offset);
  let text = '';
  for (let i = 0; i < content.length; i += width) {
    const codePoint = content.readUIntBE(i, width);
    if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff))
      throw new DerError('a string in a name has a character that is none', offset);
    text += String.fromCodePoint(codePoint);
  }
  return text;
}
