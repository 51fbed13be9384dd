import type { PresentedProof } from './key-proof.js';
import type { Principal } from './principal.js';

/** A caller presents one of these. Nothing of a credential may reach a log line. */
export type Credential =
  /** `Authorization: Bearer`. */
  | { readonly kind: 'bearer'; readonly token: string }
  /** The cookie of a browser that signed in. */
  | { readonly kind: 'session'; readonly secret: string }
  /** The client certificate of a TLS connection whose chain has been verified. */
  | { readonly kind: 'client-certificate'; readonly der: Uint8Array }
  /** A client certificate that TLS did not accept; `why` is its error. */
  | { readonly kind: 'untrusted-certificate'; readonly why: string }
  /** `Authorization: KubepassProof`. */
  | { readonly kind: 'key-proof'; readonly presented: PresentedProof }
  /** An Authorization header that holds no bearer token, or one that is too long. */
  | { readonly kind: 'unreadable' };

/** Why a credential is refused: TitleCase words for the log and for counting, never for the caller. */
export type AuthenticationRefusal = string;

/** The caller, or the reason why it is not known. */
export type Authentication =
  | { readonly outcome: 'authenticated'; readonly principal: Principal }
  /**
   * `message` says to the operator what to mend: `audience "x" is not among …`. It holds no secret, and goes to the log
   * alone, because it would help somebody who guesses.
   */
  | { readonly outcome: 'refused'; readonly reason: AuthenticationRefusal; readonly message: string }
  /**
   * The provider or cluster to ask about the credential cannot be reached. The caller may be right: it is no refusal.
   */
  | { readonly outcome: 'unavailable'; readonly message: string; readonly retryAfterSeconds: number };

/** A way in. Reports refusals as values and never throws for what a caller sends. */
export interface WayIn<Presented> {
  /**
   * A credential that may be good is looked at, whatever others have presented: else it is `unavailable`, and no
   * refusal.
   */
  authenticate(presented: Presented): Promise<Authentication>;
}

export const authenticated = (principal: Principal): Authentication => ({ outcome: 'authenticated', principal });

/** The answer for a credential that is refused. */
export type Refusal = Extract<Authentication, { readonly outcome: 'refused' }>;

export const refusedFor = (reason: AuthenticationRefusal, message: string): Refusal => ({
  outcome: 'refused',
  reason,
  message,
});
