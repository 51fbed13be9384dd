import { contextConstructed, der, sequence, Tag, unsignedInteger } from './der.js';
import { authorityKeyIdentifierExtension, writeExtension } from './extension.js';
import { listExtensionId } from './object-identifiers.js';
import type { SignatureAlgorithm } from './signature-algorithm.js';
import { writeTime } from './validity.js';

/** The CRLReasons of RFC 5280 5.3.1 that a user certificate may have. */
const reasonCodes = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;

export interface RevokedEntry {
  /** Lower-case hex; `-` before a negative one. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason: keyof typeof reasonCodes;
}

export interface CertificateListFields {
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

function octetsOf(number: bigint): Buffer {
  const digits = number.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}
