import type { Role } from './principal.js';

/** An API token without its secret, which is shown once and kept only as a SHA-256. */
export interface ApiToken {
  readonly id: string;
  /** The principal's name. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
  /** Names of the principals behind it, oldest first: who created it, who created that creator's token, and so on. */
  readonly createdBy: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}
