import { isLive, type ApiToken, type Principal } from '../model/principal.js';
import { isApiTokenSecret, secretSha256 } from './api-token-secret.js';
import type { ApiTokenReader } from './api-tokens.js';

/** How long a revocation in another process may go unnoticed here. */
const cacheMilliseconds = 5_000;
const cacheSize = 1_000;

/**
 * Finds the principal behind an API token. A token that was found is believed for at most 5 seconds, unless this
 * process revokes it: `forget` acts at once.
 */
export class ApiTokenAuthenticator {
  readonly #reader: Pick<ApiTokenReader, 'findBySecretSha256'>;
  readonly #clock: () => Date;
  readonly #found = new Map<string, { readonly token: ApiToken; readonly readAt: number }>();
  /** Counts revocations, so that a row that was read before one is not kept after it. */
  #revocations = 0;

  constructor(reader: Pick<ApiTokenReader, 'findBySecretSha256'>, clock: () => Date) {
    this.#reader = reader;
    this.#clock = clock;
  }

  /** The principal; null where the token is malformed, unknown, expired or revoked. */
  async authenticate(secret: string): Promise<Principal | null> {
    if (!isApiTokenSecret(secret)) return null;
    const token = await this.#find(secretSha256(secret));
    if (token === null || !isLive(token, this.#clock())) return null;
    const { id, name, groups, roles, createdBy } = token;
    return { name, groups, roles, createdBy, tokenId: id };
  }

  /** Called when a token has been revoked, before that is answered. */
  forget(tokenId: string): void {
    this.#revocations += 1;
    for (const [sha256, { token }] of this.#found) if (token.id === tokenId) this.#found.delete(sha256);
  }

  async #find(sha256: string): Promise<ApiToken | null> {
    const readAt = this.#clock().getTime();
    const kept = this.#found.get(sha256);
    // A clock that was set back makes the age negative, and the entry worthless.
    if (kept && readAt >= kept.readAt && readAt - kept.readAt < cacheMilliseconds) return kept.token;
    this.#found.delete(sha256);

    const revocations = this.#revocations;
    const token = await this.#reader.findBySecretSha256(sha256);
    if (token === null || revocations !== this.#revocations) return token;
    const [oldest] = this.#found.keys();
    if (this.#found.size >= cacheSize && oldest !== undefined) this.#found.delete(oldest);
    this.#found.set(sha256, { token, readAt });
    return token;
  }
}
