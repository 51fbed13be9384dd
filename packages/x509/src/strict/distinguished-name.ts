import { isAscii, isUtf8 } from 'node:buffer';
import {
  der,
  type DerElement,
  DerError,
  type DerReader,
  inside,
  insideSequence,
  isSetOfSorted,
  oid,
  readAll,
  readOid,
  sequence,
  setOf,
  Tag,
} from './der.js';
import { attributeType } from './object-identifiers.js';
import { refuse, type RefusedInput } from './input-refusal.js';

/** One AttributeTypeAndValue (RFC 5280 4.1.2.4). */
export interface NameAttribute {
  /** Its whole DER. */
  readonly raw: Buffer;
  /** Dotted. */
  readonly type: string;
  /** The tag of the value. */
  readonly valueTag: number;
  /** The value's content octets. */
  readonly value: Buffer;
  /** The value's whole DER. */
  readonly valueRaw: Buffer;
  /** The value decoded by its string type; null where it is not a string, or not a proper one. */
  readonly text: string | null;
}

/** A Name as it stands in a certificate or a certification request. */
export interface DistinguishedName {
  readonly raw: Buffer;
  readonly rdns: readonly (readonly NameAttribute[])[];
}

/**
 * Reads a Name with any strings and attribute types. `readSubjectIdentity` refuses subjects that have two readings.
 * Throws `DerError`.
 */
export function readDistinguishedName(element: DerElement): DistinguishedName {
  const rdns = readAll(insideSequence(element, 'a Name is'), (reader) => {
    const rdn = reader.expect(Tag.SET, 'a RelativeDistinguishedName');
    const attributes = readAll(inside(rdn), readAttribute);
    if (attributes.length === 0) throw new DerError('a RelativeDistinguishedName is empty', rdn.offset);
    return attributes;
  });
  return { raw: element.raw, rdns };
}

function readAttribute(set: DerReader): NameAttribute {
  const attribute = set.expect(Tag.SEQUENCE, 'an AttributeTypeAndValue');
  const reader = inside(attribute);
  const type = readOid(reader.expect(Tag.OBJECT_IDENTIFIER, 'an attribute type'));
  const value = reader.next();
  reader.end('an AttributeTypeAndValue');
  return {
    raw: attribute.raw,
    type,
    valueTag: value.tag,
    value: value.content,
    valueRaw: value.raw,
    text: strictText(value.tag, value.content),
  };
}

/** Null also for what some readers alone take for a text: a PrintableString outside its alphabet, a GeneralString. */
function strictText(tag: number, octets: Buffer): string | null {
  const { text, proper } = decodeString(tag, octets);
  return tag === GENERAL_STRING || (tag === Tag.PRINTABLE_STRING && !proper) ? null : text;
}

/** A value of a string type. */
interface DecodedString {
  /** Null where its octets are no text of its type. */
  readonly text: string | null;
  /** Whether its octets are all that its type allows. */
  readonly proper: boolean;
}

interface StringType {
  readonly name: string;
  readonly decode: (octets: Buffer) => DecodedString;
}

const GENERAL_STRING = 0x1b;

const NOT_TEXT: DecodedString = { text: null, proper: false };

/** X.680 41.4: letters, digits, space and `'()+,-./:=?`; neither `@` nor `_` nor `*`. */
const printableAlphabet = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const numericAlphabet = /^[0-9 ]*$/;

/** A string of seven bits. All readers agree on characters outside of its alphabet, so these stay readable. */
const sevenBits =
  (alphabet: RegExp) =>
  (octets: Buffer): DecodedString => {
    if (!isAscii(octets)) return NOT_TEXT;
    const text = octets.toString('latin1');
    return { text, proper: alphabet.test(text) };
  };

const anything = /^/;

/** Nobody uses T.61 proper: strings under this tag are ISO 8859-1. */
const latin1 = (octets: Buffer): DecodedString => ({ text: octets.toString('latin1'), proper: true });

function utf8(octets: Buffer): DecodedString {
  if (isAscii(octets)) return { text: octets.toString('latin1'), proper: true };
  return isUtf8(octets) ? { text: octets.toString('utf8'), proper: true } : NOT_TEXT;
}

function bmp(octets: Buffer): DecodedString {
  if (octets.length % 2 !== 0) return NOT_TEXT;
  const text = Buffer.from(octets).swap16().toString('utf16le');
  // UCS-2 has no surrogates (X.680 41.16): some readers take a pair for one character, some for two.
  return /\p{Cs}/u.test(text) ? NOT_TEXT : { text, proper: !/[\u{10000}-\u{10ffff}]/u.test(text) };
}

function universal(octets: Buffer): DecodedString {
  if (octets.length % 4 !== 0) return NOT_TEXT;
  const text: string[] = [];
  for (let i = 0; i < octets.length; i += 4) {
    const codePoint = octets.readUInt32BE(i);
    if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return NOT_TEXT;
    text.push(String.fromCodePoint(codePoint));
  }
  return { text: text.join(''), proper: true };
}

const stringTypes = new Map<number, StringType>([
  [Tag.UTF8_STRING, { name: 'UTF8String', decode: utf8 }],
  [Tag.PRINTABLE_STRING, { name: 'PrintableString', decode: sevenBits(printableAlphabet) }],
  [Tag.IA5_STRING, { name: 'IA5String', decode: sevenBits(anything) }],
  [Tag.NUMERIC_STRING, { name: 'NumericString', decode: sevenBits(numericAlphabet) }],
  [Tag.VISIBLE_STRING, { name: 'VisibleString', decode: sevenBits(/^[\x20-\x7e]*$/) }],
  [Tag.T61_STRING, { name: 'TeletexString', decode: latin1 }],
  [Tag.BMP_STRING, { name: 'BMPString', decode: bmp }],
  [Tag.UNIVERSAL_STRING, { name: 'UniversalString', decode: universal }],
  [GENERAL_STRING, { name: 'GeneralString', decode: sevenBits(anything) }],
]);

/** Types that are no strings and are still found in names. */
const otherTypes: Readonly<Record<number, string>> = {
  [Tag.BOOLEAN]: 'BOOLEAN',
  [Tag.INTEGER]: 'INTEGER',
  [Tag.BIT_STRING]: 'BIT STRING',
  [Tag.OCTET_STRING]: 'OCTET STRING',
  [Tag.NULL]: 'NULL',
  [Tag.OBJECT_IDENTIFIER]: 'OBJECT IDENTIFIER',
  [Tag.SEQUENCE]: 'SEQUENCE',
  [Tag.SET]: 'SET',
  [Tag.UTC_TIME]: 'UTCTime',
  [Tag.GENERALIZED_TIME]: 'GeneralizedTime',
};

export const isStringType = (tag: number): boolean => stringTypes.has(tag);

/** The name of the type in X.680; the identifier octet in hex for a type that is never found in names. */
export const stringTypeName = (tag: number): string =>
  stringTypes.get(tag)?.name ?? otherTypes[tag] ?? `tag ${tag.toString(16).padStart(2, '0')}`;

/** The text of the content octets; null for a type that is no string. */
export const decodeString = (tag: number, octets: Buffer): DecodedString =>
  stringTypes.get(tag)?.decode(octets) ?? NOT_TEXT;

/** The attribute types that kubepass writes. */
type WritableAttribute = 'O' | 'CN';

const writableTypes: Record<WritableAttribute, Buffer> = {
  O: oid(attributeType.organizationName),
  CN: oid(attributeType.commonName),
};

/**
 * Writes a Name from data, one RDN per entry: `[{O: ['dev']}, {CN: ['jane']}]`. Several values within an entry make
 * a multi-valued RDN. Values are literal. Throws `RangeError` for a value that is empty or not well-formed Unicode.
 */
export function writeDistinguishedName(rdns: readonly Partial<Record<WritableAttribute, readonly string[]>>[]): Buffer {
  return sequence(...rdns.map(writeRdn));
}

/** The subject of a user certificate: one O per group in order, then the username as CN. */
export function writeSubject(subject: { readonly username: string; readonly groups: readonly string[] }): Buffer {
  return writeDistinguishedName([...subject.groups.map((group) => ({ O: [group] })), { CN: [subject.username] }]);
}

function writeRdn(rdn: Partial<Record<WritableAttribute, readonly string[]>>): Buffer {
  const attributes = (['O', 'CN'] as const).flatMap((type) =>
    (rdn[type] ?? []).map((value) => sequence(writableTypes[type], writeString(value))),
  );
  if (attributes.length === 0) throw new RangeError('a RelativeDistinguishedName needs a value');
  return setOf(...attributes);
}

function writeString(value: string): Buffer {
  const octets = Buffer.from(value, 'utf8');
  if (value === '' || octets.toString('utf8') !== value)
    throw new RangeError(`${JSON.stringify(value)} cannot be an attribute value`);
  // PrintableString where its alphabet allows, else UTF8String (RFC 5280 4.1.2.4); Go writes the same.
  return der(printableAlphabet.test(value) ? Tag.PRINTABLE_STRING : Tag.UTF8_STRING, octets);
}

const displayNames: Readonly<Record<string, string>> = {
  [attributeType.commonName]: 'CN',
  [attributeType.surname]: 'SN',
  [attributeType.serialNumber]: 'serialNumber',
  [attributeType.countryName]: 'C',
  [attributeType.localityName]: 'L',
  [attributeType.stateOrProvinceName]: 'ST',
  [attributeType.streetAddress]: 'STREET',
  [attributeType.organizationName]: 'O',
  [attributeType.organizationalUnitName]: 'OU',
  [attributeType.title]: 'title',
  [attributeType.givenName]: 'GN',
  [attributeType.userId]: 'UID',
  [attributeType.domainComponent]: 'DC',
  [attributeType.emailAddress]: 'emailAddress',
};

/** An attribute type for people: `C (2.5.4.6)`, or the dotted identifier alone. */
function displayAttributeType(type: string): string {
  const name = displayNames[type];
  return name === undefined ? type : `${name} (${type})`;
}

/**
 * Prints a Name for people as RFC 4514 does: last RDN first, special characters escaped. Control and format characters
 * are escaped too, because they would change how the text around them looks. Never parsed back.
 */
export function displayDistinguishedName(name: DistinguishedName): string {
  return [...name.rdns]
    .reverse()
    .map((rdn) => rdn.map(displayAttribute).join('+'))
    .join(',');
}

/** Prints the subject that `writeSubject` writes, as `displayDistinguishedName` prints it once it is read back. */
export function displaySubject(subject: { readonly username: string; readonly groups: readonly string[] }): string {
  const groups = subject.groups.map((group) => `O=${escapeText(group)}`).reverse();
  return [`CN=${escapeText(subject.username)}`, ...groups].join(',');
}

function displayAttribute(attribute: NameAttribute): string {
  const type = displayNames[attribute.type];
  if (type === undefined || attribute.text === null)
    return `${type ?? attribute.type}=#${attribute.valueRaw.toString('hex')}`;
  return `${type}=${escapeText(attribute.text)}`;
}

// RFC 4514 2.4, and in addition everything invisible: controls, format characters, surrogates, line separators.
function escapeText(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
      [...Buffer.from(character, 'utf8')].map((octet) => `\\${octet.toString(16).padStart(2, '0')}`).join(''),
    )
    .replace(/ $/, '\\ ')
    .replace(/^[ #]/, '\\$&');
}

/** The user that a certificate authenticates: CN is the username, each O a group. */
export interface SubjectIdentity {
  readonly username: string;
  /** As the subject lists them; unique. */
  readonly groups: readonly string[];
}

/** Bounds of a requested subject. */
export const subjectBounds = {
  /** RFC 5280 appendix A: ub-common-name and ub-organization-name, in characters. */
  nameCharacters: 64,
  groups: 32,
} as const;

export type SubjectRefusalReason =
  | 'NoCommonName'
  | 'SeveralCommonNames'
  | 'MultiValuedRdn'
  | 'UnsortedRdn'
  | 'SubjectAttributeNotAllowed'
  | 'StringTypeNotAllowed'
  | 'MalformedString'
  | 'NulInName'
  | 'EmptyName'
  | 'DuplicateGroup';

/**
 * Reads username and groups from a subject that every parser reads alike, and refuses any other. There is exactly one
 * CN and nothing else but O. A multi-valued RDN holds only O values, as Go clients and the in-tree signer write it.
 * Strings are UTF8String or PrintableString, without octets that one reader keeps and another drops. Policy decides
 * which names are permitted.
 */
export const readSubjectIdentity = (subject: DistinguishedName): IdentityReading =>
  subjectIdentity(subject).next().value;

type RefusedSubject = RefusedInput<SubjectRefusalReason>;
type IdentityReading = ({ readonly ok: true } & SubjectIdentity) | RefusedSubject;

/** Yields each refusal of `readSubjectIdentity`. What it returns is an identity only where it has yielded none. */
export function* subjectIdentity(subject: DistinguishedName): Generator<RefusedSubject, IdentityReading, void> {
  let username: string | null = null;
  const groups = new Set<string>();
  for (const rdn of subject.rdns) {
    for (const attribute of rdn) {
      const refused = refuseAttribute(attribute);
      if (refused !== null) yield refused;
    }
    if (rdn.length > 1 && rdn.some((attribute) => attribute.type !== attributeType.organizationName))
      yield refuse('MultiValuedRdn', 'an RDN of the subject has several values, and not all of them are O');
    if (!isSetOfSorted(rdn)) yield refuse('UnsortedRdn', 'the values of an RDN of the subject are not in DER order');
    for (const attribute of rdn) {
      const text = attribute.text ?? '';
      if (attribute.type === attributeType.organizationName) {
        if (groups.has(text)) yield refuse('DuplicateGroup', `the subject has O ${JSON.stringify(text)} twice`);
        groups.add(text);
      } else if (attribute.type !== attributeType.commonName) continue;
      // Parsers disagree about which one counts: Go takes the last, others the first.
      else if (username !== null) yield refuse('SeveralCommonNames', 'the subject has more than one CN');
      else username = text;
    }
  }
  if (username === null) return refuse('NoCommonName', 'the subject has no CN');
  return { ok: true, username, groups: [...groups] };
}

function refuseAttribute(attribute: NameAttribute): RefusedInput<SubjectRefusalReason> | null {
  const { commonName, organizationName } = attributeType;
  if (attribute.type !== commonName && attribute.type !== organizationName)
    return refuse(
      'SubjectAttributeNotAllowed',
      `the subject has an attribute ${displayAttributeType(attribute.type)}; only CN and O may be`,
    );
  const name = attribute.type === commonName ? 'CN' : 'O';
  if (attribute.valueTag !== Tag.UTF8_STRING && attribute.valueTag !== Tag.PRINTABLE_STRING)
    return refuse('StringTypeNotAllowed', `${name} in the subject is neither a UTF8String nor a PrintableString`);
  if (attribute.text === null)
    return refuse('MalformedString', `${name} in the subject has octets that its string type does not allow`);
  if (attribute.text === '') return refuse('EmptyName', `${name} in the subject is empty`);
  // A reader that takes the octets for a C string would stop at a NUL.
  if (attribute.text.includes('\0')) return refuse('NulInName', `${name} in the subject contains a NUL`);
  return null;
}
