import { LiveTokenHashes } from './live-token-hashes.js';

/** How long a change by another process may go unnoticed here. */
const cacheMilliseconds = 5_000;
const cacheSize = 1_000;
/** More look-ups at the same time than these are taken for guesses. */
const mostLookUps = 50;

/** Finds by the SHA-256 of a secret, lower-case hex. */
export interface SecretReader<Found> {
  findBySecretSha256(secretSha256: string): Promise<Found | null>;
  /** The hashes of all that is live. */
  liveSecretSha256s(now: Date): Promise<readonly string[]>;
}

/**
 * Finds what a secret stands for. A record that was found is believed for at most 5 seconds, unless this process changes it:
 * `forget` acts at once. For a suspect it is looked up only if it is on the list of live hashes.
 */
export class SecretLookUp<Found extends { readonly id: string }> {
  readonly #found = new Map<string, { readonly record: Found; readonly readAt: number }>();
  /** Counts changes, so that a row that was read before one is not kept after it. */
  #changes = 0;
  readonly #live: LiveTokenHashes;
  #lookUps = 0;

  constructor(
    private readonly reader: SecretReader<Found>,
    private readonly clock: () => Date,
  ) {
    this.#live = new LiveTokenHashes((now) => reader.liveSecretSha256s(now), clock);
  }

  /** The record, live or not; null where there is none. `isSuspect` is only asked where it would have to be looked up. */
  async find(sha256: string, isSuspect: () => boolean): Promise<Found | null> {
    const readAt = this.clock().getTime();
    const kept = this.#found.get(sha256);
    // A clock that was set back makes the age negative, and the entry worthless.
    if (kept && readAt >= kept.readAt && readAt - kept.readAt < cacheMilliseconds) return kept.record;
    this.#found.delete(sha256);

    if ((this.#lookUps >= mostLookUps || isSuspect()) && !(await this.#live.has(sha256))) return null;

    const changes = this.#changes;
    const record = await this.#lookUp(sha256);
    if (record === null || changes !== this.#changes) return record;
    const [oldest] = this.#found.keys();
    if (this.#found.size >= cacheSize && oldest !== undefined) this.#found.delete(oldest);
    this.#found.set(sha256, { record, readAt });
    return record;
  }

  /** Called when a record has been changed, before that is answered. */
  forget(id: string): void {
    this.#changes += 1;
    for (const [sha256, { record }] of this.#found) if (record.id === id) this.#found.delete(sha256);
  }

  async #lookUp(sha256: string): Promise<Found | null> {
    this.#lookUps += 1;
    try {
      return await this.reader.findBySecretSha256(sha256);
    } finally {
      this.#lookUps -= 1;
    }
  }
}
