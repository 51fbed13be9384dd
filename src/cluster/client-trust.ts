import { createPublicKey, type KeyObject } from 'node:crypto';
import { readCertificate } from '../x509/strict/certificate-reader.js';
import { decodePemBundle } from '../x509/strict/pem.js';

/** A CA that a cluster accepts user certificates from. */
export interface TrustedAuthority {
  /** DER of its subject: the issuer of what it signs. */
  readonly subjectRaw: Buffer;
  readonly publicKey: KeyObject;
  /** SHA-256 of its certificate, lower-case hex. */
  readonly fingerprintSha256: string;
}

/** What a cluster accepts user certificates from. */
export interface ClientTrust {
  /** The bundle as it was found. */
  readonly pem: string;
  readonly authorities: readonly TrustedAuthority[];
}

/** Reads a cluster's client CA bundle. Throws an `Error` that says what cannot be read. */
export function readClientTrust(pemBundle: string): ClientTrust {
  const bundle = decodePemBundle(pemBundle, 'CERTIFICATE');
  if (!bundle.ok) throw new Error(`the client CA cannot be read: ${bundle.refusal.message}`);
  const authorities = bundle.ders.map((der) => {
    const certificate = readCertificate(der);
    return {
      subjectRaw: certificate.subject.raw,
      publicKey: createPublicKey({ key: certificate.subjectPublicKeyInfo, format: 'der', type: 'spki' }),
      fingerprintSha256: certificate.fingerprintSha256,
    };
  });
  return { pem: pemBundle, authorities };
}
