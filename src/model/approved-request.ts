import type { CertificateRequest } from './certificate-request.js';

declare const approved: unique symbol;

/** The fields that approval fixes for the signer. */
export interface ApprovedFields extends Pick<
  CertificateRequest,
  'cluster' | 'username' | 'groups' | 'keyAlgorithm' | 'expirationSeconds'
> {
  readonly requestId: string;
  /** The attempt's number, from 1. */
  readonly attempt: number;
  /** The approved public key as DER SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array;
  /**
   * The PKCS#10 as DER: the caller's, or one made with the generated key; null where that key's signer needs none.
   * It may still be on its way: an intent is recorded without it.
   */
  readonly certificationRequest: Uint8Array | Promise<Uint8Array> | null;
  /** The request probes the cluster, so earlier findings about the cluster do not stop it. */
  readonly probe: boolean;
}

/**
 * A request that policy, and where needed a person, has approved, with everything a signer needs. Only
 * `issuance/` mints one, so that a signer cannot be handed anything else.
 */
export interface ApprovedRequest extends ApprovedFields {
  readonly [approved]: true;
}
