/** Too many calls wait for their turn already: back-pressure, not a fault. */
export class TooManyWaitingError extends Error {
  override readonly name = 'TooManyWaitingError';
}

export interface TurnLimits {
  /** How many calls work at the same time. */
  readonly atTheSameTime: number;
  /** How many calls may wait for their turn; the next one is rejected. */
  readonly waiting: number;
}

/** Lets a few calls work at the same time; the others wait for their turn, in the order of their arrival. */
export class Turns {
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly limits: TurnLimits) {}

  /** Answers the result of `work`. Rejects with `TooManyWaitingError`, without calling it, where too many wait already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay < this.limits.atTheSameTime) this.#underWay += 1;
    else if (this.#waiting.length < this.limits.waiting)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else throw new TooManyWaitingError(`${String(this.limits.waiting)} are waiting for their turn`);
    try {
      return await work();
    } finally {
      // The next call takes over this turn, so that no newer call overtakes it.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay -= 1;
    }
  }
}
