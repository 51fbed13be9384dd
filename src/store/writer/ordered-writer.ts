import { setImmediate, setTimeout } from 'node:timers/promises';
import { codeOf } from '@kubepass/x509';
import { StoreBusyError, StoreUnavailableError } from '../../model/errors.js';
import { storeUnmeasured, type StoreMeasures, type StoreQueue } from '../../model/measures.js';
import type { CommitResult, Step, Writer } from '../steps/step.js';

/** The result of one step of a batch, or the error with which it alone failed. */
export type Settled = { readonly result: CommitResult } | { readonly error: Error };

/** Commits batches of steps, one batch at a time. */
export interface Batches {
  /**
   * Answers the result of each step, in order; throws where nothing of the batch is known to be stored. With `touch`, a
   * commit that changes nothing writes all the same, in order to find out whether the database can write.
   */
  commit(steps: readonly Step[], touch: boolean): readonly Settled[] | Promise<readonly Settled[]>;
  close(): void | Promise<void>;
}

interface WriterLimits {
  /** How many steps may wait; the next one is rejected. */
  readonly queue: number;
  /** How many steps share one commit; this bounds how long the first of them waits for the last. */
  readonly batch: number;
}

interface Waiting {
  readonly step: Step;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: Error) => void;
}

/** How long a batch waits while another process holds the database's lock. */
const lockedMilliseconds = 2000;
/** How long to wait before a locked database is tried again, in milliseconds; the event loop is free meanwhile. */
const lookAgainMilliseconds = 50;

/**
 * The one writer of a store. It commits steps in the order of their arrival, one batch at a time; steps that arrive
 * meanwhile form the next batch. There is no timer: a batch begins when the previous one has ended or, if none was
 * under way, after the current turn of the event loop.
 */
export class OrderedWriter implements Writer {
  #waiting: Waiting[] = [];
  /** Ends when no step waits any more. */
  #committing: Promise<void> | null = null;
  #closed = false;
  #failingSince: Date | null = null;

  /** Nothing else uses `batches`, and the writer closes it. */
  constructor(
    private readonly batches: Batches,
    private readonly limits: WriterLimits,
    private readonly measures: Pick<StoreMeasures, 'committed'> = storeUnmeasured,
  ) {}

  commit(step: Step): Promise<CommitResult> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('the store is closed'));
    // The queue never refuses the outcome of a signature. Their number is bounded by the intents that it accepted.
    if (this.#waiting.length >= this.limits.queue && !endsAttempt(step))
      return Promise.reject(new StoreBusyError(`${String(this.limits.queue)} steps are waiting to be committed`));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  /** Whether a step would be taken now, and the last commit worked. */
  readonly hasRoom = (): boolean =>
    !this.#closed && this.#waiting.length < this.limits.queue && this.#failingSince === null;

  readonly queue = (): StoreQueue => ({ waiting: this.#waiting.length, limit: this.limits.queue });

  /** The time of the first commit that failed, if every commit since then failed too; else null. */
  get failingSince(): Date | null {
    return this.#failingSince;
  }

  /** Lets queued steps finish, then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#committing;
    await this.batches.close();
  }

  async #commitAll(): Promise<void> {
    await setImmediate();
    let tell: () => void = () => undefined;
    while (this.#waiting.length > 0) {
      const committing = this.#commit(this.#waiting.splice(0, this.limits.batch));
      // The callers of a batch are answered once the next batch is on its way, because their work needs the event loop.
      tell();
      tell = await committing;
    }
    this.#committing = null;
    tell();
  }

  /** Commits a batch, and answers a function that settles its callers' promises. */
  async #commit(batch: readonly Waiting[]): Promise<() => void> {
    const began = performance.now();
    try {
      const settled = await this.#commitUnlocked(batch.map(({ step }) => step));
      this.#failingSince = null;
      return () => {
        settle(batch, settled);
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
   * Tries the batch again while another process holds the lock, because then nothing of it was done. Once a batch has
   * waited in vain, the batches behind it fail at once, until one works.
   */
  async #commitUnlocked(steps: readonly Step[]): Promise<readonly Settled[]> {
    const end = performance.now() + lockedMilliseconds;
    for (;;) {
      try {
        return await this.batches.commit(steps, this.#failingSince !== null);
      } catch (error) {
        if (!isLocked(error) || this.#failingSince !== null || performance.now() > end) throw error;
      }
      await setTimeout(lookAgainMilliseconds);
    }
  }
}

function settle(batch: readonly Waiting[], settled: readonly Settled[]): void {
  batch.forEach(({ resolve, reject }, index) => {
    const outcome = settled[index];
    if (outcome === undefined) reject(new StoreUnavailableError('the commit has no outcome'));
    else if ('error' in outcome) reject(outcome.error);
    else resolve(outcome.result);
  });
}

/**
 * Whether the step records the end of an attempt. Such a step is never rejected, because a certificate may be signed.
 */
const endsAttempt = ({ operations }: Step): boolean => operations.some((operation) => operation.endsAttempt === true);

/** SQLITE_BUSY and its extended codes. */
const isLocked = (error: unknown): boolean => codeOf(error)?.startsWith('SQLITE_BUSY') === true;
