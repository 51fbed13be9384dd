import type { Settled } from '../writer/group-commit.js';
import type { Batches } from '../writer/ordered-writer.js';
import { StepPreparation, type ExecutableStep, type PreparedStep } from '../writer/prepare-step.js';
import type { CommitResult, Conflict, Step } from '../steps/step.js';
import type { FailedStatement, StepEnd } from './batch-writer.js';
import { flatBatch, type FlatBatch } from './flat-batch.js';
import { sqliteDialect } from './sqlite-statements.js';

/** Commits flat batches, on this thread or on another. */
export interface FlatBatches {
  commit(batch: FlatBatch, touch: boolean): readonly StepEnd[] | Promise<readonly StepEnd[]>;
  close(): void | Promise<void>;
}

/** Commits batches of steps. Statements and canonical texts are made here, so what commits them needs no types of ours. */
export class SqliteBatches implements Batches {
  readonly #preparation = new StepPreparation(sqliteDialect);

  constructor(private readonly batches: FlatBatches) {}

  async commit(steps: readonly Step[], touch: boolean): Promise<readonly Settled<CommitResult>[]> {
    const prepared = steps.map((step) => this.#preparation.prepare(step));
    const ends = await this.batches.commit(flatBatch(prepared.filter(isExecutable)), touch);
    let next = 0;
    return prepared.map((step) => (isExecutable(step) ? this.#settle(step, ends[next++]) : step));
  }

  close(): void | Promise<void> {
    return this.batches.close();
  }

  #settle(step: ExecutableStep, end: StepEnd | undefined): Settled<CommitResult> {
    if (end === undefined) return { error: new Error('the commit has no outcome for the step') };
    if (end === null) {
      this.#preparation.remember(step);
      return committed;
    }
    return 'error' in end ? end : { result: { committed: false, conflict: conflictOf(step, end) } };
  }
}

const committed: Settled<CommitResult> = { result: { committed: true } };

const isExecutable = (step: PreparedStep): step is ExecutableStep => !('error' in step);

function conflictOf({ statements }: ExecutableStep, { statement, taken, found }: FailedStatement): Conflict {
  const { unlessChanged, ifTaken, ifReached } = statements[statement] ?? {};
  const conflict =
    taken !== undefined ? ifTaken?.(taken) : found !== undefined ? ifReached?.conflict(found) : unlessChanged;
  if (conflict === undefined) throw new RangeError('a statement without conflicts met one');
  return conflict;
}
