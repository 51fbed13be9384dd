import {
  der,
  type DerElement,
  DerError,
  type DerReader,
  inside,
  isSetOfSorted,
  oid,
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

export type RelativeDistinguishedName = readonly NameAttribute[];

/** A Name as it stands in a certificate or a certification request. */
export interface DistinguishedName {
  readonly raw: Buffer;
  readonly rdns: readonly RelativeDistinguishedName[];
}

/**
 * Reads a Name with any strings and attribute types. `readSubjectIdentity` refuses subjects that have two readings.
 * Throws `DerError`.
 */
export function readDistinguishedName(element: DerElement): DistinguishedName {
  if (element.tag !== Tag.SEQUENCE) throw new DerError('a Name is expected', element.offset);
  const reader = inside(element);
  const rdns: NameAttribute[][] = [];
  while (!reader.atEnd) {
    const rdn = reader.expect(Tag.SET, 'a RelativeDistinguishedName');
    const attributes: NameAttribute[] = [];
    const set = inside(rdn);
    while (!set.atEnd) attributes.push(readAttribute(set));
    if (attributes.length === 0) throw new DerError('a RelativeDistinguishedName is empty', rdn.offset);
    rdns.push(attributes);
  }
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
    text: decodeString(value.tag, value.content),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeString(tag: number, octets: Buffer): string | null {
  switch (tag) {
    case Tag.UTF8_STRING:
      return decodeUtf8(octets);
    case Tag.PRINTABLE_STRING:
      return isPrintableString(octets) ? octets.toString('latin1') : null;
    case Tag.IA5_STRING:
    case Tag.NUMERIC_STRING:
    case Tag.VISIBLE_STRING:
      return octets.every((octet) => octet < 0x80) ? octets.toString('latin1') : null;
    case Tag.T61_STRING:
      // Nobody uses real T.61: strings under this tag are Latin-1.
      return octets.toString('latin1');
    case Tag.BMP_STRING:
      return octets.length % 2 === 0 ? Buffer.from(octets).swap16().toString('utf16le') : null;
    case Tag.UNIVERSAL_STRING:
      return decodeUniversalString(octets);
    default:
      return null;
  }
}

function decodeUtf8(octets: Buffer): string | null {
  try {
    return utf8.decode(octets);
  } catch {
    return null;
  }
}

function decodeUniversalString(octets: Buffer): string | null {
  if (octets.length % 4 !== 0) return null;
  let text = '';
  for (let i = 0; i < octets.length; i += 4) {
    const codePoint = octets.readUInt32BE(i);
    if (codePoint > 0x10ffff) return null;
    text += String.fromCodePoint(codePoint);
  }
  return text;
}

/** X.680 41.4: letters, digits, space and `'()+,-./:=?`; neither `@` nor `_` nor `*`. */
const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

function isPrintableString(octets: Buffer): boolean {
  return printable.test(octets.toString('latin1'));
}

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
  return der(printable.test(value) ? Tag.PRINTABLE_STRING : Tag.UTF8_STRING, octets);
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
export function displayAttributeType(type: string): string {
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
export function readSubjectIdentity(
  subject: DistinguishedName,
): ({ readonly ok: true } & SubjectIdentity) | RefusedInput<SubjectRefusalReason> {
  let username: string | null = null;
  const groups = new Set<string>();
  for (const rdn of subject.rdns) {
    for (const attribute of rdn) {
      const refused = refuseAttribute(attribute);
      if (refused !== null) return refused;
    }
    if (rdn.length > 1 && rdn.some((attribute) => attribute.type !== attributeType.organizationName))
      return refuse('MultiValuedRdn', 'an RDN of the subject has several values, and not all of them are O');
    if (!isSetOfSorted(rdn)) return refuse('UnsortedRdn', 'the values of an RDN of the subject are not in DER order');
    for (const attribute of rdn) {
      const text = attribute.text ?? '';
      if (attribute.type === attributeType.organizationName) {
        if (groups.has(text)) return refuse('DuplicateGroup', `the subject has O ${JSON.stringify(text)} twice`);
        groups.add(text);
      } else if (username !== null) {
        // Parsers disagree about which one counts: Go takes the last, others the first.
        return refuse('SeveralCommonNames', 'the subject has more than one CN');
      } else username = text;
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
