/** Counts the time that a worker works, and tells when it has had what it gets. It stands still until it is started. */
export class WorkClock {
  #timer: NodeJS.Timeout | undefined;
  #since = 0;
  #left: number;
  #closed = false;

  constructor(
    private readonly milliseconds: number,
    private readonly onEnd: () => void,
  ) {
    this.#left = milliseconds;
  }

  start(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#since = performance.now();
    this.#timer = setTimeout(this.onEnd, this.#left);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#left = Math.max(0, this.#left - (performance.now() - this.#since));
  }

  /** Stops it for good. */
  close(): void {
    this.stop();
    this.#closed = true;
  }

  /** From here on the whole time again. */
  renew(): void {
    this.stop();
    this.#left = this.milliseconds;
  }
}
