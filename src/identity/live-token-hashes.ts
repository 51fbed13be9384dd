/** How old the list may be before it is read anew. */
const listMilliseconds = 1_000;

/**
 * The hashes of all live tokens. A single list, at most once a second, answers for any number of guesses, so a guess
 * costs no look-up.
 */
export class LiveTokenHashes {
  #hashes: ReadonlySet<string> = new Set();
  #listedAt = -Infinity;
  #listing: Promise<void> | null = null;

  constructor(
    private readonly list: (now: Date) => Promise<readonly string[]>,
    private readonly clock: () => Date,
  ) {}

  /** Whether a live token has this SHA-256. For a token that another process made it may be false for a second. */
  async has(sha256: string): Promise<boolean> {
    if (this.#hashes.has(sha256)) return true;
    const age = this.clock().getTime() - this.#listedAt;
    // A clock that was set back makes the age negative.
    if (age >= 0 && age < listMilliseconds) return false;
    this.#listing ??= this.#read().finally(() => {
      this.#listing = null;
    });
    await this.#listing;
    return this.#hashes.has(sha256);
  }

  async #read(): Promise<void> {
    const now = this.clock();
    this.#hashes = new Set(await this.list(now));
    this.#listedAt = now.getTime();
  }
}
