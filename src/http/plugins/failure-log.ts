/** So many failures with the same reason are logged one by one in a minute: enough to see what is going on. */
const mostLogged = 20;
/** More reasons than these are counted as one: reasons come from code, but what they say may come from callers. */
const mostReasons = 50;
const otherReasons = 'Other';
const minuteMilliseconds = 60_000;

/**
 * Decides which failed authentications get a line in the log. The first ones of a minute do. Further ones are counted, and the
 * minute ends with one line for all of them, so that no guesser fills a disk. No reason crowds out another one.
 */
export class FailureLog {
  #failures = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly log: { warn(fields: object, message: string): void }) {}

  /** Counts a failure. Answers whether it gets a line of its own. */
  admits(reason: string): boolean {
    const key = this.#failures.has(reason) || this.#failures.size < mostReasons ? reason : otherReasons;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, minuteMilliseconds).unref();
    return failures <= mostLogged;
  }

  /** Ends the minute: logs how many failures got no line. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const unlogged = [...this.#failures].flatMap(([reason, failures]) =>
      failures > mostLogged ? [[reason, failures - mostLogged] as const] : [],
    );
    this.#failures = new Map();
    if (unlogged.length === 0) return;
    const failures = unlogged.reduce((sum, [, count]) => sum + count, 0);
    this.log.warn(
      { failures, reasons: Object.fromEntries(unlogged) },
      'more authentications failed than were logged one by one',
    );
  }
}
