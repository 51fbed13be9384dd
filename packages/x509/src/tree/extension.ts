import { type DerElement, DerError, inside, Tag } from '../strict/der.js';
import { type Contents, type ContentsReader, readContents } from './normalize.js';
import {
  generalizedTime,
  identifiers,
  namedBits,
  readAlternativeNames,
  readAuthorityKeyIdentifierTree,
  readBasicConstraintsTree,
  readCertificatePolicies,
  readDirectoryAttributes,
  readDistributionPoints,
  readInformationAccess,
  readIssuingDistributionPoint,
  readNameConstraints,
  readPolicyConstraints,
  readPolicyMappings,
  readPrivateKeyUsagePeriod,
  readServiceLocator,
  readSignedCertificateTimestamps,
  readTlsFeatures,
  single,
} from './extension-values.js';
import { dottedIdentifier, readAll, truth } from './values.js';

const keyIdentifier = single(Tag.OCTET_STRING, 'a key identifier');
const number = single(Tag.INTEGER, 'a number');
const flag = single(Tag.NULL, 'NULL');
const ia5String = single(Tag.IA5_STRING, 'an IA5String');

/** The reader of each extension that has a typed value here, by dotted identifier. */
const readers = {
  // RFC 5280 4.2 and 5.2, X.509
  '2.5.29.9': readDirectoryAttributes,
  '2.5.29.14': keyIdentifier,
  '2.5.29.15': namedBits('KeyUsage'),
  '2.5.29.16': readPrivateKeyUsagePeriod,
  '2.5.29.17': readAlternativeNames,
  '2.5.29.18': readAlternativeNames,
  '2.5.29.19': readBasicConstraintsTree,
  '2.5.29.20': number,
  '2.5.29.21': single(Tag.ENUMERATED, 'a reason'),
  '2.5.29.23': single(Tag.OBJECT_IDENTIFIER, 'an identifier'),
  '2.5.29.24': generalizedTime('an invalidity date'),
  '2.5.29.27': number,
  '2.5.29.28': readIssuingDistributionPoint,
  '2.5.29.29': readAlternativeNames,
  '2.5.29.30': readNameConstraints,
  '2.5.29.31': readDistributionPoints,
  '2.5.29.32': readCertificatePolicies,
  '2.5.29.33': readPolicyMappings,
  '2.5.29.35': readAuthorityKeyIdentifierTree,
  '2.5.29.36': readPolicyConstraints,
  '2.5.29.37': identifiers('ExtKeyUsage', 'a key purpose'),
  '2.5.29.46': readDistributionPoints,
  '2.5.29.54': number,
  // X.509 attribute certificates
  '2.5.29.41': readBasicConstraintsTree,
  '2.5.29.42': readNameConstraints,
  '2.5.29.50': flag,
  '2.5.29.52': identifiers('a list of identifiers', 'an identifier'),
  '2.5.29.56': flag,
  '2.5.29.57': identifiers('a list of identifiers', 'an identifier'),
  '2.5.29.61': flag,
  '2.5.29.62': flag,
  '2.5.29.65': flag,
  '2.5.29.66': flag,
  '2.5.29.69': readNameConstraints,
  // PKIX
  '1.3.6.1.5.5.7.1.1': readInformationAccess,
  '1.3.6.1.5.5.7.1.4': keyIdentifier,
  '1.3.6.1.5.5.7.1.11': readInformationAccess,
  '1.3.6.1.5.5.7.1.24': readTlsFeatures,
  '1.3.6.1.5.5.7.48.1.4': identifiers('a list of identifiers', 'an identifier'),
  '1.3.6.1.5.5.7.48.1.5': flag,
  '1.3.6.1.5.5.7.48.1.6': generalizedTime('a time'),
  '1.3.6.1.5.5.7.48.1.7': readServiceLocator,
  // Certificate Transparency (RFC 6962)
  '1.3.6.1.4.1.11129.2.4.2': readSignedCertificateTimestamps,
  '1.3.6.1.4.1.11129.2.4.3': flag,
  '1.3.6.1.4.1.11129.2.4.5': readSignedCertificateTimestamps,
  // Netscape
  '2.16.840.1.113730.1.1': namedBits('a Netscape certificate type'),
  '2.16.840.1.113730.1.2': ia5String,
  '2.16.840.1.113730.1.3': ia5String,
  '2.16.840.1.113730.1.4': ia5String,
  '2.16.840.1.113730.1.7': ia5String,
  '2.16.840.1.113730.1.8': ia5String,
  '2.16.840.1.113730.1.12': ia5String,
  '2.16.840.1.113730.1.13': ia5String,
  // The tool of a Russian subject
  '1.2.643.100.111': single(Tag.UTF8_STRING, 'a tool'),
} as const;

const readerOf = new Map<string, ContentsReader<unknown>>(Object.entries(readers));

export type ExtensionId = keyof typeof readers;

/** The typed value of an extension. */
export type ExtensionValue<Id extends ExtensionId> = ReturnType<(typeof readers)[Id]>;

/** An extension (RFC 5280 4.1). */
export class ExtensionTree {
  #contents: Contents<unknown> | null | undefined;

  constructor(
    /** Dotted. */
    readonly oid: string,
    readonly critical: boolean,
    /** FALSE, the default, is written out, which is not DER (X.690 11.5). */
    readonly isFalseWritten: boolean,
    /** The content octets of extnValue. */
    readonly value: Buffer,
    /** Something follows extnValue. */
    readonly hasTrailingData: boolean,
  ) {}

  /** The value, read when it is first asked for; null for an extension that has no typed value here. */
  get contents(): Contents<unknown> | null {
    if (this.#contents === undefined) {
      const read = readerOf.get(this.oid);
      this.#contents = read ? readContents(this.value, 'the value of an extension', read) : null;
    }
    return this.#contents;
  }
}

/** The value of the first extension with this identifier; null where it is absent or malformed. */
export function extensionValueOf<Id extends ExtensionId>(
  { extensions }: { readonly extensions: readonly ExtensionTree[] | null },
  id: Id,
): ExtensionValue<Id> | null {
  const first = extensions?.find(({ oid }) => oid === id);
  return (first?.contents?.value ?? null) as ExtensionValue<Id> | null;
}

/** Reads Extensions (RFC 5280 4.1), duplicates included. Throws `DerError`. */
export function readExtensionTrees(element: DerElement): readonly ExtensionTree[] {
  if (element.tag !== Tag.SEQUENCE) throw new DerError('the extensions are no SEQUENCE', element.offset);
  return readAll(inside(element), (list) => {
    const fields = inside(list.expect(Tag.SEQUENCE, 'an extension'));
    const oid = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the identifier of an extension'));
    const flag = fields.optional(Tag.BOOLEAN);
    const critical = flag !== undefined && truth(flag);
    const value = fields.expect(Tag.OCTET_STRING, 'the value of an extension').content;
    return new ExtensionTree(oid, critical, flag !== undefined && !critical, value, !fields.atEnd);
  });
}
