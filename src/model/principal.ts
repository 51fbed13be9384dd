import { belongsToBearer } from './directory.js';

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
 * Why somebody has none of their roles: the directory says that they left, or that somebody else has the name since; or
 * the name is blocked on every cluster.
 */
export const rolesLost = ['left', 'succeeded', 'blocked'] as const;
export type RolesLost = (typeof rolesLost)[number];

/** The authenticated caller of our API, whatever the way in. Principals are compared by name, never by credential. */
export interface Principal extends Requester {
  readonly method: AuthenticationMethod;
  /**
   * Names of the principals who created the caller's credential, directly or through others, oldest first. Empty where
   * nobody did: a person whom an identity provider vouches for has no maker.
   */
  readonly createdBy: readonly string[];
  /** Identifies the credential, for the audit log and for lineage; never the secret. */
  readonly credentialId: string;
  /** The API token with which the session of the caller began; absent for every other caller. */
  readonly tokenId?: string;
  /** When the credential ends; null: when it is revoked. */
  readonly expiresAt: Date | null;
  /** The one cluster that a reviewer is for; null for every other principal. */
  readonly cluster: string | null;
  /** When somebody vouched for the caller; null: that is not known. Absent where no person is named. */
  readonly vouchedAt?: Date | null;
  /** Since when the name is the caller's; absent: it was nobody else's before. */
  readonly nameSince?: Date;
  /** Absent where nothing took the caller's roles. Else such a caller has no role. */
  readonly rolesLost?: RolesLost;
  /** The proof of possession by which the caller came; absent for every other way in. */
  readonly proof?: VerifiedProof;
}

/** How a caller stands to the name now. `nameSince` null: the name was nobody else's. */
export interface Bearing {
  readonly rolesLost: RolesLost | null;
  readonly nameSince: Date | null;
}

/** The bearer of a name. */
export type Bearer = Pick<Principal, 'name' | 'nameSince'>;

/**
 * Whether a name on record is the name of this bearer: both are the same, and the name was theirs when the record was
 * made. So a successor gets nothing of a predecessor. Each comparison of a caller's name with a name on record is made
 * here, and lint refuses other comparisons. `isSamePerson` is the exception: it keeps two people apart, and needs no
 * instant.
 */
export const isNameOf = ({ name, nameSince }: Bearer, recorded: string, madeAt: Date | null): boolean =>
  // eslint-disable-next-line no-restricted-syntax -- the one place
  recorded === name && belongsToBearer(madeAt, nameSince ?? null);

/** The API token behind the caller, who presented it now or when their session began; null: there is none. */
export const tokenIdOf = ({ method, credentialId, tokenId }: Principal): string | null =>
  method === 'api-token' ? credentialId : (tokenId ?? null);

/**
 * Whether the caller is the API server of a cluster, which may ask for access reviews and read what is rendered for it.
 */
export const isReviewer = ({ roles: held }: Pick<Principal, 'roles'>): boolean => held.includes('reviewer');

/** Whether the caller is the connector of an identity provider, which tells of people and groups over SCIM. */
export const isDirectory = ({ roles: held }: Pick<Principal, 'roles'>): boolean => held.includes('directory');

/** Whether the caller is a machine that may do what its one role says, and nothing that is for every role. */
export const isMachine = (principal: Pick<Principal, 'roles'>): boolean =>
  isReviewer(principal) || isDirectory(principal);

/** The principal as it was when it asked. Decisions on the request are made on this, then and later. */
export interface Requester {
  /** The principal's name. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
}

/** An API token without its secret, which is shown once and kept only as a SHA-256. */
export interface ApiToken extends Requester {
  readonly id: string;
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
  /** At most an hour before the newest use; null: nobody has used it. */
  readonly lastUsedAt: Date | null;
}

/** Whether the token authenticates at this instant. */
export const isLive = ({ revokedAt, expiresAt }: Pick<ApiToken, 'revokedAt' | 'expiresAt'>, now: Date): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now);

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
interface VerifiedProof {
  /** The certification request that it is for, SHA-256 of its DER, lower-case hex. */
  readonly csrSha256: string;
  /** SHA-256 of the certificate's fingerprint and `jti`, lower-case hex. */
  readonly idSha256: string;
  /** The username of the certificate, which pays for the call. */
  readonly username: string;
}

/** A caller presents one of these. Nothing of a credential may reach a log line. */
export type Credential =
  /** `Authorization: Bearer`. */
  | { readonly kind: 'bearer'; readonly token: string }
  /** The cookie of a browser that signed in. `isIdle`: nobody uses the browser. */
  | { readonly kind: 'session'; readonly secret: string; readonly isIdle?: true }
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
export type RefusedAuthentication = Extract<Authentication, { readonly outcome: 'refused' }>;

export const refusedFor = (reason: AuthenticationRefusal, message: string): RefusedAuthentication => ({
  outcome: 'refused',
  reason,
  message,
});
