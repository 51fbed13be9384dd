import {
  contextConstructed,
  contextPrimitive,
  type DerElement,
  DerError,
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
  readAll,
  readGeneralizedTime,
  readInside,
  readOptional,
  readSequence,
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
    readAll(inside(demand(element, Tag.SEQUENCE, what)), read);

const sequenceOf =
  <T>(what: string, read: (fields: DerReader) => T): ContentsReader<T> =>
  (element) =>
    readInside(demand(element, Tag.SEQUENCE, what), what, read);

const identifierOf = (reader: DerReader, what: string): string =>
  dottedIdentifier(reader.expect(Tag.OBJECT_IDENTIFIER, what));

const elementOf = (fields: DerReader, tag: number): DerElement | null => fields.optional(tag) ?? null;

/** The dotted identifiers of a SEQUENCE OF OBJECT IDENTIFIER. */
export const identifiers = (list: string, one: string): ContentsReader<readonly string[]> =>
  listOf(list, (reader) => identifierOf(reader, one));

/** RFC 5280 4.2.1.9, and the basicAttConstraints of X.509. */
export const readBasicConstraintsTree = sequenceOf('BasicConstraints', (fields) => {
  const ca = readOptional(fields, Tag.BOOLEAN, truth);
  // X.690 11.5: FALSE, the default, is left out in DER.
  return { ca: ca ?? false, isFalseWritten: ca === false, pathLength: elementOf(fields, Tag.INTEGER) };
});

/** RFC 5280 4.2.1.1. */
export const readAuthorityKeyIdentifierTree = sequenceOf('AuthorityKeyIdentifier', (fields) => ({
  keyIdentifier: fields.optional(contextPrimitive(0))?.content ?? null,
  issuers: readOptional(fields, contextConstructed(1), readGeneralNames),
  serialNumber: elementOf(fields, contextPrimitive(2)),
}));

/** RFC 5280 4.2.1.6, 4.2.1.7, 5.3.3. */
export const readAlternativeNames: ContentsReader<readonly GeneralName[]> = (element) =>
  readGeneralNames(demand(element, Tag.SEQUENCE, 'GeneralNames'));

export interface Subtree {
  readonly base: GeneralName;
  readonly minimum: DerElement | null;
  readonly maximum: DerElement | null;
}

/** RFC 5280 4.2.1.10. */
export const readNameConstraints = sequenceOf('NameConstraints', (fields) => ({
  permitted: readOptional(fields, contextConstructed(0), readSubtrees),
  excluded: readOptional(fields, contextConstructed(1), readSubtrees),
}));

const readSubtrees = (list: DerElement): readonly Subtree[] =>
  readAll(inside(list), (reader) =>
    readSequence(reader, 'a subtree', (fields) => ({
      base: readGeneralName(fields),
      minimum: elementOf(fields, contextPrimitive(0)),
      maximum: elementOf(fields, contextPrimitive(1)),
    })),
  );

export type DistributionPointName =
  { readonly fullName: readonly GeneralName[] } | { readonly relativeName: NameTreeRdn };

/** CRL distribution points and freshest CRL (RFC 5280 4.2.1.13, 4.2.1.15). */
export const readDistributionPoints = listOf('CRLDistributionPoints', (reader) =>
  readSequence(reader, 'a DistributionPoint', (fields) => ({
    name: readOptional(fields, contextConstructed(0), readDistributionPointName),
    reasons: readOptional(fields, contextPrimitive(1), bitStringOf),
    issuers: readOptional(fields, contextConstructed(2), readGeneralNames),
  })),
);

/** The name stands under an EXPLICIT tag, because it is a CHOICE. */
function readDistributionPointName(explicit: DerElement): DistributionPointName {
  const name = readInside(explicit, 'a distributionPoint', (choice) => choice.next());
  if (name.tag === contextConstructed(0)) return { fullName: readGeneralNames(name) };
  if (name.tag === contextConstructed(1)) return { relativeName: readRdn(name) };
  throw new DerError('a distributionPoint is of no known kind', name.offset);
}

/** RFC 5280 5.2.5. */
export const readIssuingDistributionPoint = sequenceOf('IssuingDistributionPoint', (fields) => {
  const flag = (tag: number): boolean => readOptional(fields, contextPrimitive(tag), truth) ?? false;
  return {
    name: readOptional(fields, contextConstructed(0), readDistributionPointName),
    onlyContainsUserCerts: flag(1),
    onlyContainsCACerts: flag(2),
    onlySomeReasons: readOptional(fields, contextPrimitive(3), bitStringOf),
    indirectCRL: flag(4),
    onlyContainsAttributeCerts: flag(5),
  };
});

/** RFC 5280 4.2.1.4. */
export type PolicyQualifier =
  | { readonly type: 'cPSuri'; readonly uri: Buffer }
  | {
      readonly type: 'userNotice';
      readonly reference: { readonly organization: DerElement; readonly numbers: readonly DerElement[] } | null;
      readonly explicitText: DerElement | null;
    }
  | { readonly type: 'other'; readonly id: string; readonly value: DerElement };

export const readCertificatePolicies = listOf('CertificatePolicies', (reader) =>
  readSequence(reader, 'a policy', (fields) => ({
    id: identifierOf(fields, 'the identifier of a policy'),
    qualifiers: readOptional(fields, Tag.SEQUENCE, (list) => readAll(inside(list), readQualifier)),
  })),
);

const cps = '1.3.6.1.5.5.7.2.1';
const userNotice = '1.3.6.1.5.5.7.2.2';

function readQualifier(reader: DerReader): PolicyQualifier {
  const { id, value } = readSequence(reader, 'a policy qualifier', (fields) => ({
    id: identifierOf(fields, 'the identifier of a policy qualifier'),
    value: fields.next(),
  }));
  if (id === cps) return { type: 'cPSuri', uri: demand(value, Tag.IA5_STRING, 'a CPS pointer').content };
  return id === userNotice ? readUserNotice(value) : { type: 'other', id, value };
}

const readUserNotice = sequenceOf('a user notice', (fields): PolicyQualifier => ({
  type: 'userNotice',
  reference: readOptional(fields, Tag.SEQUENCE, readNoticeReference),
  explicitText: fields.atEnd ? null : fields.next(),
}));

const readNoticeReference = (element: DerElement) =>
  readInside(element, 'a notice reference', (fields) => ({
    organization: fields.next(),
    numbers: readAll(inside(fields.expect(Tag.SEQUENCE, 'notice numbers')), (reader) =>
      reader.expect(Tag.INTEGER, 'a notice number'),
    ),
  }));

/** RFC 5280 4.2.1.5. */
export const readPolicyMappings = listOf('PolicyMappings', (reader) =>
  readSequence(reader, 'a policy mapping', (fields) => ({
    issuerDomainPolicy: identifierOf(fields, 'a policy'),
    subjectDomainPolicy: identifierOf(fields, 'a policy'),
  })),
);

/** RFC 5280 4.2.1.11. */
export const readPolicyConstraints = sequenceOf('PolicyConstraints', (fields) => ({
  requireExplicitPolicy: elementOf(fields, contextPrimitive(0)),
  inhibitPolicyMapping: elementOf(fields, contextPrimitive(1)),
}));

/** Reads an AccessDescription (RFC 5280 4.2.2.1). */
const readAccessDescription = (reader: DerReader) =>
  readSequence(reader, 'an AccessDescription', (fields) => ({
    method: identifierOf(fields, 'an access method'),
    location: readGeneralName(fields),
  }));

/** Authority and subject information access (RFC 5280 4.2.2). */
export const readInformationAccess = listOf('an information access', readAccessDescription);

/** RFC 7633: INTEGERs. */
export const readTlsFeatures = listOf('Features', (reader) => reader.expect(Tag.INTEGER, 'a feature'));

/** X.509 9.2.2.5. */
export const readPrivateKeyUsagePeriod = sequenceOf('PrivateKeyUsagePeriod', (fields) => ({
  notBefore: readOptional(fields, contextPrimitive(0), readGeneralizedTime),
  notAfter: readOptional(fields, contextPrimitive(1), readGeneralizedTime),
}));

/** RFC 5280 4.2.1.8. */
export const readDirectoryAttributes = listOf('SubjectDirectoryAttributes', (reader) =>
  readSequence(reader, 'an attribute', (fields) => ({
    type: identifierOf(fields, 'the type of an attribute'),
    values: readAll(inside(fields.expect(Tag.SET, 'the values of an attribute')), (set) => set.next()),
  })),
);

/** RFC 6960 4.4.6. */
export const readServiceLocator = sequenceOf('ServiceLocator', (fields) => ({
  issuer: readName(fields, 'an issuer'),
  locations: readOptional(fields, Tag.SEQUENCE, (list) => readAll(inside(list), readAccessDescription)) ?? [],
}));

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
