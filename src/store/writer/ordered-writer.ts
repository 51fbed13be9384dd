import type { StoreMeasures, StoreQueue } from '../../model/measures.js';
import { GroupCommit, type GroupCommitLimits, type Settled } from './group-commit.js';
import { endsAttempt, type CommitResult, type Step, type Writer } from '../steps/step.js';

/** Commits batches of steps, one batch at a time. */
export interface Batches {
  /**
   * Answers the result of each step, in order; throws where nothing of the batch is known to be stored. With `touch`, a
   * commit that changes nothing writes all the same, in order to find out whether the database can write.
   */
  commit(
    steps: readonly Step[],
    touch: boolean,
  ): readonly Settled<CommitResult>[] | Promise<readonly Settled<CommitResult>[]>;
  close(): void | Promise<void>;
}

/** The one writer of a store. Many steps share a transaction. */
export class OrderedWriter implements Writer {
  readonly #batches: Batches;
  readonly #steps: GroupCommit<Step, CommitResult>;

  /** Nothing else uses `batches`, and the writer closes it. */
  constructor(batches: Batches, limits: GroupCommitLimits, measures?: Pick<StoreMeasures, 'committed'>) {
    this.#batches = batches;
    this.#steps = new GroupCommit((steps) => batches.commit(steps, this.failingSince !== null), limits, measures);
  }

  commit(step: Step): Promise<CommitResult> {
    // The queue never refuses the outcome of a signature. Their number is bounded by the intents that it accepted.
    return this.#steps.add(step, endsAttempt(step));
  }

  /** Whether a step would be taken now, and the last commit worked. */
  get hasRoom(): boolean {
    return this.#steps.hasRoom && this.failingSince === null;
  }

  get queue(): StoreQueue {
    return this.#steps.queue;
  }

  /** The time of the first commit that failed, if every commit since then failed too; else null. */
  get failingSince(): Date | null {
    return this.#steps.failingSince;
  }

  /** Lets queued steps finish, then closes. */
  async close(): Promise<void> {
    await this.#steps.close();
    await this.#batches.close();
  }
}
