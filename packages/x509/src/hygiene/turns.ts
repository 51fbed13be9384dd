/** Too many calls wait for their turn already: back-pressure, not a fault. */
export class TooManyWaitingError extends Error {
  override readonly name = 'TooManyWaitingError';
}

interface TurnLimits {
  /** How many calls work at the same time. */
  readonly atTheSameTime: number;
  /** How many calls may wait for their turn; the next one is rejected. */
  readonly waiting: number;
}

/**
 * Lets a few calls work at the same time; the others wait for their turn. The turns go round those who wait: each gets
 * one, in the order in which their own calls came. And nobody may have more than half of those that wait. So somebody
 * with many calls does not keep others from their turn.
 */
export class Turns {
  #underWay = 0;
  #waitingNow = 0;
  /** By whoever waits; who has the next turn comes first. */
  readonly #waiting = new Map<string | null, (() => void)[]>();

  constructor(private readonly limits: TurnLimits) {}

  /**
   * Answers the result of `work`. `by`: who wants the turn; null: nobody in particular, with no limit of their own.
   * Rejects with `TooManyWaitingError`, without calling `work`, where too many wait already.
   */
  async take<T>(work: () => Promise<T>, by: string | null = null): Promise<T> {
    if (this.#underWay < this.limits.atTheSameTime) this.#underWay += 1;
    else await this.#turn(by);
    try {
      return await work();
    } finally {
      // The next call takes over this turn, so that no newer call overtakes it.
      const next = this.#next();
      if (next) next();
      else this.#underWay -= 1;
    }
  }

  #turn(by: string | null): Promise<void> {
    const { waiting } = this.limits;
    const own = this.#waiting.get(by) ?? [];
    if (this.#waitingNow >= waiting) throw new TooManyWaitingError(`${String(waiting)} are waiting for their turn`);
    if (by !== null && own.length >= Math.ceil(waiting / 2))
      throw new TooManyWaitingError(`${String(own.length)} of one caller are waiting for their turn`);
    this.#waiting.set(by, own);
    this.#waitingNow += 1;
    return new Promise((resolve) => own.push(resolve));
  }

  #next(): (() => void) | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [by, own] = first;
    const next = own.shift();
    this.#waitingNow -= 1;
    // The caller who had a turn goes to the end.
    this.#waiting.delete(by);
    if (own.length > 0) this.#waiting.set(by, own);
    return next;
  }
}
