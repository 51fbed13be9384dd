import type { RevocationReason } from '@kubepass/x509';

/** Why, when and by whom a certificate was revoked. A revocation is never taken back. */
export interface Revocation {
  readonly reason: RevocationReason;
  readonly comment: string | null;
  readonly revokedAt: Date;
  /** The principal's name; null: the service itself. */
  readonly revokedBy: string | null;
}

/** A revocation with the members of its certificate, which a restored database may not know. */
export interface RevokedCertificate extends Revocation {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprintSha256: string;
  readonly cluster: string;
  readonly serialNumber: string;
  readonly issuer: string;
  /** SHA-256 of the issuing CA's certificate, lower-case hex, where it is known. */
  readonly issuerFingerprintSha256: string | null;
  readonly username: string;
  readonly notAfter: Date;
}
