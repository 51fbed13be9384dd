/** How many times longer than its processor time a task may run, on a machine that has other things to do. */
const patience = 10;

/** The shortest time between two looks. */
const pauseMilliseconds = 10;

/**
 * Measures the processor time of a task, and calls `onEnd` when the task has used its time up. Time on the wall would
 * measure the machine: a thread that waits for a processor does no work. A task that takes no processor time ends after
 * `patience` times as long.
 */
export class WorkClock {
  #timer: NodeJS.Timeout | undefined;
  /** When it last started; how long it has run; and after how long it looks next. All in milliseconds. */
  #since = 0;
  #ran = 0;
  #lookAt: number;
  #from = 0;
  #closed = false;

  constructor(
    private readonly milliseconds: number,
    private readonly onEnd: () => void,
  ) {
    this.#lookAt = milliseconds;
  }

  /** Starts with the full time. */
  begin(): void {
    this.renew();
    this.start();
  }

  start(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#since = performance.now();
    const until = Math.min(this.#lookAt, this.milliseconds * patience);
    this.#timer = setTimeout(() => {
      this.#look();
    }, until - this.#ran);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ran += performance.now() - this.#since;
  }

  /** Stops it for good. */
  close(): void {
    this.stop();
    this.#closed = true;
  }

  /** Stops, and gives the full time again. */
  renew(): void {
    this.stop();
    this.#ran = 0;
    this.#lookAt = this.milliseconds;
    this.#from = timeOfOtherThreads();
  }

  #look(): void {
    this.stop();
    const left = this.milliseconds - (timeOfOtherThreads() - this.#from);
    if (left <= 0 || this.#ran >= this.milliseconds * patience) {
      this.onEnd();
      return;
    }
    this.#lookAt = this.#ran + Math.max(left, pauseMilliseconds);
    this.start();
  }
}

/**
 * The milliseconds of processor time that the process has taken in other threads than this one. They include the
 * threads that collect a worker's garbage and test its primes, which its own processor time leaves out. They also
 * include the other workers: a task gets less processor time beside them, and never less time on the wall.
 */
function timeOfOtherThreads(): number {
  const [all, own] = [process.cpuUsage(), process.threadCpuUsage()];
  return (all.user + all.system - own.user - own.system) / 1000;
}
