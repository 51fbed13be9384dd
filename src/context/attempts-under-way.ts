import { BoundedMap } from '../model/bounded-map.js';
import { nothingToUndo, type PreparedSigning } from '../signing/signer.js';
import type { CommitResult, Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';

/** The attempts that this process works on, by request. */
export class AttemptsUnderWay {
  readonly #byRequest = new Map<string, Promise<unknown>>();
  readonly #recoveries = new Map<string, number>();
  /** The certificates that this process has put into the inventory last, by fingerprint. */
  readonly inventoried = new BoundedMap<string, true>(10_000);

  has(requestId: string): boolean {
    return this.#byRequest.has(requestId);
  }

  /**
   * Makes the work on a request known until it ends, unless other work takes its place: an attempt that still clears
   * away after its end must not hide the next attempt from recovery. `work` never rejects.
   */
  track(requestId: string, work: Promise<unknown>): Promise<unknown> {
    const tracked: Promise<unknown> = work.finally(() => {
      if (this.#byRequest.get(requestId) === tracked) this.#byRequest.delete(requestId);
    });
    this.#byRequest.set(requestId, tracked);
    return tracked;
  }

  /**
   * Commits a step that may begin an attempt for the request, and makes that known before the commit: others can read
   * the attempt in the database before the commit is answered here, and recovery must not take it for one that was
   * left. `signing`: the attempt's; null where the step begins none. The signing begins beside the commit, unless the
   * commit is likely to fail; where it does fail, the signing's beginning is undone.
   */
  commitBeginning(
    store: Pick<Store, 'writer' | 'hasRoom'>,
    requestId: string,
    step: Step,
    signing: PreparedSigning | null,
  ): Promise<CommitResult> {
    const mayBegin = store.hasRoom();
    const committing = store.writer.commit(step);
    const undo = mayBegin && signing !== null ? signing.begin() : nothingToUndo;
    // One more turn, until the caller has gone on with the attempt and tracks that.
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    const ending = committing.then(({ committed }) => (committed ? turn() : undo()), undo);
    void this.track(requestId, ending);
    return committing;
  }

  /** Tracks the recovery of a request, and counts it for its cluster until it ends. */
  recover(cluster: string, requestId: string, work: Promise<unknown>): Promise<unknown> {
    this.#recoveries.set(cluster, this.recoveriesOf(cluster) + 1);
    const counted = work.finally(() => this.#recoveries.set(cluster, this.recoveriesOf(cluster) - 1));
    return this.track(requestId, counted);
  }

  /** How many requests of the cluster are being recovered. */
  recoveriesOf(cluster: string): number {
    return this.#recoveries.get(cluster) ?? 0;
  }

  /** Waits at most `seconds` for the end of the work on the request, if there is any. */
  async waitForEnd(requestId: string, seconds: number): Promise<void> {
    const running = this.#byRequest.get(requestId);
    if (running) await within(seconds, running);
  }

  /** Waits for the end of all of them. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#byRequest.values());
  }
}

/** The value of the promise, or null where it takes longer than `seconds` or fails (its owner reports the fault). */
export async function within<T>(seconds: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, null);
  });
  try {
    return await Promise.race([promise.catch(() => null), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
