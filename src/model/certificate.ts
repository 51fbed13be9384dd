import type { PublicKeyReference, Renewal } from './certificate-request.js';
import type { InventoryEntry } from '@kubepass/inspect';
import type { RevocationReason } from '@kubepass/x509';

/** A certificate in the inventory of issued identities: the fields that its DER holds. */
export interface Certificate {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprintSha256: string;
  /** Lower-case hex without colons, as many digits as the INTEGER's octets need. */
  readonly serialNumber: string;
  /** RFC 4514-like display form; never parsed back. */
  readonly subject: string;
  readonly issuer: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: PublicKeyReference;
  readonly cluster: string;
  readonly requestId: string;
  /** The names of the principals who asked for it, and who may collect its key. */
  readonly requester: string;
  readonly collector: string;
  readonly der: Uint8Array;
  /** SHA-256 of the issuing CA's certificate, lower-case hex, where it is known. */
  readonly issuerFingerprintSha256: string | null;
  /** True where the certificate was signed but never handed out: its key was lost, or it is not what was approved. */
  readonly orphan: boolean;
  readonly issuedAt: Date;
  /** The certificate that it renews; null where it renews none. */
  readonly renewal: Renewal | null;
  /** The fingerprint of the latest certificate that renews it. It still works until it ends or is revoked. */
  readonly supersededBy: string | null;
  readonly revocation: Revocation | null;
}

/** The states of a certificate. Superseded ones still work. */
export const certificateStatuses = ['valid', 'superseded', 'expired', 'revoked'] as const;
type CertificateStatus = (typeof certificateStatuses)[number];

/** `live`: it works, so it is valid or superseded. */
export const statusFilters = [...certificateStatuses, 'live'] as const;
export type StatusFilter = (typeof statusFilters)[number];

/** `revoked` where it was revoked, whatever else; then `expired`; then `superseded`; else `valid`. */
export function statusOf(
  { revocation, notAfter, supersededBy }: Pick<Certificate, 'revocation' | 'notAfter' | 'supersededBy'>,
  now: Date,
): CertificateStatus {
  if (revocation !== null) return 'revoked';
  if (notAfter <= now) return 'expired';
  return supersededBy === null ? 'valid' : 'superseded';
}

/** A certificate as lists have it: what its DER says, without the DER itself. */
export type ListedCertificate = Omit<Certificate, 'der'>;

/** Selects certificates for a list; a field that is left out selects all. */
export interface CertificateFilter {
  readonly cluster?: string;
  readonly username?: string;
  /** Only usernames that begin with this. */
  readonly usernamePrefix?: string;
  /** The name of the principal who asked for it. */
  readonly requester?: string;
  /** The name of the principal who may collect its key. */
  readonly collector?: string;
  readonly group?: string;
  readonly serialNumber?: string;
  /** SHA-256 of each certificate that the issuing CA had, lower-case hex; without one, nothing matches. */
  readonly issuer?: readonly string[];
  readonly notAfterBefore?: Date;
  readonly notAfterAfter?: Date;
  readonly status?: StatusFilter;
}

/**
 * A filter as a caller writes it: the issuer by its name on the cluster, or by the fingerprint of its certificate.
 * `mine`: only those that the caller asked for or collects.
 */
export type AskedCertificates = Omit<CertificateFilter, 'issuer'> & {
  readonly issuer?: string;
  readonly mine?: 'true';
};

/** Why, when and by whom a certificate was revoked. A revocation is never taken back. */
export interface Revocation {
  readonly reason: RevocationReason;
  readonly comment: string | null;
  readonly revokedAt: Date;
  /** The principal's name; null: the service itself. */
  readonly revokedBy: string | null;
}

/** A revocation with the members of its certificate, which a restored database may not know. */
export type RevokedCertificate = Revocation &
  Pick<
    Certificate,
    'fingerprintSha256' | 'cluster' | 'serialNumber' | 'issuer' | 'issuerFingerprintSha256' | 'username' | 'notAfter'
  >;

/** A certificate of the inventory as an inspection shows it, and the collector, who may read it like its requester. */
export interface InventoryRecord extends InventoryEntry {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprintSha256: string;
  readonly collector: string;
}

export interface InventoryReader {
  /** The records with these fingerprints, in no particular order. */
  find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]>;
}
