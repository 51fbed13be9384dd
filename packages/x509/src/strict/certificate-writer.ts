import { bitString, contextConstructed, der, sequence, Tag, unsignedInteger } from './der.js';
import { writeSubject } from './distinguished-name.js';
import { basicConstraintsExtension, extKeyUsageExtension, keyUsageExtension } from './extension.js';
import type { KeyAlgorithm } from './key-algorithm.js';
import { keyPurpose } from './object-identifiers.js';
import type { SignatureAlgorithm } from './signature-algorithm.js';
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
    serialNumber: fields.serialNumber,
    signatureAlgorithm: fields.signatureAlgorithm,
    issuer: fields.issuer,
    notBefore: fields.notBefore,
    notAfter: fields.notAfter,
    subject: writeSubject(fields),
    subjectPublicKeyInfo: fields.subjectPublicKeyInfo,
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
