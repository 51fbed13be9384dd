import type { Authentication, Credential, WayIn } from '../model/authentication.js';
import type { Principal } from '../model/principal.js';

/** Finds out who a caller is, whatever the way in. */
export interface Authenticator extends WayIn<Credential> {
  /** The reviewer behind the token, from memory; null for the token of anybody else. Never throws. */
  authenticateReviewer(token: string): Promise<Principal | null>;
  /**
   * Takes the proof by which this caller came, once, for a call with this DER certification request; null: the call has
   * none. Answers why the proof does not count; null where it does, and for callers who came in another way.
   */
  useProof(principal: Principal, csr: Uint8Array | null): Promise<Authentication | null>;
}
