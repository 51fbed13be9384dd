/**
 * Says when one more fetch may begin: four at once, and then one each 7.5 seconds. So no minute sees more than twelve, and
 * whoever spends them all holds up the next one for seconds, not for the rest of a minute.
 */
export class FetchBudget {
  #left = most;
  #countedAt: number;

  /** `now`: milliseconds on a clock that is never set. */
  constructor(private readonly now: () => number) {
    this.#countedAt = now();
  }

  /** Takes one; false where none is left. */
  take(): boolean {
    this.#count();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Takes one that others need less: from a full budget alone. */
  takeFromFull(): void {
    this.#count();
    if (this.#left === most) this.#left -= 1;
  }

  /** The milliseconds until there is one. */
  get wait(): number {
    this.#count();
    return Math.max(0, (1 - this.#left) * millisecondsForOne);
  }

  #count(): void {
    const now = this.now();
    this.#left = Math.min(most, this.#left + (now - this.#countedAt) / millisecondsForOne);
    this.#countedAt = now;
  }
}

const most = 4;
const millisecondsForOne = 7_500;
