import type { KeyAlgorithm } from '../pki/key-algorithm.js';

declare const approved: unique symbol;

/** What an approved request fixes for the signer. */
export interface ApprovedFields {
  readonly requestId: string;
  /** The attempt's number, from 1. */
  readonly attempt: number;
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  /** The approved public key as DER SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly expirationSeconds: number;
}

/**
 * A request that policy, and where needed a person, has approved, with everything a signer needs. Only
 * `issuance/` mints one, so that a signer cannot be handed anything else.
 */
export interface ApprovedRequest extends ApprovedFields {
  readonly [approved]: true;
}
