import { isLive, type ApiToken, type Principal } from '../model/principal.js';
import { isApiTokenSecret, secretSha256 } from './api-token-secret.js';
import type { ApiTokenReader, ReviewerToken } from './api-tokens.js';
import { LiveTokenHashes } from './live-token-hashes.js';
import { isForPeopleAlone } from './permissions.js';
import { ReviewerTokens } from './reviewer-tokens.js';

/** How long a revocation in another process may go unnoticed here. */
const cacheMilliseconds = 5_000;
const cacheSize = 1_000;
/** More look-ups at the same time than these are taken for guesses. */
const mostLookUps = 50;

type Reader = Pick<ApiTokenReader, 'findBySecretSha256' | 'liveSecretSha256s' | 'liveReviewers'>;

export interface ApiTokenRules {
  /** Whether tokens may hold the roles admin and approver. Break-glass tokens may always. */
  readonly admins: boolean;
  /** Told of each use of a break-glass token before the use goes on, which it does not where this throws. */
  readonly useBreakGlass: (token: ApiToken) => Promise<void>;
}

/**
 * Finds the principal behind an API token. A token that was found is believed for at most 5 seconds, unless this
 * process revokes it: `forget` acts at once. A suspect's token is looked up only if it is on the list of live tokens.
 */
export class ApiTokenAuthenticator {
  readonly #reader: Reader;
  readonly #clock: () => Date;
  readonly #rules: ApiTokenRules;
  readonly #found = new Map<string, { readonly token: ApiToken; readonly readAt: number }>();
  /** Counts revocations, so that a row that was read before one is not kept after it. */
  #revocations = 0;
  readonly #live: LiveTokenHashes;
  readonly #reviewers: ReviewerTokens;
  #lookUps = 0;

  constructor(reader: Reader, clock: () => Date, rules: ApiTokenRules) {
    this.#reader = reader;
    this.#clock = clock;
    this.#rules = rules;
    this.#live = new LiveTokenHashes((now) => reader.liveSecretSha256s(now), clock);
    this.#reviewers = new ReviewerTokens((now) => reader.liveReviewers(now), clock);
  }

  /**
   * The principal; null where the token is malformed, unknown, expired or revoked. `isSuspect` tells whether the caller
   * is likely to guess; it is only asked where the token would have to be looked up.
   */
  async authenticate(secret: string, isSuspect: () => boolean = () => false): Promise<Principal | null> {
    if (!isApiTokenSecret(secret)) return null;
    const token = await this.#find(secretSha256(secret), isSuspect);
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
    this.#revocations += 1;
    this.#reviewers.forget(tokenId);
    for (const [sha256, { token }] of this.#found) if (token.id === tokenId) this.#found.delete(sha256);
  }

  async #find(sha256: string, isSuspect: () => boolean): Promise<ApiToken | null> {
    const readAt = this.#clock().getTime();
    const kept = this.#found.get(sha256);
    // A clock that was set back makes the age negative, and the entry worthless.
    if (kept && readAt >= kept.readAt && readAt - kept.readAt < cacheMilliseconds) return kept.token;
    this.#found.delete(sha256);

    if ((this.#lookUps >= mostLookUps || isSuspect()) && !(await this.#live.has(sha256))) return null;

    const revocations = this.#revocations;
    const token = await this.#lookUp(sha256);
    if (token === null || revocations !== this.#revocations) return token;
    const [oldest] = this.#found.keys();
    if (this.#found.size >= cacheSize && oldest !== undefined) this.#found.delete(oldest);
    this.#found.set(sha256, { token, readAt });
    return token;
  }

  async #lookUp(sha256: string): Promise<ApiToken | null> {
    this.#lookUps += 1;
    try {
      return await this.#reader.findBySecretSha256(sha256);
    } finally {
      this.#lookUps -= 1;
    }
  }
}

/** The caller whom a live token authenticates. It keeps its name where the token has no role left. */
function principalOf(token: ApiToken, { admins }: Pick<ApiTokenRules, 'admins'>): Principal {
  const { id, name, groups, createdBy, expiresAt, cluster, breakGlass } = token;
  const roles = admins || breakGlass ? token.roles : token.roles.filter((role) => !isForPeopleAlone(role));
  return { name, groups, roles, method: 'api-token', createdBy, credentialId: id, expiresAt, cluster };
}
