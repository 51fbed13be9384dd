import type { Session } from './session.js';

/** The browser is to come back within this time. */
export const loginSeconds = 600;

/**
 * A sign-in that a browser has begun, and keeps until the identity provider sends it back (RFC 6749 section 4.1). Nobody
 * else can finish it.
 */
export interface LoginAttempt {
  /** The name of the issuer in the configuration. */
  readonly issuer: string;
  readonly state: string;
  /** Also says when the attempt was begun. The provider signs it, so nobody makes an attempt younger. */
  readonly nonce: string;
  /** RFC 7636 section 4.1. */
  readonly codeVerifier: string;
  /** Where the browser goes then: a path of this service. */
  readonly returnTo: string;
}

/** The identity provider cannot be asked now, or does not know this service: the person may be right. */
export interface LoginUnavailable {
  readonly outcome: 'unavailable';
  /** For the log alone. */
  readonly message: string;
  readonly retryAfterSeconds: number;
}

export type LoginBegun =
  /** `url`: where the browser signs in. */
  { readonly outcome: 'begun'; readonly url: string; readonly attempt: LoginAttempt } | LoginUnavailable;

export type LoginFinished =
  /** `secret` goes into the browser's cookie, and nowhere else. */
  | { readonly outcome: 'signed-in'; readonly session: Session; readonly secret: string }
  /** `reason` and `message` are for the log alone. They hold no secret. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
  | LoginUnavailable;
