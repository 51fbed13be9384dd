/** A signed-in browser. Its secret is in the browser's cookie alone; the store keeps the SHA-256 of it. */
export interface Session {
  /** UUIDv7. */
  readonly id: string;
  /** The principal's name. */
  readonly name: string;
  /** The groups that the identity provider told at sign-in, or those of the API token. */
  readonly groups: readonly string[];
  /** The name of the issuer in the configuration that vouched for the person; null where there is a `tokenId`. */
  readonly issuer: string | null;
  /** The API token with which the session began: its bearer is who that token authenticates, as long as it does. */
  readonly tokenId: string | null;
  /** When the person signed in. If an issuer vouched for the person, it is when the issuer made the id token. */
  readonly createdAt: Date;
  /** When it was last used, to the minute: a use that follows soon is not recorded. */
  readonly usedAt: Date;
  /** When it ends however much it is used. */
  readonly expiresAt: Date;
  /** When it was ended; null while nobody has ended it. */
  readonly endedAt: Date | null;
}

/** 256 random bits find a session, as they find an API token. */
export const sessionLimits = {
  /** A session that is not used for so long ends. */
  idleSeconds: 3_600,
  /** A session ends so long after the sign-in, or with its API token. */
  longestSeconds: 43_200,
  /**
   * A name has at most so many sessions. The next sign-in deletes the oldest session and is not refused, because nobody
   * who may sign in must be kept out.
   */
  ofOneName: 100,
} as const;

/** Whether the session authenticates at this instant. */
export const isSessionLive = ({ usedAt, expiresAt, endedAt }: Session, now: Date): boolean =>
  endedAt === null && expiresAt > now && now.getTime() - usedAt.getTime() < sessionLimits.idleSeconds * 1000;

/** How browsers reach the service, and how people sign in with them. */
export interface Browsers {
  /** Whether it is over TLS, which a proxy may terminate. Else sessions count on loopback alone. */
  readonly isTls: boolean;
  /** The origin of its pages, as the configuration knows it; null: that of each call. */
  readonly origin: string | null;
  /** The names of the issuers by which they sign in. */
  readonly issuers: readonly string[];
}

/** The browser is to come back within this time. */
export const loginSeconds = 600;

/**
 * A sign-in that a browser has begun, and keeps until the identity provider sends it back (RFC 6749 section 4.1).
 * Nobody else can finish it.
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
