import type { App } from '../server/types.js';

const minuteMilliseconds = 60_000;
const otherKeys = 'Other';

interface LineLimitOptions {
  /** So many with the same key get a line of their own in a minute. */
  readonly most: number;
  /** Further keys are counted as one, so that the memory has an end. */
  readonly mostKeys: number;
  /** Told at the end of the minute, by key, how many got no line; not called where all of them did. */
  readonly report: (unlogged: ReadonlyMap<string, number>) => void;
}

/**
 * Decides which of many events get a line of their own in the log. The first ones of a minute do, and the minute ends with one
 * line for all others, so that nobody fills a disk. No key crowds out another one.
 */
export class LineLimit {
  #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: LineLimitOptions) {}

  /** Counts an event. Answers whether it gets a line of its own. */
  admits(key: string): boolean {
    const { most, mostKeys } = this.options;
    const counted = this.#counts.has(key) || this.#counts.size < mostKeys ? key : otherKeys;
    const count = (this.#counts.get(counted) ?? 0) + 1;
    this.#counts.set(counted, count);
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, minuteMilliseconds).unref();
    return count <= most;
  }

  /** Ends the minute: reports how many got no line. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { most, report } = this.options;
    const unlogged = new Map([...this.#counts].flatMap(([key, n]) => (n > most ? [[key, n - most] as const] : [])));
    this.#counts = new Map();
    if (unlogged.size > 0) report(unlogged);
  }
}

/** Reports the last ones as well, when the service closes. */
export function untilClosed<Limit extends LineLimit>(app: App, limit: Limit): Limit {
  app.addHook('onClose', async () => limit.flush());
  return limit;
}

/** How many these are together. */
export const totalOf = (unlogged: ReadonlyMap<string, number>): number =>
  unlogged.values().reduce((sum, count) => sum + count, 0);
