import { setTimeout } from 'node:timers/promises';
import { StoreBusyError, StoreUnavailableError } from '../model/errors.js';

/** What became of one item of a batch: its result, or why it alone failed. */
export type Settled<Result> = { readonly result: Result } | { readonly error: Error };

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export interface GroupCommitLimits {
  /** How many may wait; the next one is turned away. */
  readonly queue: number;
  /** How many share one commit, which bounds how long the first of them waits for the last. */
  readonly batch: number;
}

/** How long a batch waits while another process holds the database's lock. */
const lockedMilliseconds = 2000;
/** Between two looks at a database that is locked the event loop is free for this long, in milliseconds. */
const lookAgainMilliseconds = 50;

/**
 * Commits what arrives in the order it arrives, many at once: one batch at a time, everything that comes meanwhile goes
 * into the next. There is no timer: a batch begins when the one before is through, or else when the event loop has handed
 * over what it had at hand.
 */
export class GroupCommit<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  #scheduled = false;
  #closed = false;
  #drained: (() => void)[] = [];
  #failingSince: Date | null = null;

  /**
   * `commitBatch` answers one result per item, in order. Where it throws, nothing of the batch is known to be stored;
   * a `StoreUnavailableError` is handed on as it is.
   */
  constructor(
    private readonly commitBatch: (
      items: readonly Item[],
    ) => readonly Settled<Result>[] | Promise<readonly Settled<Result>[]>,
    private readonly limits: GroupCommitLimits,
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

  /** When the first of the commits failed that have failed in a row until now; null: the last one worked. */
  get failingSince(): Date | null {
    return this.#failingSince;
  }

  /** Takes nothing more; resolves when everything that waits is settled. */
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
      // Those of the batch before are told once the next is on its way: what they do then needs the event loop.
      tell();
      tell = await committing;
    }
    this.#scheduled = false;
    tell();
    if (this.#waiting.length === 0) for (const drained of this.#drained.splice(0)) drained();
  }

  /** Commits a batch, and answers what tells those who wait for it. */
  async #commit(batch: readonly Waiting<Item, Result>[]): Promise<() => void> {
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
    }
  }

  /**
   * Where another process holds the lock the batch is tried again, between which the event loop is free: nothing of it
   * was done. Once a batch has waited in vain those behind it are told at once, until one works.
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

/** SQLite's own code, and those that say more. */
const isLocked = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
