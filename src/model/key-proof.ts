/** A proof that its sender holds the key of a certificate, with the call that it comes with. */
export interface PresentedProof {
  /** The compact JWS. */
  readonly text: string;
  readonly method: string;
  /** The path and query as they were written. */
  readonly path: string;
  /** The certificate of the path. */
  readonly fingerprintSha256: string;
  /** The URL at which the service was called, by its own account: never from `Host`. */
  readonly address: string;
}

/** The rest of a proof whose signature is verified: it is checked when the body is known. */
export interface VerifiedProof {
  /** The certification request that it is for, SHA-256 of its DER, lower-case hex. */
  readonly csrSha256: string;
  /** SHA-256 of the certificate's fingerprint and `jti`, lower-case hex. */
  readonly idSha256: string;
  /** The username of the certificate, which pays for the call. */
  readonly username: string;
}
