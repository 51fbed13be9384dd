import {
  contextConstructed,
  contextPrimitive,
  type DerElement,
  DerError,
  type DerReader,
  inside,
  onlyElement,
  readAll,
  Tag,
} from '../strict/der.js';
import { type AlgorithmIdentifier, readAlgorithm, readPublicKeyTree } from './public-key.js';
import { type BitString, bitStringOf, dottedIdentifier, readAnyTime, readOptional, type Time } from './values.js';
import { type ExtensionTree, readExtensionTrees } from './extension.js';
import { readName } from './name.js';
import { requestAttribute } from '../strict/object-identifiers.js';

/** SEQUENCE { signed part, AlgorithmIdentifier, BIT STRING }: certificates, requests and lists are built so. */
export interface SignedObject {
  readonly raw: Buffer;
  readonly toBeSigned: Buffer;
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: BitString;
  /** The parts that something follows which does not belong there: `the signature`, `notAfter`. */
  readonly trailing: readonly string[];
}

/** A SignedObject that is open: its fields are still to be read. */
interface OpenSignedObject {
  readonly object: SignedObject;
  readonly fields: DerReader;
  /** Notes that something follows a part, if something does. */
  readonly noteTrailing: (reader: DerReader, part: string) => void;
  /** Reads the inside of an element, and notes whether something follows this part of it. */
  readonly readPart: <T>(element: DerElement, part: string, read: (reader: DerReader) => T) => T;
}

/** Throws `DerError`. */
function openSignedObject(der: Buffer, what: string): OpenSignedObject {
  const element = onlyElement(der, what);
  if (element.tag !== Tag.SEQUENCE) throw new DerError(`${what} is no SEQUENCE`, 0);
  const trailing: string[] = [];
  const noteTrailing: OpenSignedObject['noteTrailing'] = (reader, part) => {
    if (!reader.atEnd) trailing.push(part);
  };
  const readPart: OpenSignedObject['readPart'] = (whole, part, read) => {
    const reader = inside(whole);
    const value = read(reader);
    noteTrailing(reader, part);
    return value;
  };
  const { toBeSigned, ...signed } = readPart(element, 'the signature', (outer) => ({
    toBeSigned: outer.expect(Tag.SEQUENCE, 'the signed part'),
    algorithm: readAlgorithm(outer, 'the signature algorithm'),
    signature: bitStringOf(outer.expect(Tag.BIT_STRING, 'the signature')),
  }));
  const object = { raw: element.raw, toBeSigned: toBeSigned.raw, ...signed, trailing };
  return { object, fields: inside(toBeSigned), noteTrailing, readPart };
}

/** The Extensions under their EXPLICIT tag, which are the last field; null where they are left out. */
function readLastExtensions(
  { fields, noteTrailing, readPart }: OpenSignedObject,
  tag: number,
): readonly ExtensionTree[] | null {
  const wrapped = fields.optional(tag);
  noteTrailing(fields, 'the last field of the signed part');
  return wrapped ? readExtensionTrees(readPart(wrapped, 'the extensions', (wrapper) => wrapper.next())) : null;
}

/** A certificate (RFC 5280 4.1), read as far as OpenSSL and Go read it. */
export type CertificateTree = Readonly<ReturnType<typeof readCertificateTree>>;

/** Reads one certificate in DER. OpenSSL puts `trust` behind it: what it is trusted for. Throws `DerError`. */
export function readCertificateTree(der: Buffer, trust: Buffer = Buffer.alloc(0)) {
  const open = openSignedObject(der, 'the certificate');
  const { object, fields, readPart } = open;
  return {
    kind: 'certificate' as const,
    ...object,
    trust,
    /** An INTEGER; null where it is left out, which stands for version 1. */
    version: readOptional(fields, contextConstructed(0), (explicit) =>
      readPart(explicit, 'the version', (wrapper) => wrapper.expect(Tag.INTEGER, 'the version')),
    ),
    /** An INTEGER. */
    serialNumber: fields.expect(Tag.INTEGER, 'the serial number'),
    /** The signature algorithm inside the signed part. */
    innerAlgorithm: readAlgorithm(fields, 'the signature algorithm'),
    issuer: readName(fields, 'the issuer'),
    ...readPart(fields.expect(Tag.SEQUENCE, 'the validity'), 'notAfter', (validity) => ({
      notBefore: readAnyTime(validity.next(), 'notBefore'),
      notAfter: readAnyTime(validity.next(), 'notAfter'),
    })),
    subject: readName(fields, 'the subject'),
    publicKey: readPublicKeyTree(fields),
    issuerUniqueId: readOptional(fields, contextPrimitive(1), bitStringOf),
    subjectUniqueId: readOptional(fields, contextPrimitive(2), bitStringOf),
    extensions: readLastExtensions(open, contextConstructed(3)),
  };
}

/** A certification request (RFC 2986 4), read as far as OpenSSL and Go read it. */
export type CertificationRequestTree = Readonly<ReturnType<typeof readCertificationRequestTree>>;

export interface RequestAttribute {
  /** Dotted. */
  readonly type: string;
  readonly values: readonly DerElement[];
  /** Something follows the values. */
  readonly hasTrailingData: boolean;
  /** Null for an attribute that asks for no extensions, and where its first value is none or malformed. */
  readonly extensions: readonly ExtensionTree[] | null;
  /** Why the extensions that it asks for cannot be read. */
  readonly problem: string | null;
}

/** PKCS #9 extensionRequest (RFC 2985 5.4.2) and Microsoft's older one. */
export const extensionRequests: readonly string[] = [requestAttribute.extensionRequest, '1.3.6.1.4.1.311.2.1.14'];

/** Reads one certification request in DER. Throws `DerError`. */
export function readCertificationRequestTree(der: Buffer) {
  const { object, fields, noteTrailing } = openSignedObject(der, 'the request');
  const request = {
    kind: 'request' as const,
    ...object,
    /** An INTEGER. */
    version: fields.expect(Tag.INTEGER, 'the version'),
    subject: readName(fields, 'the subject'),
    publicKey: readPublicKeyTree(fields),
    /** Null where the field is left out. */
    attributes: readOptional(fields, contextConstructed(0), (list): readonly RequestAttribute[] =>
      readAll(inside(list), readAttribute),
    ),
  };
  noteTrailing(fields, 'the attributes');
  return request;
}

function readAttribute(reader: DerReader): RequestAttribute {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
  const type = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute'));
  const values = readAll(inside(fields.expect(Tag.SET, 'the values of an attribute')), (set) => set.next());
  const [value] = values;
  const requested = extensionRequests.includes(type) && value ? readRequested(value) : NOTHING_REQUESTED;
  return { type, values, hasTrailingData: !fields.atEnd, ...requested };
}

const NOTHING_REQUESTED = { extensions: null, problem: null };

function readRequested(value: DerElement): Pick<RequestAttribute, 'extensions' | 'problem'> {
  try {
    return { extensions: readExtensionTrees(value), problem: null };
  } catch (error) {
    if (error instanceof DerError) return { extensions: null, problem: error.message };
    throw error;
  }
}

/** A certificate list (RFC 5280 5.1), read as far as OpenSSL and Go read it. */
export type CertificateListTree = Readonly<ReturnType<typeof readCertificateListTree>>;

/** An entry of a list, which can have tens of thousands. */
export interface RevokedEntry {
  /** An INTEGER. */
  readonly serialNumber: DerElement;
  /** Reads the other fields. Throws `DerError`. */
  readonly details: () => {
    readonly date: Time;
    /** Null where the field is left out. */
    readonly extensions: readonly ExtensionTree[] | null;
    /** Something follows the fields of the entry. */
    readonly hasTrailingData: boolean;
  };
}

/** Reads one certificate list in DER. Throws `DerError`. */
export function readCertificateListTree(der: Buffer) {
  const open = openSignedObject(der, 'the certificate list');
  const { object, fields } = open;
  const nextUpdateOf = (tag: number | undefined): Time | null =>
    tag === Tag.UTC_TIME || tag === Tag.GENERALIZED_TIME ? readAnyTime(fields.next(), 'nextUpdate') : null;
  return {
    kind: 'list' as const,
    ...object,
    /** An INTEGER; null where it is left out, which stands for version 1. */
    version: fields.optional(Tag.INTEGER) ?? null,
    /** The signature algorithm inside the signed part. */
    innerAlgorithm: readAlgorithm(fields, 'the signature algorithm'),
    issuer: readName(fields, 'the issuer'),
    thisUpdate: readAnyTime(fields.next(), 'thisUpdate'),
    nextUpdate: nextUpdateOf(fields.peekTag()),
    revoked:
      readOptional(fields, Tag.SEQUENCE, (list): readonly RevokedEntry[] =>
        readAll(inside(list), (reader) => openEntry(reader.expect(Tag.SEQUENCE, 'an entry of the list'))),
      ) ?? [],
    extensions: readLastExtensions(open, contextConstructed(0)),
  };
}

function openEntry(entry: DerElement): RevokedEntry {
  const fields = inside(entry);
  const serialNumber = fields.expect(Tag.INTEGER, 'the serial number of an entry');
  return {
    serialNumber,
    details: () => {
      const rest = inside(entry);
      rest.next();
      return {
        date: readAnyTime(rest.next(), 'a revocation date'),
        extensions: readOptional(rest, Tag.SEQUENCE, readExtensionTrees),
        hasTrailingData: !rest.atEnd,
      };
    },
  };
}
