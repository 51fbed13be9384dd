import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  type DerReader,
  inside,
  Tag,
} from '../strict/der.js';
import type { ContentsReader } from './normalize.js';
import { type GeneralName, type NameTreeRdn, readGeneralName, readGeneralNames, readName, readRdn } from './name.js';
import {
  type BitString,
  bitStringOf,
  demand,
  dottedIdentifier,
  fieldsOf,
  readAll,
  readGeneralizedTime,
  type Time,
  truth,
} from './values.js';

/*
 * Readers of the values of extensions. They insist on the structure and leave numbers, strings and empty lists to
 * those who show them, because these differ in what they accept. All throw `DerError`.
 */

/** A single value of a type that needs no structure. */
export const single =
  (tag: number, what: string): ContentsReader<DerElement> =>
  (element) =>
    demand(element, tag, what);

export const namedBits =
  (what: string): ContentsReader<BitString> =>
  (element) =>
    bitStringOf(demand(element, Tag.BIT_STRING, what));

export const generalizedTime =
  (what: string): ContentsReader<Time> =>
  (element) =>
    readGeneralizedTime(demand(element, Tag.GENERALIZED_TIME, what));

const listOf =
  <T>(what: string, read: (reader: DerReader) => T): ContentsReader<readonly T[]> =>
  (element) =>
    readAll(fieldsOf(element, Tag.SEQUENCE, what), read);

const identifierOf = (reader: DerReader, what: string): string =>
  dottedIdentifier(reader.expect(Tag.OBJECT_IDENTIFIER, what));

/** The dotted identifiers of a SEQUENCE OF OBJECT IDENTIFIER. */
export const identifiers = (list: string, one: string): ContentsReader<readonly string[]> =>
  listOf(list, (reader) => identifierOf(reader, one));

/** RFC 5280 4.2.1.9, and the basicAttConstraints of X.509. */
export function readBasicConstraintsTree(element: DerElement) {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'BasicConstraints');
  const flag = fields.optional(Tag.BOOLEAN);
  const pathLength = fields.optional(Tag.INTEGER) ?? null;
  fields.end('BasicConstraints');
  const ca = flag !== undefined && truth(flag);
  // X.690 11.5: FALSE, the default, is left out in DER.
  return { ca, isFalseWritten: flag !== undefined && !ca, pathLength };
}

/** RFC 5280 4.2.1.1. */
export function readAuthorityKeyIdentifierTree(element: DerElement) {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'AuthorityKeyIdentifier');
  const keyIdentifier = fields.optional(contextPrimitive(0))?.content ?? null;
  const issuers = fields.optional(contextConstructed(1));
  const serialNumber = fields.optional(contextPrimitive(2)) ?? null;
  fields.end('AuthorityKeyIdentifier');
  return { keyIdentifier, issuers: issuers ? readGeneralNames(issuers) : null, serialNumber };
}

/** RFC 5280 4.2.1.6, 4.2.1.7, 5.3.3. */
export const readAlternativeNames: ContentsReader<readonly GeneralName[]> = (element) =>
  readGeneralNames(demand(element, Tag.SEQUENCE, 'GeneralNames'));

export interface Subtree {
  readonly base: GeneralName;
  readonly minimum: DerElement | null;
  readonly maximum: DerElement | null;
}

/** RFC 5280 4.2.1.10. */
export function readNameConstraints(element: DerElement) {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'NameConstraints');
  const permitted = fields.optional(contextConstructed(0));
  const excluded = fields.optional(contextConstructed(1));
  fields.end('NameConstraints');
  const subtrees = (list: DerElement) => readAll(inside(list), readSubtree);
  return { permitted: permitted ? subtrees(permitted) : null, excluded: excluded ? subtrees(excluded) : null };
}

function readSubtree(reader: DerReader): Subtree {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a subtree'));
  const base = readGeneralName(fields);
  const minimum = fields.optional(contextPrimitive(0)) ?? null;
  const maximum = fields.optional(contextPrimitive(1)) ?? null;
  fields.end('a subtree');
  return { base, minimum, maximum };
}

export type DistributionPointName =
  { readonly fullName: readonly GeneralName[] } | { readonly relativeName: NameTreeRdn };

/** CRL distribution points and freshest CRL (RFC 5280 4.2.1.13, 4.2.1.15). */
export const readDistributionPoints = listOf('CRLDistributionPoints', (reader) => {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a DistributionPoint'));
  const name = fields.optional(contextConstructed(0));
  const reasons = fields.optional(contextPrimitive(1));
  const issuers = fields.optional(contextConstructed(2));
  fields.end('a DistributionPoint');
  return {
    name: name ? readDistributionPointName(name) : null,
    reasons: reasons ? bitStringOf(reasons) : null,
    issuers: issuers ? readGeneralNames(issuers) : null,
  };
});

/** The name stands under an EXPLICIT tag, because it is a CHOICE. */
function readDistributionPointName(explicit: DerElement): DistributionPointName {
  const choice = inside(explicit);
  const name = choice.next();
  choice.end('a distributionPoint');
  if (name.tag === contextConstructed(0)) return { fullName: readGeneralNames(name) };
  if (name.tag === contextConstructed(1)) return { relativeName: readRdn(name) };
  throw new DerError('a distributionPoint is of no known kind', name.offset);
}

/** RFC 5280 5.2.5. */
export function readIssuingDistributionPoint(element: DerElement) {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'IssuingDistributionPoint');
  const name = fields.optional(contextConstructed(0));
  const flag = (tag: number): boolean => {
    const value = fields.optional(contextPrimitive(tag));
    return value !== undefined && truth(value);
  };
  const onlyContainsUserCerts = flag(1);
  const onlyContainsCACerts = flag(2);
  const reasons = fields.optional(contextPrimitive(3));
  const indirectCRL = flag(4);
  const onlyContainsAttributeCerts = flag(5);
  fields.end('IssuingDistributionPoint');
  return {
    name: name ? readDistributionPointName(name) : null,
    onlyContainsUserCerts,
    onlyContainsCACerts,
    onlySomeReasons: reasons ? bitStringOf(reasons) : null,
    indirectCRL,
    onlyContainsAttributeCerts,
  };
}

/** RFC 5280 4.2.1.4. */
export type PolicyQualifier =
  | { readonly type: 'cPSuri'; readonly uri: Buffer }
  | {
      readonly type: 'userNotice';
      readonly reference: { readonly organization: DerElement; readonly numbers: readonly DerElement[] } | null;
      readonly explicitText: DerElement | null;
    }
  | { readonly type: 'other'; readonly id: string; readonly value: DerElement };

export const readCertificatePolicies = listOf('CertificatePolicies', (reader) => {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy'));
  const id = identifierOf(fields, 'the identifier of a policy');
  const qualifiers = fields.optional(Tag.SEQUENCE);
  fields.end('a policy');
  return { id, qualifiers: qualifiers ? readAll(inside(qualifiers), readQualifier) : null };
});

const cps = '1.3.6.1.5.5.7.2.1';
const userNotice = '1.3.6.1.5.5.7.2.2';

function readQualifier(reader: DerReader): PolicyQualifier {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy qualifier'));
  const id = identifierOf(fields, 'the identifier of a policy qualifier');
  const value = fields.next();
  fields.end('a policy qualifier');
  if (id === cps) return { type: 'cPSuri', uri: demand(value, Tag.IA5_STRING, 'a CPS pointer').content };
  return id === userNotice ? readUserNotice(value) : { type: 'other', id, value };
}

function readUserNotice(element: DerElement): PolicyQualifier {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'a user notice');
  const reference = fields.optional(Tag.SEQUENCE);
  const explicitText = fields.atEnd ? null : fields.next();
  fields.end('a user notice');
  return { type: 'userNotice', reference: reference ? readNoticeReference(reference) : null, explicitText };
}

function readNoticeReference(element: DerElement) {
  const fields = inside(element);
  const organization = fields.next();
  const numbers = readAll(inside(fields.expect(Tag.SEQUENCE, 'notice numbers')), (reader) =>
    reader.expect(Tag.INTEGER, 'a notice number'),
  );
  fields.end('a notice reference');
  return { organization, numbers };
}

/** RFC 5280 4.2.1.5. */
export const readPolicyMappings = listOf('PolicyMappings', (reader) => {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy mapping'));
  const issuerDomainPolicy = identifierOf(fields, 'a policy');
  const subjectDomainPolicy = identifierOf(fields, 'a policy');
  fields.end('a policy mapping');
  return { issuerDomainPolicy, subjectDomainPolicy };
});

/** RFC 5280 4.2.1.11. */
export function readPolicyConstraints(element: DerElement) {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'PolicyConstraints');
  const requireExplicitPolicy = fields.optional(contextPrimitive(0)) ?? null;
  const inhibitPolicyMapping = fields.optional(contextPrimitive(1)) ?? null;
  fields.end('PolicyConstraints');
  return { requireExplicitPolicy, inhibitPolicyMapping };
}

/** Reads an AccessDescription (RFC 5280 4.2.2.1). */
function readAccessDescription(reader: DerReader) {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an AccessDescription'));
  const method = identifierOf(fields, 'an access method');
  const location = readGeneralName(fields);
  fields.end('an AccessDescription');
  return { method, location };
}

/** Authority and subject information access (RFC 5280 4.2.2). */
export const readInformationAccess = listOf('an information access', readAccessDescription);

/** RFC 7633: INTEGERs. */
export const readTlsFeatures = listOf('Features', (reader) => reader.expect(Tag.INTEGER, 'a feature'));

/** X.509 9.2.2.5. */
export function readPrivateKeyUsagePeriod(element: DerElement) {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'PrivateKeyUsagePeriod');
  const notBefore = fields.optional(contextPrimitive(0));
  const notAfter = fields.optional(contextPrimitive(1));
  fields.end('PrivateKeyUsagePeriod');
  return {
    notBefore: notBefore ? readGeneralizedTime(notBefore) : null,
    notAfter: notAfter ? readGeneralizedTime(notAfter) : null,
  };
}

/** RFC 5280 4.2.1.8. */
export const readDirectoryAttributes = listOf('SubjectDirectoryAttributes', (reader) => {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
  const type = identifierOf(fields, 'the type of an attribute');
  const values = readAll(inside(fields.expect(Tag.SET, 'the values of an attribute')), (set) => set.next());
  fields.end('an attribute');
  return { type, values };
});

/** RFC 6960 4.4.6. */
export function readServiceLocator(element: DerElement) {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'ServiceLocator');
  const issuer = readName(fields, 'an issuer');
  const locator = fields.optional(Tag.SEQUENCE);
  fields.end('ServiceLocator');
  return { issuer, locations: locator ? readAll(inside(locator), readAccessDescription) : [] };
}

/** A SignedCertificateTimestamp (RFC 6962 3.2). */
export interface SignedCertificateTimestamp {
  readonly raw: Buffer;
  /** As it is encoded: 0 stands for version 1. Null where nothing stands there. */
  readonly version: number | null;
  /** Null for any other version. */
  readonly v1: {
    readonly logId: Buffer;
    readonly milliseconds: bigint;
    readonly extensions: Buffer;
    /** RFC 5246 7.4.1.4.1. */
    readonly hashAlgorithm: number;
    readonly signatureAlgorithm: number;
    readonly signature: Buffer;
    /** Octets that follow the signature. */
    readonly rest: Buffer;
  } | null;
}

/** SignedCertificateTimestampList (RFC 6962 3.3). */
export function readSignedCertificateTimestamps(element: DerElement): readonly SignedCertificateTimestamp[] {
  const { offset } = element;
  const list = new TlsReader(demand(element, Tag.OCTET_STRING, 'a list of timestamps').content, offset);
  const timestamps = new TlsReader(list.vector(), offset);
  if (list.rest.length > 0) throw new DerError('a list of timestamps has trailing data', offset);
  const values: SignedCertificateTimestamp[] = [];
  while (timestamps.rest.length > 0) values.push(readTimestamp(timestamps.vector(), offset));
  return values;
}

function readTimestamp(raw: Buffer, offset: number): SignedCertificateTimestamp {
  const [version] = raw;
  if (version !== 0) return { raw, version: version ?? null, v1: null };
  const reader = new TlsReader(raw.subarray(1), offset);
  const logId = reader.take(32);
  const milliseconds = reader.take(8).readBigUInt64BE(0);
  const extensions = reader.vector();
  const [hashAlgorithm = 0, signatureAlgorithm = 0] = reader.take(2);
  const signature = reader.vector();
  const v1 = { logId, milliseconds, extensions, hashAlgorithm, signatureAlgorithm, signature, rest: reader.rest };
  return { raw, version, v1 };
}

/** Reads the presentation language of TLS (RFC 8446 3). */
class TlsReader {
  constructor(
    public rest: Buffer,
    private readonly offset: number,
  ) {}

  take(length: number): Buffer {
    if (length > this.rest.length) throw new DerError('a timestamp is cut off', this.offset);
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    return taken;
  }

  /** `opaque <0..2^16-1>` */
  vector(): Buffer {
    return this.take(this.take(2).readUInt16BE(0));
  }
}
