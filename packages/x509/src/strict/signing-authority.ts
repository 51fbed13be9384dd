import { createPublicKey, type KeyObject } from 'node:crypto';

import { type ParsedCertificate, readCertificate } from './certificate-reader.js';
import { DerError } from './der.js';
import { decodeSinglePem } from './pem.js';
import { sha256, type SignatureAlgorithm, signatureAlgorithmFor } from './crypto.js';
import { readSubjectPublicKeyInfo } from './subject-public-key-info.js';
import type { Validity } from './validity.js';

/** The certificate of a CA that signs here. Its private key lies elsewhere. */
export interface SigningAuthority extends Validity {
  readonly certificateDer: Buffer;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprintSha256: string;
  /** SHA-256 of its SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;
  /** DER of its subject, which is the issuer in the certificates that it signs. */
  readonly subjectRaw: Buffer;
  /** Null where it has none. */
  readonly subjectKeyIdentifier: Buffer | null;
  readonly publicKey: KeyObject;
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** Whether it may sign certificate lists: its key usage says cRLSign, or it has none (RFC 5280 4.2.1.3). */
  readonly signsCertificateLists: boolean;
}

/**
 * Reads the certificate of a CA (one block of PEM), and checks that it may sign certificates with a key that kubepass
 * accepts. Throws an `Error` that says what is wrong.
 */
export function readSigningAuthority(certificatePem: string): SigningAuthority {
  return signingAuthorityOf(readCaCertificate(certificatePem));
}

/**
 * Takes a certificate that is read and judged already (`judgeAuthorityChain`). Throws an `Error` where its key is not
 * accepted.
 */
export function signingAuthorityOf(certificate: ParsedCertificate): SigningAuthority {
  const publicKey = importAuthorityKey(certificate.subjectPublicKeyInfo);
  return {
    certificateDer: certificate.der,
    fingerprintSha256: certificate.fingerprintSha256,
    spkiSha256: sha256(certificate.subjectPublicKeyInfo),
    subjectRaw: certificate.subject.raw,
    subjectKeyIdentifier: certificate.subjectKeyIdentifier,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    publicKey,
    signatureAlgorithm: signatureAlgorithmFor(publicKey),
    signsCertificateLists: certificate.keyUsage?.includes('cRLSign') ?? true,
  };
}

function readCaCertificate(pem: string): ParsedCertificate {
  const block = decodeSinglePem(pem, 'CERTIFICATE');
  if (!block.ok) throw new Error(`the CA certificate cannot be read: ${block.refusal.message}`);
  const certificate = parse(block.der);
  if (certificate.basicConstraints?.ca !== true)
    throw new Error('the CA certificate is not a CA: basicConstraints does not say CA:TRUE');
  if (certificate.keyUsage !== null && !certificate.keyUsage.includes('keyCertSign'))
    throw new Error('the CA certificate may not sign certificates: its keyUsage lacks keyCertSign');
  if (certificate.subject.rdns.length === 0) throw new Error('the CA certificate has an empty subject');
  return certificate;
}

function parse(der: Buffer): ParsedCertificate {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerError)
      throw new Error(`the CA certificate cannot be read: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The public key of a CA, from DER of its SubjectPublicKeyInfo. Throws an `Error` where it is not accepted. */
export function importAuthorityKey(spki: Buffer): KeyObject {
  let key: KeyObject;
  let accepted: boolean;
  try {
    key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    // A CA's RSA key may have any size from 2048 bits up. Other keys must be acceptable as users' keys.
    accepted =
      key.asymmetricKeyType === 'rsa'
        ? (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
        : readSubjectPublicKeyInfo(spki).ok;
  } catch (error) {
    throw new Error('the public key of the CA certificate cannot be read', { cause: error });
  }
  if (!accepted)
    throw new Error('the CA key must be RSA with at least 2048 bits, ECDSA on P-256, P-384 or P-521, or Ed25519');
  return key;
}
