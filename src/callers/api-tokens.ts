import { isDirectory, isReviewer, type ApiToken, type Principal, type Role } from '../model/principal.js';
import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import { whyNotPrincipalName, firstAdminName, whyReservedName } from '../model/name-grammar.js';
import { newId } from '../model/new-id.js';
import { done, refused, type FieldError, type Outcome, type Page, type PageQuery } from '../model/outcome.js';
import { newApiTokenSecret, secretSha256 } from './secrets.js';
import { isForPeopleAlone, whyNotPermitted } from './permissions.js';

/** 90 days. */
const defaultLifeSeconds = 90 * 24 * 60 * 60;
/** A year. */
const longestLifeSeconds = 365 * 24 * 60 * 60;

/** A token with the SHA-256 of its secret, lower-case hex. */
export interface ReviewerToken {
  readonly token: ApiToken;
  readonly secretSha256: string;
}

/** How identity keeps tokens: each change in one commit with its audit event. */
export interface ApiTokenWriter {
  /**
   * `name-taken` where the name is new, and a token, even one that ended, has another name that folds to it; `blocked`
   * where the name, or a principal behind the token, is blocked on every cluster. Nothing is written then.
   */
  create(token: ApiToken, secretSha256: string, event: AuditEventDraft): Promise<'created' | 'name-taken' | 'blocked'>;
  /** False where it was revoked already; nothing is written then. */
  revoke(id: string, at: Date, event: AuditEventDraft): Promise<boolean>;
}

interface ApiTokensContext {
  readonly reader: {
    find(id: string): Promise<ApiToken | null>;
    /** Newest first. */
    list(page: PageQuery): Promise<Page<ApiToken>>;
  };
  readonly writer: ApiTokenWriter;
  /** Told of a reviewer's token, and of a revocation, once it is committed. */
  readonly authenticator: { remember(made: ReviewerToken): void; forget(tokenId: string): void };
  /** Whether tokens may hold the roles admin and approver. */
  readonly admins: boolean;
  /** The names of the configured clusters. */
  readonly clusters: Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
}

export interface ApiTokenAsk {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly roles: readonly Role[];
  /** Default 90 days; at most a year. Null: until it is revoked, for a reviewer alone. */
  readonly expiresInSeconds?: number | null;
  /** The cluster of a reviewer. */
  readonly cluster?: string;
}

/** A new token: the secret is shown once, and only its SHA-256 is kept. */
interface NewlyMadeToken {
  readonly token: ApiToken;
  readonly secret: string;
}

interface MakingOfToken {
  readonly now: Date;
  readonly random: (octets: number) => Buffer;
  /** Default: a new one. */
  readonly secret?: string | undefined;
}

/** Makes the token, without keeping it. `createdBy` is empty where no principal asks, as for the first admin. */
export function makeApiToken(
  ask: ApiTokenAsk,
  createdBy: readonly string[],
  { now, random, secret = newApiTokenSecret(random) }: MakingOfToken,
): NewlyMadeToken & { readonly secretSha256: string } {
  const life = ask.expiresInSeconds === undefined ? defaultLifeSeconds : ask.expiresInSeconds;
  const token: ApiToken = {
    id: newId(now, random),
    name: ask.name,
    groups: ask.groups ?? [],
    roles: ask.roles,
    createdBy,
    createdAt: now,
    expiresAt: life === null ? null : new Date(now.getTime() + life * 1000),
    revokedAt: null,
    cluster: ask.cluster ?? null,
    breakGlass: false,
    lastUsedAt: null,
  };
  return { token, secret, secretSha256: secretSha256(secret) };
}

/** The event that a token which was revoked already is revoked again, because the database was put back. */
export const apiTokenRevokedAgain = (token: ApiToken, at: Date): AuditEventDraft =>
  apiTokenEvent('ApiTokenRevoked', token, at, null);

/** An event about a token; never with its secret. */
export function apiTokenEvent(
  type: 'ApiTokenCreated' | 'ApiTokenRevoked' | 'BreakGlassTokenMade',
  token: ApiToken,
  at: Date,
  principal: string | null,
): AuditEventDraft {
  return auditEvent(type, at, principal, {
    tokenId: token.id,
    name: token.name,
    groups: token.groups,
    roles: token.roles,
    createdBy: token.createdBy,
    expiresAt: token.expiresAt?.toISOString() ?? null,
    ...(token.cluster !== null && { cluster: token.cluster }),
  });
}

/** The use cases on API tokens; all of them are for admins. */
export class ApiTokens {
  constructor(private readonly context: ApiTokensContext) {}

  async create(principal: Principal, ask: ApiTokenAsk): Promise<Outcome<NewlyMadeToken>> {
    const refusal = whyNotPermitted(principal, 'manage-api-tokens');
    if (refusal !== null) return refusal;
    const { clock, random, writer, clusters, authenticator, admins } = this.context;
    const errors = [...errorsOf(ask, admins), ...reviewerErrors(ask, clusters), ...directoryErrors(ask)];
    if (errors.length > 0) return refused({ kind: 'invalid-request', errors });

    const now = clock();
    const { token, secret, secretSha256 } = makeApiToken(ask, lineageOf(principal), { now, random });
    const event = apiTokenEvent('ApiTokenCreated', token, now, principal.name);
    const made = await writer.create(token, secretSha256, event);
    if (made === 'blocked')
      return refused({
        kind: 'not-permitted',
        message: 'the name, or a principal behind this token, is blocked on every cluster: unblock the identity first',
      });
    if (made === 'created') {
      if (isReviewer(token)) authenticator.remember({ token, secretSha256 });
      return done({ token, secret });
    }
    const message = 'is the name of another principal but for case, and people could not tell the two apart';
    return refused({ kind: 'invalid-request', errors: [{ pointer: '/name', message }] });
  }

  async list(principal: Principal, page: PageQuery): Promise<Outcome<Page<ApiToken>>> {
    return whyNotPermitted(principal, 'manage-api-tokens') ?? done(await this.context.reader.list(page));
  }

  /** Acts at once in this process; revoking twice is the same as once. */
  async revoke(principal: Principal, id: string): Promise<Outcome<ApiToken>> {
    const refusal = whyNotPermitted(principal, 'manage-api-tokens');
    if (refusal !== null) return refusal;
    const { clock, reader, writer, authenticator } = this.context;
    const token = await reader.find(id);
    if (token === null) return refused({ kind: 'not-found' });
    if (token.revokedAt !== null) return done(token);

    const now = clock();
    const revoked = await writer.revoke(id, now, apiTokenEvent('ApiTokenRevoked', token, now, principal.name));
    authenticator.forget(id);
    return done(revoked ? { ...token, revokedAt: now } : ((await reader.find(id)) ?? token));
  }
}

/**
 * The principals behind a credential that this principal makes; each name once, so that the list cannot grow without
 * end.
 */
function lineageOf({ name, createdBy }: Principal): readonly string[] {
  return createdBy.includes(name) ? createdBy : [...createdBy, name];
}

function errorsOf(ask: ApiTokenAsk, admins: boolean): readonly FieldError[] {
  const names = [{ pointer: '/name', name: ask.name }];
  for (const [i, name] of (ask.groups ?? []).entries()) names.push({ pointer: `/groups/${i}`, name });
  const errors: FieldError[] = names.flatMap(({ pointer, name }) => {
    const message = whyNotPrincipalName(name);
    return message === null ? [] : [{ pointer, message }];
  });
  // The first admin's token ends, and an admin may make the next one.
  const whyReserved = ask.name === firstAdminName ? null : whyReservedName(ask.name);
  if (whyReserved !== null) errors.push({ pointer: '/name', message: whyReserved });
  errors.push(...roleErrors(ask, admins));
  if ((ask.expiresInSeconds ?? 0) > longestLifeSeconds)
    errors.push({ pointer: '/expiresInSeconds', message: `must be at most ${longestLifeSeconds}` });
  return errors;
}

function roleErrors({ roles }: ApiTokenAsk, admins: boolean): readonly FieldError[] {
  if (roles.length === 0) return [{ pointer: '/roles', message: 'must name at least one role' }];
  if (admins || !roles.some(isForPeopleAlone)) return [];
  const message = 'tokens are neither admin nor approver here: roles in the configuration gives these roles to people';
  return [{ pointer: '/roles', message }];
}

/** A connector of an identity provider does nothing else. */
const directoryErrors = (ask: ApiTokenAsk): readonly FieldError[] =>
  isDirectory(ask) && ask.roles.length > 1 ? [{ pointer: '/roles', message: 'directory goes with no other role' }] : [];

/** A reviewer is the API server of one cluster and nothing else. Its token alone may live until it is revoked. */
function reviewerErrors(ask: ApiTokenAsk, clusters: ApiTokensContext['clusters']): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { cluster, roles, expiresInSeconds } = ask;
  if (!isReviewer(ask)) {
    if (cluster !== undefined) errors.push({ pointer: '/cluster', message: 'goes with the role reviewer' });
    if (expiresInSeconds === null)
      errors.push({ pointer: '/expiresInSeconds', message: 'may be null for the role reviewer alone' });
    return errors;
  }
  if (roles.length > 1) errors.push({ pointer: '/roles', message: 'reviewer goes with no other role' });
  if (cluster === undefined)
    errors.push({ pointer: '/cluster', message: 'is required: the cluster whose API server the reviewer is' });
  else if (!clusters.has(cluster))
    errors.push({
      pointer: '/cluster',
      message: `is not a configured cluster; known are: ${[...clusters.keys()].join(', ')}`,
    });
  return errors;
}
