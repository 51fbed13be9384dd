/** A signed-in browser. Its secret is in the browser's cookie alone; the store keeps the SHA-256 of it. */
export interface Session {
  /** UUIDv7. */
  readonly id: string;
  /** The principal's name. */
  readonly name: string;
  /** The groups that the identity provider told at sign-in. */
  readonly groups: readonly string[];
  /** The name of the issuer in the configuration that vouched for the person. */
  readonly issuer: string;
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
  /** A session ends so long after the sign-in. */
  longestSeconds: 43_200,
} as const;

/** Whether the session authenticates at this instant. */
export const isSessionLive = ({ usedAt, expiresAt, endedAt }: Session, now: Date): boolean =>
  endedAt === null && expiresAt > now && now.getTime() - usedAt.getTime() < sessionLimits.idleSeconds * 1000;
