import { setTimeout } from 'node:timers/promises';
import { StoreBusyError, StoreUnavailableError } from '../../model/errors.js';
import { storeUnmeasured, type StoreMeasures, type StoreQueue } from '../../model/measures.js';

/** The result of one item of a batch, or the error with which it alone failed. */
export type Settled<Result> = { readonly result: Result } | { readonly error: Error };

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export interface GroupCommitLimits {
  /** How many items may wait; the next one is rejected. */
  readonly queue: number;
  /** How many items share one commit; this bounds how long the first of them waits for the last. */
  readonly batch: number;
}

/** How long a batch waits while another process holds the database's lock. */
const lockedMilliseconds = 2000;
/** How long to wait before a locked database is tried again, in milliseconds; the event loop is free meanwhile. */
const lookAgainMilliseconds = 50;

/**
 * Commits items in the order of their arrival, one batch at a time; items that arrive meanwhile form the next batch. There
 * is no timer: a batch begins when the previous one has ended or, if none was under way, after the current turn of the
 * event loop.
 */
export class GroupCommit<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  #scheduled = false;
  #closed = false;
  #drained: (() => void)[] = [];
  #failingSince: Date | null = null;

  /**
   * `commitBatch` answers one result per item, in order. If it throws, nothing of the batch is known to be stored; a
   * `StoreUnavailableError` reaches the callers unchanged.
   */
  constructor(
    private readonly commitBatch: (
      items: readonly Item[],
    ) => readonly Settled<Result>[] | Promise<readonly Settled<Result>[]>,
    private readonly limits: GroupCommitLimits,
    private readonly measures: Pick<StoreMeasures, 'committed'> = storeUnmeasured,
  ) {}

  /**
   * Resolves after the commit. Rejects with `StoreBusyError`, unless the item goes `beyondLimit`, or
   * `StoreUnavailableError`.
   */
  add(item: Item, beyondLimit = false): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('the store is closed'));
    if (this.#waiting.length >= this.limits.queue && !beyondLimit)
      return Promise.reject(new StoreBusyError(`${String(this.limits.queue)} steps are waiting to be committed`));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Whether the next item would find room. */
  get hasRoom(): boolean {
    return !this.#closed && this.#waiting.length < this.limits.queue;
  }

  get queue(): StoreQueue {
    return { waiting: this.#waiting.length, limit: this.limits.queue };
  }

  /** The time of the first commit that failed, if every commit since then failed too; else null. */
  get failingSince(): Date | null {
    return this.#failingSince;
  }

  /** Accepts no more items, and resolves when all waiting items are settled. */
  close(): Promise<void> {
    this.#closed = true;
    return new Promise((resolve) => {
      if (this.#waiting.length === 0 && !this.#scheduled) resolve();
      else this.#drained.push(resolve);
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      void this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    let tell: () => void = () => undefined;
    while (this.#waiting.length > 0) {
      const committing = this.#commit(this.#waiting.splice(0, this.limits.batch));
      // The callers of a batch are answered once the next batch is on its way, because their work needs the event loop.
      tell();
      tell = await committing;
    }
    this.#scheduled = false;
    tell();
    if (this.#waiting.length === 0) for (const drained of this.#drained.splice(0)) drained();
  }

  /** Commits a batch, and answers a function that settles its callers' promises. */
  async #commit(batch: readonly Waiting<Item, Result>[]): Promise<() => void> {
    const began = performance.now();
    try {
      const settled = await this.#commitUnlocked(batch.map(({ item }) => item));
      this.#failingSince = null;
      return () => {
        this.#settle(batch, settled);
      };
    } catch (error) {
      this.#failingSince ??= new Date();
      const told =
        error instanceof StoreUnavailableError
          ? error
          : new StoreUnavailableError('the commit failed', { cause: error });
      return () => {
        for (const { reject } of batch) reject(told);
      };
    } finally {
      this.measures.committed(batch.length, (performance.now() - began) / 1000);
    }
  }

  /**
   * Tries the batch again while another process holds the lock, because then nothing of it was done. Once a batch has waited
   * in vain, the batches behind it fail at once, until one works.
   */
  async #commitUnlocked(items: readonly Item[]): Promise<readonly Settled<Result>[]> {
    const end = performance.now() + lockedMilliseconds;
    for (;;) {
      try {
        return await this.commitBatch(items);
      } catch (error) {
        if (!isLocked(error) || this.#failingSince !== null || performance.now() > end) throw error;
      }
      await setTimeout(lookAgainMilliseconds);
    }
  }

  #settle(batch: readonly Waiting<Item, Result>[], settled: readonly Settled<Result>[]): void {
    batch.forEach(({ resolve, reject }, index) => {
      const outcome = settled[index];
      if (outcome === undefined) reject(new StoreUnavailableError('the commit has no outcome'));
      else if ('error' in outcome) reject(outcome.error);
      else resolve(outcome.result);
    });
  }
}

/** SQLITE_BUSY and its extended codes. */
const isLocked = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
