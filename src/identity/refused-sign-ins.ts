import type { AuthenticationRefusal } from '../model/principal.js';

/** The refusals of a while. */
export interface RefusalCount {
  readonly refused: number;
  /** How many of them had each reason. */
  readonly reasons: Readonly<Record<AuthenticationRefusal, number>>;
}

/** More reasons than these are counted as one: reasons come from code, but what they say may come from callers. */
const mostReasons = 50;
const otherReasons = 'Other';
const roundMilliseconds = 60_000;

/**
 * Counts the refusals of every way in by their reasons. Once a minute and at the end they are recorded, if there were any:
 * an event for each guess would let guessers fill the audit log.
 */
export class RefusedSignIns {
  #reasons = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly record: (count: RefusalCount) => Promise<void>,
    /** Is told of a recording that failed. It is tried again later. */
    private readonly report: (error: unknown) => void,
  ) {}

  count(reason: AuthenticationRefusal): void {
    this.#add(reason, 1);
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), roundMilliseconds).unref();
  }

  /** Records what has been counted. Never rejects. */
  async flush(): Promise<void> {
    const counted = this.#reasons;
    if (counted.size === 0) return;
    this.#reasons = new Map();
    try {
      const refused = [...counted.values()].reduce((sum, count) => sum + count, 0);
      await this.record({ refused, reasons: Object.fromEntries(counted) });
    } catch (error) {
      for (const [reason, count] of counted) this.#add(reason, count);
      this.report(error);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #add(reason: string, count: number): void {
    const key = this.#reasons.has(reason) || this.#reasons.size < mostReasons ? reason : otherReasons;
    this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + count);
  }
}
