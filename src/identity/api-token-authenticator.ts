import { isLive, type ApiToken, type Principal } from '../model/principal.js';
import { isApiTokenSecret, secretSha256 } from './api-token-secret.js';
import type { ReviewerToken } from './api-tokens.js';
import { isForPeopleAlone } from './permissions.js';
import { ReviewerTokens } from './reviewer-tokens.js';
import { SecretLookUp, type SecretReader } from './secrets.js';

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
