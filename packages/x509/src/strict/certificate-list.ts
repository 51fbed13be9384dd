import { displaySerialNumber, readSigned } from './certificate-reader.js';
import {
  contextConstructed,
  der,
  type DerElement,
  DerError,
  type DerReader,
  inside,
  octetsOf,
  readInteger,
  sequence,
  Tag,
  unsignedInteger,
} from './der.js';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.js';
import {
  authorityKeyIdentifierExtension,
  duplicateExtension,
  type Extension,
  readExtensions,
  writeExtension,
} from './extension.js';
import { listExtensionId } from './object-identifiers.js';
import { readTime, writeTime } from './validity.js';
import type { SignatureAlgorithm } from './crypto.js';
import { reasonCodes, type RevocationReason } from './revocation-reasons.js';

/** A certificate revocation list (RFC 5280 5.1) that is complete for its issuer. Buffers are views into the input. */
export interface ParsedCertificateList {
  readonly issuer: DistinguishedName;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Serial numbers of the revoked certificates, written as in `ParsedCertificate`. */
  readonly revoked: ReadonlySet<string>;
  /** The octets that are signed. */
  readonly tbsCertList: Buffer;
  /** DER AlgorithmIdentifier. */
  readonly signatureAlgorithm: Buffer;
  readonly signature: Buffer;
}

/**
 * Reads a list, insisting on DER and on the structure of RFC 5280. A list that speaks of some certificates alone is
 * refused: a delta, one for a distribution point, one of other issuers. So is one that never ends. The signature is not
 * verified. Throws `DerError`.
 */
export function readCertificateList(bytes: Uint8Array): ParsedCertificateList {
  const { content: tbs, algorithm, signature } = readSigned(bytes, 'the certificate list', 'CertificateList');
  return {
    ...readTbsCertList(tbs, algorithm),
    tbsCertList: tbs.raw,
    signatureAlgorithm: algorithm.raw,
    signature,
  };
}

function readTbsCertList(tbs: DerElement, outerAlgorithm: DerElement) {
  const reader = inside(tbs);
  const version = readVersion(reader);
  const algorithm = reader.expect(Tag.SEQUENCE, 'the signature algorithm');
  // RFC 5280 5.1.1.2: the algorithm inside, which is signed, must be the one outside.
  if (!algorithm.raw.equals(outerAlgorithm.raw))
    throw new DerError('the two signature algorithms of the list differ', algorithm.offset);
  const issuer = readDistinguishedName(reader.next());
  const thisUpdate = readTime(reader.next());
  // RFC 5280 5.1.2.5: every list has it. One without would be believed forever.
  const nextUpdateTag = reader.peekTag();
  if (nextUpdateTag !== Tag.UTC_TIME && nextUpdateTag !== Tag.GENERALIZED_TIME)
    throw new DerError('the list does not say when the next one comes (nextUpdate)', tbs.offset);
  const nextUpdate = readTime(reader.next());
  const entries = reader.optional(Tag.SEQUENCE);
  const revoked = entries === undefined ? new Set<string>() : readEntries(inside(entries), version);
  const wrapped = version === 2 ? reader.optional(contextConstructed(0)) : undefined;
  reader.end('TBSCertList');
  if (wrapped !== undefined) {
    const extensions = inside(wrapped);
    refusePartial(readExtensions(extensions.next()), 'the list', wrapped.offset);
    extensions.end('the extensions');
  }
  return { issuer, thisUpdate, nextUpdate, revoked };
}

/** RFC 5280 5.1.2.1: absent for version 1, which has no extensions, else 1 for version 2. */
function readVersion(reader: DerReader): 1 | 2 {
  const version = reader.optional(Tag.INTEGER);
  if (version === undefined) return 1;
  const octets = readInteger(version);
  if (octets.length !== 1 || octets[0] !== 1)
    throw new DerError('the version of the list is not known', version.offset);
  return 2;
}

function readEntries(reader: DerReader, version: 1 | 2): Set<string> {
  const revoked = new Set<string>();
  while (!reader.atEnd) {
    const entry = reader.expect(Tag.SEQUENCE, 'an entry of the list');
    const fields = inside(entry);
    revoked.add(displaySerialNumber(readInteger(fields.expect(Tag.INTEGER, 'the serial number of an entry'))));
    readTime(fields.next());
    const extensions = version === 2 ? fields.optional(Tag.SEQUENCE) : undefined;
    fields.end('an entry of the list');
    if (extensions !== undefined) refusePartial(readExtensions(extensions), 'an entry', extensions.offset);
  }
  return revoked;
}

/** With them a list does not speak of all certificates of its issuer, or speaks of those of others. */
const partial: readonly string[] = [
  listExtensionId.deltaCRLIndicator,
  listExtensionId.issuingDistributionPoint,
  listExtensionId.certificateIssuer,
];

function refusePartial(extensions: readonly Extension[], of: string, offset: number): void {
  const duplicate = duplicateExtension(extensions);
  if (duplicate !== undefined) throw new DerError(`extension ${duplicate} of ${of} occurs twice`, offset);
  for (const { id, critical } of extensions) {
    if (partial.includes(id))
      throw new DerError(`${of} has extension ${id}: only a list of all certificates of its issuer will do`, offset);
    // RFC 5280 5.2 and 5.3: what an unknown critical extension says may change what the list means.
    if (critical) throw new DerError(`${of} has the critical extension ${id}, which is not known`, offset);
  }
}

export interface RevokedEntry {
  /** Lower-case hex; `-` before a negative one. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason: RevocationReason;
}

interface CertificateListFields {
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** The CA's subject, byte for byte. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** DER of the entries, from `writeRevokedEntry`. */
  readonly entries: readonly Uint8Array[];
  /** Null where the CA has none. */
  readonly authorityKeyIdentifier: Uint8Array | null;
  readonly number: bigint;
}

const VERSION_2 = der(Tag.INTEGER, Buffer.of(1));

/** Writes a version 2 TBSCertList (RFC 5280 5.1.2). `sealCertificate` joins it with its signature. */
export function writeTbsCertificateList(fields: CertificateListFields): Buffer {
  const { entries, authorityKeyIdentifier } = fields;
  return sequence(
    VERSION_2,
    fields.signatureAlgorithm.identifier,
    fields.issuer,
    writeTime(fields.thisUpdate),
    writeTime(fields.nextUpdate),
    // RFC 5280 5.1.2.6: absent where nothing is revoked.
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    der(
      contextConstructed(0),
      sequence(
        ...(authorityKeyIdentifier === null ? [] : [authorityKeyIdentifierExtension(authorityKeyIdentifier)]),
        writeExtension(listExtensionId.cRLNumber, false, unsignedInteger(octetsOf(fields.number))),
      ),
    ),
  );
}

const reasonExtensions = new Map(
  Object.entries(reasonCodes).map(([reason, code]) => [
    reason,
    // RFC 5280 5.3.1: the reason `unspecified` is left out.
    code === 0
      ? []
      : [sequence(writeExtension(listExtensionId.reasonCode, false, der(Tag.ENUMERATED, Buffer.of(code))))],
  ]),
);

/** Writes one entry of revokedCertificates. */
export function writeRevokedEntry({ serialNumber, revokedAt, reason }: RevokedEntry): Buffer {
  return sequence(writeSerialNumber(serialNumber), writeTime(revokedAt), ...(reasonExtensions.get(reason) ?? []));
}

function writeSerialNumber(serialNumber: string): Buffer {
  if (!/^(?:[0-9a-f]{2})+$/.test(serialNumber)) throw new RangeError('a serial number is not positive hex');
  return unsignedInteger(Buffer.from(serialNumber, 'hex'));
}
