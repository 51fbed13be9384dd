import { isLive, type ApiToken, type Principal } from '../model/principal.js';
import { isApiTokenSecret, secretSha256 } from './api-token-secret.js';
import type { ApiTokenReader, ReviewerToken } from './api-tokens.js';
import { ReviewerTokens } from './reviewer-tokens.js';
import { SecretLookUp } from './secret-look-up.js';

type Reader = Pick<ApiTokenReader, 'findBySecretSha256' | 'liveSecretSha256s' | 'liveReviewers'>;

/**
 * Finds the principal behind an API token. A token that was found is believed for at most 5 seconds, unless this
 * process revokes it: `forget` acts at once. A suspect's token is looked up only if it is on the list of live tokens.
 */
export class ApiTokenAuthenticator {
  readonly #clock: () => Date;
  readonly #tokens: SecretLookUp<ApiToken>;
  readonly #reviewers: ReviewerTokens;

  constructor(reader: Reader, clock: () => Date) {
    this.#clock = clock;
    this.#tokens = new SecretLookUp(reader, clock);
    this.#reviewers = new ReviewerTokens((now) => reader.liveReviewers(now), clock);
  }

  /**
   * The principal; null where the token is malformed, unknown, expired or revoked. `isSuspect` tells whether the caller
   * is likely to guess; it is only asked where the token would have to be looked up.
   */
  async authenticate(secret: string, isSuspect: () => boolean = () => false): Promise<Principal | null> {
    if (!isApiTokenSecret(secret)) return null;
    const token = await this.#tokens.find(secretSha256(secret), isSuspect);
    return token === null || !isLive(token, this.#clock()) ? null : principalOf(token);
  }

  /** Reads the reviewers' tokens, so that each of them is known from the first call on. */
  loadReviewers(): Promise<void> {
    return this.#reviewers.load();
  }

  /** The reviewer, from memory; null as in `authenticate`, and for the token of anybody else. Never throws. */
  async authenticateReviewer(secret: string): Promise<Principal | null> {
    if (!isApiTokenSecret(secret)) return null;
    const token = await this.#reviewers.find(secretSha256(secret));
    return token === null || !isLive(token, this.#clock()) ? null : principalOf(token);
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

/** The caller whom a live token authenticates. */
export function principalOf({ id, name, groups, roles, createdBy, expiresAt, cluster }: ApiToken): Principal {
  return { name, groups, roles, method: 'api-token', createdBy, credentialId: id, expiresAt, cluster };
}
