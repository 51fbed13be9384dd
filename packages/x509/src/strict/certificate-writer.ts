import { type KeyObject, randomFillSync } from 'node:crypto';
import { bitString, contextConstructed, der, sequence, Tag, unsignedInteger } from './der.js';
import { type SubjectIdentity, writeSubject } from './distinguished-name.js';
import { basicConstraintsExtension, extKeyUsageExtension, keyUsageExtension } from './extension.js';
import type { KeyAlgorithm } from './key-algorithm.js';
import { keyPurpose } from './object-identifiers.js';
import { sign, type SignatureAlgorithm, signatureAlgorithmFor } from './crypto.js';
import { type Validity, writeValidity } from './validity.js';

/** The fields that vary from one user certificate to the next. */
export interface UserCertificateFields extends Validity {
  /** Content octets of the INTEGER, from `newSerialNumber`. */
  readonly serialNumber: Uint8Array;
  /** The CA's subject, byte for byte. */
  readonly issuer: Uint8Array;
  /** DER of the extension that names the CA's key; null where the CA has no SubjectKeyIdentifier. */
  readonly authorityKeyIdentifierExtension: Uint8Array | null;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly username: string;
  /** In the order in which they become O RDNs. */
  readonly groups: readonly string[];
  /** DER SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly keyAlgorithm: KeyAlgorithm;
}

const signingKeyUsage = keyUsageExtension(['digitalSignature']);
const rsaKeyUsage = keyUsageExtension(['digitalSignature', 'keyEncipherment']);
const forTlsClients = extKeyUsageExtension([keyPurpose.clientAuth]);
const noCa = basicConstraintsExtension(false);

/**
 * Writes the TBSCertificate of a user certificate: version 3, for digital signatures (and key encipherment with RSA),
 * for TLS clients, no CA, no subject alternative names.
 */
export function assembleTbsCertificate(fields: UserCertificateFields): Buffer {
  const { authorityKeyIdentifierExtension } = fields;
  return writeTbsCertificate({
    ...fields,
    subject: writeSubject(fields),
    extensions: [
      fields.keyAlgorithm.startsWith('RSA-') ? rsaKeyUsage : signingKeyUsage,
      forTlsClients,
      noCa,
      ...(authorityKeyIdentifierExtension === null ? [] : [authorityKeyIdentifierExtension]),
    ],
  });
}

export interface TbsCertificateFields extends Validity {
  readonly serialNumber: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** DER Name. */
  readonly issuer: Uint8Array;
  /** DER Name. */
  readonly subject: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array;
  /** DER Extension each; at least one. */
  readonly extensions: readonly Uint8Array[];
}

const VERSION_3 = der(contextConstructed(0), der(Tag.INTEGER, Buffer.of(2)));

/** Writes a version 3 TBSCertificate (RFC 5280 4.1). */
export function writeTbsCertificate(fields: TbsCertificateFields): Buffer {
  return sequence(
    VERSION_3,
    unsignedInteger(fields.serialNumber),
    fields.signatureAlgorithm.identifier,
    fields.issuer,
    writeValidity(fields),
    fields.subject,
    fields.subjectPublicKeyInfo,
    der(contextConstructed(3), sequence(...fields.extensions)),
  );
}

/** Joins a TBSCertificate and the signature over it to a certificate; DER. */
export function sealCertificate(
  tbsCertificate: Uint8Array,
  signatureAlgorithm: SignatureAlgorithm,
  signature: Uint8Array,
): Buffer {
  return sequence(tbsCertificate, signatureAlgorithm.identifier, bitString(signature));
}

/**
 * Makes a serial number: 16 octets, positive, never shorter (RFC 5280 4.1.2.2 allows 20). It begins with the time in
 * milliseconds, so that an index over serial numbers grows at its end; 80 random bits follow. `random` answers that
 * many random octets, e.g. `crypto.randomBytes`.
 */
export function newSerialNumber(now: Date, random: (size: number) => Uint8Array): Buffer {
  const serialNumber = Buffer.alloc(16);
  serialNumber.writeUIntBE(now.getTime(), 0, 6);
  // The top bit is 0, so the number is positive. The next is 1, so no octet is a leading zero that DER would drop.
  serialNumber.writeUInt8((serialNumber.readUInt8(0) & 0x3f) | 0x40, 0);
  serialNumber.set(random(10), 6);
  return serialNumber;
}

const poolOctets = 4096;

/**
 * Random octets for ids and serial numbers, which are public. They are fetched from the system many at a time, because
 * a call costs more than the octets. Secrets are never made from this pool.
 */
export function publicRandomOctets(): (octets: number) => Buffer {
  const pool = Buffer.alloc(poolOctets);
  let used = poolOctets;
  return (octets) => {
    if (used + octets > poolOctets) {
      randomFillSync(pool);
      used = 0;
    }
    used += octets;
    // A copy, so that it does not change when the pool is filled anew.
    return Buffer.from(pool.subarray(used - octets, used));
  };
}

/** Writes and signs a certification request for a user certificate, without attributes; DER. */
export async function writeCertificationRequest(
  subject: SubjectIdentity,
  keyPair: { readonly privateKey: KeyObject; readonly subjectPublicKeyInfo: Uint8Array },
): Promise<Buffer> {
  const info = sequence(
    unsignedInteger(Buffer.of(0)),
    writeSubject(subject),
    keyPair.subjectPublicKeyInfo,
    der(contextConstructed(0)),
  );
  const algorithm = signatureAlgorithmFor(keyPair.privateKey);
  return sequence(info, algorithm.identifier, bitString(await sign(algorithm, info, keyPair.privateKey)));
}
