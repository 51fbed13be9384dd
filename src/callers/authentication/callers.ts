import {
  type Authentication,
  type AuthenticationRefusal,
  authenticated,
  type Credential,
  refusedFor,
  type WayIn,
  type Principal,
  type Bearing,
  isLive,
  type ApiToken,
} from '../../model/principal.js';
import type { KeyProofs } from './key-proofs.js';
import { audiencesOf, memberOf, readJsonWebToken, told } from '../oidc/json-web-token.js';
import type { OidcTokens } from '../oidc/oidc-tokens.js';
import type { ServiceAccounts } from './service-accounts.js';
import { RecordedUses } from '../recorded-uses.js';
import { isApiTokenSecret, secretSha256, SecretLookUp, type SecretReader } from '../secrets.js';
import type { ReviewerToken } from '../api-tokens.js';
import { isForPeopleAlone } from '../permissions.js';

/** The ways in that are configured, besides API tokens, which there always are. */
export interface OtherWaysIn {
  /** JSON Web Tokens: of people, and of service accounts. */
  readonly jsonWebTokens?: WayIn<string>;
  readonly sessions?: { authenticate(secret: string, isIdle?: true): Promise<Authentication> };
  readonly clientCertificates?: WayIn<Uint8Array>;
  readonly keyProofs?: Pick<KeyProofs, 'authenticate' | 'use'>;
}

/** Answers how somebody stands to their name now. For nearly everybody the answer is known at once. */
type BearingNow = (principal: Principal) => Promise<Bearing> | Bearing;

/** One door for all callers: whatever they present, it answers one kind of principal. */
export class Callers implements WayIn<Credential> {
  constructor(
    private readonly apiTokens: Pick<ApiTokenAuthenticator, 'authenticate' | 'authenticateReviewer'>,
    private readonly others: OtherWaysIn,
    /** Is told of each refusal. */
    private readonly refused: Pick<RefusedSignIns, 'count'> = { count: () => undefined },
    private readonly bearingNow: BearingNow = () => ({ rolesLost: null, nameSince: null }),
  ) {}

  async authenticate(credential: Credential): Promise<Authentication> {
    const authentication = await this.#authenticate(credential);
    if (authentication.outcome === 'refused') this.refused.count(authentication.reason);
    return authentication.outcome === 'authenticated' ? this.#asBearer(authentication.principal) : authentication;
  }

  /**
   * Somebody who is blocked or left has no role, although an identity provider vouched for them a moment ago. Somebody
   * who had the name before its bearer has no role either. The bearer gets no record from before the name was theirs.
   */
  #asBearer(principal: Principal): Authentication | Promise<Authentication> {
    const answer = ({ rolesLost, nameSince }: Bearing) =>
      authenticated(
        rolesLost === null && nameSince === null
          ? principal
          : { ...principal, ...(nameSince && { nameSince }), ...(rolesLost && { roles: [], rolesLost }) },
      );
    const bearing = this.bearingNow(principal);
    return bearing instanceof Promise ? bearing.then(answer) : answer(bearing);
  }

  async #authenticate(credential: Credential): Promise<Authentication> {
    const { jsonWebTokens, sessions, clientCertificates, keyProofs } = this.others;
    switch (credential.kind) {
      case 'bearer': {
        if (jsonWebTokens !== undefined && isJsonWebToken(credential.token))
          return jsonWebTokens.authenticate(credential.token);
        const principal = await this.apiTokens.authenticate(credential.token);
        return principal === null
          ? refusedFor('ApiTokenNotLive', 'the API token is malformed, unknown, expired or revoked')
          : authenticated(principal);
      }
      case 'session':
        return sessions?.authenticate(credential.secret, credential.isIdle) ?? noSuchWay('sign-in');
      case 'client-certificate':
        return clientCertificates?.authenticate(credential.der) ?? noSuchWay('client certificates');
      case 'key-proof':
        return keyProofs?.authenticate(credential.presented) ?? noSuchWay('a proof of possession');
      case 'untrusted-certificate':
        return refusedFor('CertificateUntrusted', `the client certificate is not trusted: ${credential.why}`);
      case 'unreadable':
        return refusedFor('Unreadable', 'the Authorization header holds no bearer token, or one that is too long');
    }
  }

  /**
   * Takes the proof by which this caller came, once, for a call with this DER certification request; null: the call has
   * none. Answers why the proof does not count; null where it does, and for callers who came in another way.
   */
  async useProof(principal: Principal, csr: Uint8Array | null): Promise<Authentication | null> {
    if (principal.proof === undefined) return null;
    const refusal = (await this.others.keyProofs?.use(principal, csr)) ?? null;
    if (refusal?.outcome === 'refused') this.refused.count(refusal.reason);
    return refusal;
  }

  /** The reviewer behind the token, from memory; null for the token of anybody else. Never throws. */
  authenticateReviewer(token: string): Promise<Principal | null> {
    return this.apiTokens.authenticateReviewer(token);
  }
}

const noSuchWay = (what: string): Authentication => refusedFor('NotConfigured', `${what} is not configured`);

/**
 * RFC 7515 section 7.1, RFC 7516 section 7.1: their parts stand between full stops, and API tokens contain no full
 * stop.
 */
const isJsonWebToken = (token: string): boolean => token.includes('.');

/**
 * Hands each JSON Web Token to the part that can verify it: to the identity provider that is its issuer, else to the
 * cluster of its audience. Issuer and audience are read from a token that nobody has verified, so they choose, and give
 * no right.
 */
export class JsonWebTokens implements WayIn<string> {
  constructor(
    private readonly issuers: Pick<OidcTokens, 'knows' | 'remembered' | 'verify' | 'closeTo'>,
    private readonly serviceAccounts: Pick<ServiceAccounts, 'knows' | 'authenticate'> | null,
  ) {}

  async authenticate(text: string): Promise<Authentication> {
    const remembered = this.issuers.remembered(text);
    if (remembered !== null) return remembered;
    const token = readJsonWebToken(text);
    if ('outcome' in token) return token;
    const issuer = memberOf(token.claims, 'iss');
    if (typeof issuer === 'string' && this.issuers.knows(issuer)) return this.issuers.verify(token);
    const audiences = audiencesOf(token) ?? [];
    const { serviceAccounts } = this;
    if (serviceAccounts !== null && audiences.some((audience) => serviceAccounts.knows(audience)))
      return serviceAccounts.authenticate(text);
    const nobody =
      `issuer ${told(issuer)} is not among callers.oidc` +
      (serviceAccounts === null ? '' : ', and no audience of the token is among callers.serviceAccounts');
    const close = typeof issuer === 'string' ? this.issuers.closeTo(issuer) : null;
    const hint = close === null ? '' : `; ${told(close)} is, and differs by the slash at its end`;
    return refusedFor('IssuerUnknown', `${nobody}${hint}`);
  }
}

interface Reader extends SecretReader<ApiToken> {
  /** The reviewers' tokens that are neither revoked nor expired; there are a few for each cluster. */
  liveReviewers(now: Date): Promise<readonly ReviewerToken[]>;
  /** The tokens with these ids, live or not. */
  findByIds(ids: readonly string[]): Promise<ReadonlyMap<string, ApiToken>>;
}

export interface ApiTokenRules {
  /** Whether tokens may hold the roles admin and approver. Break-glass tokens may always. */
  readonly admins: boolean;
  /** Told of each use of a break-glass token before the use goes on, which it does not where this throws. */
  readonly useBreakGlass: (token: ApiToken) => Promise<void>;
  /** Records a use. Nobody waits for it. */
  readonly touch: (id: string, at: Date) => Promise<unknown>;
}

/** 59 minutes: so the use on record is no more than an hour older than the newest one. */
const touchMilliseconds = 59 * 60_000;

/**
 * Finds the principal behind an API token. A token that was found is believed for at most 5 seconds, unless this
 * process revokes it: `forget` acts at once.
 */
export class ApiTokenAuthenticator {
  readonly #tokens: SecretLookUp<ApiToken>;
  readonly #byId: SecretLookUp<ApiToken>;
  readonly #reviewers: ReviewerTokens;
  readonly #uses: RecordedUses;

  constructor(
    reader: Reader,
    private readonly clock: () => Date,
    private readonly rules: ApiTokenRules,
  ) {
    this.#tokens = new SecretLookUp((hashes) => reader.findBySecretSha256s(hashes), clock);
    this.#byId = new SecretLookUp((ids) => reader.findByIds(ids), clock);
    this.#reviewers = new ReviewerTokens((now) => reader.liveReviewers(now), clock);
    this.#uses = new RecordedUses(rules.touch, touchMilliseconds);
  }

  /** The principal; null where the token is malformed, unknown, expired or revoked. */
  async authenticate(secret: string): Promise<Principal | null> {
    return isApiTokenSecret(secret) ? this.#presented(await this.#tokens.find(secretSha256(secret))) : null;
  }

  /** The principal behind the token of a session; null where the token is unknown, expired or revoked. */
  async authenticateById(tokenId: string): Promise<Principal | null> {
    return this.#principalOf(await this.#byId.find(tokenId));
  }

  /** As `#principalOf`, for a caller who has the secret: that is a use of the token. */
  async #presented(token: ApiToken | null): Promise<Principal | null> {
    const principal = await this.#principalOf(token);
    if (token !== null && principal !== null) this.#uses.note(token.id, token.lastUsedAt, this.clock());
    return principal;
  }

  /** The caller whom a live token authenticates. It keeps its name where the token has no role left. */
  async #principalOf(token: ApiToken | null): Promise<Principal | null> {
    if (token === null || !isLive(token, this.clock())) return null;
    const { id, name, groups, createdBy, createdAt: vouchedAt, expiresAt, cluster, breakGlass } = token;
    if (breakGlass) await this.rules.useBreakGlass(token);
    const roles = this.rules.admins || breakGlass ? token.roles : token.roles.filter((role) => !isForPeopleAlone(role));
    return { name, groups, roles, method: 'api-token', createdBy, credentialId: id, expiresAt, cluster, vouchedAt };
  }

  /** Reads the reviewers' tokens, so that each of them is known from the first call on. */
  loadReviewers(): Promise<void> {
    return this.#reviewers.load();
  }

  /** The reviewer, from memory; null as in `authenticate`, and for the token of anybody else. Never throws. */
  async authenticateReviewer(secret: string): Promise<Principal | null> {
    if (!isApiTokenSecret(secret)) return null;
    return this.#presented(await this.#reviewers.find(secretSha256(secret)));
  }

  /** Called when a reviewer's token has been made, before that is answered. */
  remember(made: ReviewerToken): void {
    this.#reviewers.remember(made);
  }

  /** Called when a token has been revoked, before that is answered. */
  forget(tokenId: string): void {
    for (const known of [this.#reviewers, this.#tokens, this.#byId]) known.forget(tokenId);
  }
}

/** How old the list may be before it is read anew. */
const listMilliseconds = 1_000;
/** How long an unknown token waits for the list. Answers of the database may take longer, or never come. */
const waitMilliseconds = 1_000;

/**
 * The tokens of all reviewers, in memory. A cluster's API server asks before each request of its users, so a token that
 * is known is answered for at once, whatever becomes of the database: the list that was read last stays.
 */
export class ReviewerTokens {
  #tokens: ReadonlyMap<string, ApiToken> = new Map();
  #readAt = -Infinity;
  #reading: Promise<void> | null = null;
  /** Counts tokens that were made or revoked here, so that a list that was read before one is not kept after it. */
  #changes = 0;

  constructor(
    private readonly list: (now: Date) => Promise<readonly ReviewerToken[]>,
    private readonly clock: () => Date,
  ) {}

  /** Reads the list, at most once a second. Throws where it cannot be read. */
  async load(): Promise<void> {
    const age = this.clock().getTime() - this.#readAt;
    // A clock that was set back makes the age negative.
    if (age >= 0 && age < listMilliseconds) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  /** The token with this SHA-256, also an expired one; null where there is none as far as is known. Never throws. */
  async find(sha256: string): Promise<ApiToken | null> {
    const reading = this.load().catch(() => undefined);
    const known = this.#tokens.get(sha256);
    if (known !== undefined) return known;
    await Promise.race([reading, later(waitMilliseconds)]);
    return this.#tokens.get(sha256) ?? null;
  }

  remember({ token, secretSha256 }: ReviewerToken): void {
    this.#changes += 1;
    this.#tokens = new Map(this.#tokens).set(secretSha256, token);
  }

  forget(tokenId: string): void {
    this.#changes += 1;
    this.#tokens = new Map([...this.#tokens].filter(([, { id }]) => id !== tokenId));
  }

  async #read(): Promise<void> {
    const now = this.clock();
    // Set before the answer: while the database fails, it is asked once a second.
    this.#readAt = now.getTime();
    const changes = this.#changes;
    const tokens = await this.list(now);
    if (changes !== this.#changes) this.#readAt = -Infinity;
    else this.#tokens = new Map(tokens.map(({ token, secretSha256 }) => [secretSha256, token]));
  }
}

const later = (milliseconds: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });

/** The refusals of a while. */
export interface RefusalCount {
  readonly refused: number;
  /** How many of them had each reason. */
  readonly reasons: Readonly<Record<AuthenticationRefusal, number>>;
}

/** More reasons than these are counted as one: reasons come from code, but what they say may come from callers. */
const mostReasons = 50;
const otherReasons = 'Other';
const roundMilliseconds = 60_000;

/**
 * Counts the refusals of every way in by their reasons. Once a minute and at the end they are recorded, if there were
 * any: an event for each guess would let guessers fill the audit log.
 */
export class RefusedSignIns {
  #reasons = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly record: (count: RefusalCount) => Promise<void>,
    /** Is told of a recording that failed. It is tried again later. */
    private readonly report: (error: unknown) => void,
  ) {}

  count(reason: AuthenticationRefusal): void {
    this.#add(reason, 1);
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), roundMilliseconds).unref();
  }

  /** Records what has been counted. Never rejects. */
  async flush(): Promise<void> {
    const counted = this.#reasons;
    if (counted.size === 0) return;
    this.#reasons = new Map();
    try {
      const refused = [...counted.values()].reduce((sum, count) => sum + count, 0);
      await this.record({ refused, reasons: Object.fromEntries(counted) });
    } catch (error) {
      for (const [reason, count] of counted) this.#add(reason, count);
      this.report(error);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #add(reason: string, count: number): void {
    const key = this.#reasons.has(reason) || this.#reasons.size < mostReasons ? reason : otherReasons;
    this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + count);
  }
}
