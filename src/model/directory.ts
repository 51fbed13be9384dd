/**
 * A person as an identity provider tells of them over SCIM (RFC 7643 4.1). Only these attributes are kept. The
 * directory bounds what policy grants, and grants nothing by itself.
 */
export interface DirectoryUser extends DirectoryUserAttributes {
  readonly id: string;
  /**
   * Identifies the person across renames, so that names from before are known to be theirs. New when the entry's
   * `externalId` changes in any way.
   */
  readonly person: string;
  /** The username and the principal of this person; null where the provider's name is outside our grammar. */
  readonly username: string | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
  /** 1 for a new one; each change adds one. */
  readonly version: number;
  /** Null: it is listed. Else it was deleted or somebody took its name, and it only keeps the name from use. */
  readonly deletedAt: Date | null;
  /** Since when it is not active; null: it is. */
  readonly inactiveSince: Date | null;
  /** The instant of the block that its leaving made; null where it made none, or where it was lifted. */
  readonly blockedAt: Date | null;
  /** The name belonged to somebody else before; null: to nobody whose certificates may still work. */
  readonly reuse: NameReuse | null;
  /**
   * Since when the username is theirs; null: it was nobody else's before. A request, a certificate or a credential from
   * before never is.
   */
  readonly succeededAt: Date | null;
  /** The effects of its last leaving; null where it never left. */
  readonly left: DirectoryLeaving | null;
}

/** The attributes that the provider sets. */
export interface DirectoryUserAttributes {
  /** As the provider writes it. No two listed users have names that fold to the same. */
  readonly userName: string;
  readonly externalId: string | null;
  readonly active: boolean;
  readonly displayName: string | null;
  readonly name: DirectoryName;
  readonly emails: readonly DirectoryEmail[];
}

/** Members that are null were not given. */
export interface DirectoryName {
  readonly formatted: string | null;
  readonly familyName: string | null;
  readonly givenName: string | null;
}

export const noName: DirectoryName = { formatted: null, familyName: null, givenName: null };

export interface DirectoryEmail {
  readonly value: string;
  readonly type: string | null;
  readonly primary: boolean;
}

/** The user who had the name before. */
export interface NameReuse {
  /** The id of the user who had it last. */
  readonly predecessor: string;
  /** Certificates of requests before this instant are the predecessor's. */
  readonly since: Date;
}

/** The access that ended when the person left. Each list has the first items; the rest follows after the commit. */
export interface DirectoryLeaving {
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly cancelledRequests: readonly string[];
  /** Ids of API tokens. */
  readonly revokedTokens: readonly string[];
  /** Ids of API tokens that went on, because without them no admin would be left. */
  readonly keptTokens: readonly string[];
}

export interface DirectoryGroup extends DirectoryGroupAttributes {
  readonly id: string;
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly version: number;
}

export interface DirectoryGroupAttributes {
  /** No two groups have names that fold to the same. */
  readonly displayName: string;
  readonly externalId: string | null;
}

/** A user, as far as it matters who comes into a group and who goes. */
export type DirectoryPerson = Pick<DirectoryUser, 'id' | 'userName' | 'username'>;

/** A user, as far as decisions depend on it. */
export type DirectoryStanding = Pick<
  DirectoryUser,
  'id' | 'username' | 'active' | 'deletedAt' | 'reuse' | 'succeededAt'
>;

/** A user in a group. */
export interface DirectoryMember {
  /** The user's id. */
  readonly id: string;
}

/** A change of who is in a group. It is applied as it is, whatever others change at the same time. */
export type MembershipChange =
  /** Ids that nobody has are left out. */
  | { readonly kind: 'add' | 'remove'; readonly ids: readonly string[] }
  /** Everybody else is taken out. */
  | { readonly kind: 'replace'; readonly ids: readonly string[] };

/** Whether an attribute equals a value; all of a filter's conditions must hold. RFC 7644 3.4.2.2. */
export type UserCondition =
  | { readonly attribute: 'id' | 'userName' | 'externalId' | 'displayName'; readonly value: string }
  | { readonly attribute: 'active'; readonly value: boolean }
  /** An attribute that nobody has, because it is not kept. */
  | { readonly attribute: 'notKept'; readonly value: string }
  /** `type` null: of any type. */
  | { readonly attribute: 'email'; readonly value: string; readonly type: string | null };

export type GroupCondition =
  | { readonly attribute: 'id' | 'displayName' | 'externalId'; readonly value: string }
  /** A user's id. */
  | { readonly attribute: 'member'; readonly value: string };

/** A part of a list by position, as RFC 7644 3.4.2.4 counts. */
export interface DirectoryRange {
  /** 1 for the first. */
  readonly startIndex: number;
  readonly count: number;
}

export interface DirectoryPage<T> {
  readonly items: readonly T[];
  /** The number of all that match. */
  readonly total: number;
}

/** Bounds of what is kept. Longer values are refused. */
export const directoryBounds = {
  /** Characters of a name, an identifier or an address. */
  text: 256,
  emails: 20,
  /** Operations of one PATCH. */
  operations: 1_000,
  /** Members that one call adds or removes. */
  members: 20_000,
  /** Octets of a body. */
  body: 4 * 1024 * 1024,
  /** The same as JSON: so many members with four attributes each. */
  json: { maxDepth: 32, maxValues: 100_000, maxMembers: 1_000 },
  /** Resources of a page. */
  page: 200,
  defaultPage: 100,
  /** Attributes that a caller asks for, or does not want. */
  names: 100,
  /** Conditions of a filter. */
  conditions: 10,
  filter: 2_048,
} as const;

/** The attributes from which a person's username is taken. */
export const usernameAttributes = ['userName', 'emails.work'] as const;
export const groupAttributes = ['externalId', 'displayName'] as const;

/** How the service follows the directory. */
export interface DirectorySettings {
  readonly username: (typeof usernameAttributes)[number];
  /** Clusters that give certificates only to people in the directory. */
  readonly required: readonly string[];
  /** The attribute by which policies name a directory group. */
  readonly groupsBy: (typeof groupAttributes)[number];
  /** Whether the requests of somebody who leaves are cancelled, or wait until they are refused. */
  readonly cancelRequests: boolean;
  /** Whether the API tokens in the name of somebody who leaves are revoked. */
  readonly revokeTokens: boolean;
  /** Whether the tokens that they made for others are revoked too. */
  readonly revokeTokensMade: boolean;
  /** Whether a certificate with a group that its bearer lost is listed, or revoked. */
  readonly onLostGroup: 'list' | 'revoke';
}

export const directoryDefaults: DirectorySettings = {
  username: 'userName',
  required: [],
  groupsBy: 'externalId',
  cancelRequests: true,
  revokeTokens: true,
  revokeTokensMade: false,
  onLostGroup: 'list',
};

/** Whether the person is there and active. */
export const isHere = ({ active, deletedAt }: Pick<DirectoryUser, 'active' | 'deletedAt'>): boolean =>
  active && deletedAt === null;

/**
 * When one of these names was last given to somebody else; null: never. The entry of a bearer who left counts too,
 * because the name does not go back to the predecessor.
 */
export function givenOnAt(standings: readonly Pick<DirectoryUser, 'succeededAt'>[]): Date | null {
  const instants = standings.flatMap(({ succeededAt }) => succeededAt?.getTime() ?? []);
  return instants.length === 0 ? null : new Date(Math.max(...instants));
}

/**
 * Whether a record belongs to the last bearer of its name. A record is a request, a certificate, an approval, a
 * credential, a session or a proof. `madeAt` null: it is not known when the record was made, so it does not belong to
 * the bearer if the name was given to somebody else at any time.
 */
export const belongsToBearer = (madeAt: Date | null, givenOn: Date | null): boolean =>
  givenOn === null || (madeAt !== null && madeAt >= givenOn);

/**
 * A joiner, mover or leaver who is not one yet: for dry runs and replays. Members that are left out are as they are.
 */
export interface SupposedInDirectory {
  readonly active?: boolean;
  /** Directory groups, as policies name them. */
  readonly groups?: readonly string[];
}

/** Supposes this of one username. */
export interface SupposedUser extends SupposedInDirectory {
  readonly username: string;
}
