import type { VerifiedProof } from './key-proof.js';

/** A principal may hold several roles; `permissions.ts` in identity says what each may do. */
export const roles = ['requester', 'approver', 'auditor', 'admin', 'provisioner', 'reviewer', 'directory'] as const;
export type Role = (typeof roles)[number];

/** A caller with more groups is refused: each decision keeps all of them. */
export const mostPrincipalGroups = 1_000;

/** The ways in: how a caller proves who they are. `key-proof`: by the key of a certificate, in order to renew it. */
export const authenticationMethods = [
  'api-token',
  'oidc',
  'client-certificate',
  'service-account',
  'session',
  'key-proof',
] as const;
type AuthenticationMethod = (typeof authenticationMethods)[number];

/**
 * Why somebody has none of their roles: the directory says that they left, or that somebody else has the name since; or the name
 * is blocked on every cluster.
 */
export const rolesLost = ['left', 'succeeded', 'blocked'] as const;
export type RolesLost = (typeof rolesLost)[number];

/** The authenticated caller of our API, whatever the way in. Principals are compared by name, never by credential. */
export interface Principal {
  readonly name: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
  readonly method: AuthenticationMethod;
  /**
   * Names of the principals who created the caller's credential, directly or through others, oldest first. Empty where
   * nobody did: a person whom an identity provider vouches for has no maker.
   */
  readonly createdBy: readonly string[];
  /** Identifies the credential, for the audit log and for lineage; never the secret. */
  readonly credentialId: string;
  /** When the credential ends; null: when it is revoked. */
  readonly expiresAt: Date | null;
  /** The one cluster that a reviewer is for; null for every other principal. */
  readonly cluster: string | null;
  /**
   * When somebody vouched for the caller; null: that is not known. Absent for sessions, which end when their bearer leaves,
   * and where no person is named.
   */
  readonly vouchedAt?: Date | null;
  /** Absent where nothing took the caller's roles. Else such a caller has no role. */
  readonly rolesLost?: RolesLost;
  /** The proof of possession by which the caller came; absent for every other way in. */
  readonly proof?: VerifiedProof;
}

/** Whether the caller is the API server of a cluster, which may ask for access reviews and read what is rendered for it. */
export const isReviewer = ({ roles: held }: Pick<Principal, 'roles'>): boolean => held.includes('reviewer');

/** Whether the caller is the connector of an identity provider, which tells of people and groups over SCIM. */
export const isDirectory = ({ roles: held }: Pick<Principal, 'roles'>): boolean => held.includes('directory');

/** Whether the caller is a machine that may do what its one role says, and nothing that is for every role. */
export const isMachine = (principal: Pick<Principal, 'roles'>): boolean =>
  isReviewer(principal) || isDirectory(principal);

/** The principal as it was when it asked. Decisions on the request are made on this, then and later. */
export interface Requester {
  readonly name: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
}

/** An API token without its secret, which is shown once and kept only as a SHA-256. */
export interface ApiToken {
  readonly id: string;
  /** The principal's name. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
  /**
   * Names of the principals behind the token, oldest first: its creator, the creator of that one's token, and so on.
   */
  readonly createdBy: readonly string[];
  readonly createdAt: Date;
  /** Null: it lives until it is revoked. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** The one cluster that the token is for; null where it is for none in particular. */
  readonly cluster: string | null;
  /** Whether it lets an admin in where API tokens hold no such role otherwise. */
  readonly breakGlass: boolean;
}

/** Whether the token authenticates at this instant. */
export const isLive = ({ revokedAt, expiresAt }: Pick<ApiToken, 'revokedAt' | 'expiresAt'>, now: Date): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now);
