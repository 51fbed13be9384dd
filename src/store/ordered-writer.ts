import { GroupCommit, type GroupCommitLimits, type Settled } from './group-commit.js';
import { endsAttempt, type CommitResult, type Step, type Writer } from './step.js';

/** What commits batches of steps: a `BatchWriter`, on this thread or on one of its own. */
export interface Batches {
  commit(
    steps: readonly Step[],
    touch: boolean,
  ): readonly Settled<CommitResult>[] | Promise<readonly Settled<CommitResult>[]>;
  close(): void | Promise<void>;
}

/** The one writer of a SQLite store. Many steps share a transaction. */
export class OrderedWriter implements Writer {
  readonly #batches: Batches;
  readonly #steps: GroupCommit<Step, CommitResult>;

  /** `batches` is the writer's alone, and closed by it. */
  constructor(batches: Batches, limits: GroupCommitLimits) {
    this.#batches = batches;
    this.#steps = new GroupCommit((steps) => batches.commit(steps, this.failingSince !== null), limits);
  }

  commit(step: Step): Promise<CommitResult> {
    // The outcome of what was signed is never turned away; there are no more of them than intents that were let in.
    return this.#steps.add(step, endsAttempt(step));
  }

  /** When commits began to fail, if the last one did; null: it worked, or there was none. */
  get failingSince(): Date | null {
    return this.#steps.failingSince;
  }

  /** Lets queued steps finish, then closes. */
  async close(): Promise<void> {
    await this.#steps.close();
    await this.#batches.close();
  }
}
