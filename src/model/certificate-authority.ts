/** What a cluster's CA is known by: a bundle of one or more certificates. */
export interface CertificateAuthority {
  readonly pem: string;
  /** The bundle's certificates, in its order. */
  readonly certificates: readonly CertificateAuthorityCertificate[];
}

export interface CertificateAuthorityCertificate {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprintSha256: string;
  /** Lower-case hex without colons. */
  readonly serialNumber: string;
  /** RFC 4514-like display form; never parsed back. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly der: Uint8Array;
}
