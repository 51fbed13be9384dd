import type { ApiToken } from '../model/principal.js';
import type { ReviewerToken } from './api-tokens.js';

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
