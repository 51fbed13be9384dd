import { isLive, type ApiToken, type Principal } from '../model/principal.js';
import { isApiTokenSecret, secretSha256, SecretLookUp, type SecretReader } from './secrets.js';
import type { ReviewerToken } from './api-tokens.js';
import { isForPeopleAlone } from './permissions.js';

interface Reader extends SecretReader<ApiToken> {
  /** The reviewers' tokens that are neither revoked nor expired; there are a few for each cluster. */
  liveReviewers(now: Date): Promise<readonly ReviewerToken[]>;
}

export interface ApiTokenRules {
  /** Whether tokens may hold the roles admin and approver. Break-glass tokens may always. */
  readonly admins: boolean;
  /** Told of each use of a break-glass token before the use goes on, which it does not where this throws. */
  readonly useBreakGlass: (token: ApiToken) => Promise<void>;
}

/**
 * Finds the principal behind an API token. A token that was found is believed for at most 5 seconds, unless this
 * process revokes it: `forget` acts at once.
 */
export class ApiTokenAuthenticator {
  readonly #clock: () => Date;
  readonly #rules: ApiTokenRules;
  readonly #tokens: SecretLookUp<ApiToken>;
  readonly #reviewers: ReviewerTokens;

  constructor(reader: Reader, clock: () => Date, rules: ApiTokenRules) {
    this.#clock = clock;
    this.#rules = rules;
    this.#tokens = new SecretLookUp(reader, clock);
    this.#reviewers = new ReviewerTokens((now) => reader.liveReviewers(now), clock);
  }

  /** The principal; null where the token is malformed, unknown, expired or revoked. */
  async authenticate(secret: string): Promise<Principal | null> {
    if (!isApiTokenSecret(secret)) return null;
    const token = await this.#tokens.find(secretSha256(secret));
    if (token === null || !isLive(token, this.#clock())) return null;
    if (token.breakGlass) await this.#rules.useBreakGlass(token);
    return principalOf(token, this.#rules);
  }

  /** Reads the reviewers' tokens, so that each of them is known from the first call on. */
  loadReviewers(): Promise<void> {
    return this.#reviewers.load();
  }

  /** The reviewer, from memory; null as in `authenticate`, and for the token of anybody else. Never throws. */
  async authenticateReviewer(secret: string): Promise<Principal | null> {
    if (!isApiTokenSecret(secret)) return null;
    const token = await this.#reviewers.find(secretSha256(secret));
    return token === null || !isLive(token, this.#clock()) ? null : principalOf(token, this.#rules);
  }

  /** Called when a reviewer's token has been made, before that is answered. */
  remember(made: ReviewerToken): void {
    this.#reviewers.remember(made);
  }

  /** Called when a token has been revoked, before that is answered. */
  forget(tokenId: string): void {
    this.#reviewers.forget(tokenId);
    this.#tokens.forget(tokenId);
  }
}

/** The caller whom a live token authenticates. It keeps its name where the token has no role left. */
function principalOf(token: ApiToken, { admins }: Pick<ApiTokenRules, 'admins'>): Principal {
  const { id, name, groups, createdBy, createdAt: vouchedAt, expiresAt, cluster, breakGlass } = token;
  const roles = admins || breakGlass ? token.roles : token.roles.filter((role) => !isForPeopleAlone(role));
  return { name, groups, roles, method: 'api-token', createdBy, credentialId: id, expiresAt, cluster, vouchedAt };
}

/** How old the list may be before it is read anew. */
const listMilliseconds = 1_000;
/** How long an unknown token waits for the list. Answers of the database may take longer, or never come. */
const waitMilliseconds = 1_000;

/**
 * The tokens of all reviewers, in memory. A cluster's API server asks before each request of its users, so a token that is
 * known is answered for at once, whatever becomes of the database: the list that was read last stays.
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
