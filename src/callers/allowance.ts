interface AllowanceRules {
  /** So many at once. */
  readonly most: number;
  /** Then one more each time that this has passed. */
  readonly millisecondsForOne: number;
}

/**
 * Says when one more may begin: a few at once, and then one each while. So no minute sees many, and whoever spends them
 * all holds up the next one for moments, not for the rest of a minute.
 */
export class Allowance {
  #left: number;
  #countedAt: number;

  /** `now`: milliseconds. Where the clock is set back, that time gives nothing. */
  constructor(
    private readonly rules: AllowanceRules,
    private readonly now: () => number,
  ) {
    this.#left = rules.most;
    this.#countedAt = now();
  }

  /** Takes one; false where none is left. */
  take(): boolean {
    this.#count();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Takes one that others need less: from a full allowance alone. */
  takeFromFull(): void {
    this.#count();
    if (this.#left === this.rules.most) this.#left -= 1;
  }

  /** The milliseconds until there is one. */
  get wait(): number {
    this.#count();
    return Math.max(0, (1 - this.#left) * this.rules.millisecondsForOne);
  }

  #count(): void {
    const now = this.now();
    const gained = Math.max(0, now - this.#countedAt) / this.rules.millisecondsForOne;
    this.#left = Math.min(this.rules.most, this.#left + gained);
    this.#countedAt = now;
  }
}
