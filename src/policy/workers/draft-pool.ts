import { PoliciesBusyError } from '../../model/errors.js';
import type { Decision, DecisionFacts } from '../../model/decision.js';
import { WorkerEndedError, WorkerFailedError, WorkersBusyError } from '../../workers/worker-error.js';
import { workerFile } from '../../workers/worker-file.js';
import { WorkerPool, type WorkerLimits } from '../../workers/worker-pool.js';
import type { NeededFacts } from '../needed-facts.js';
import {
  type BatchAnswer,
  type BatchQuestion,
  type Draft,
  type DraftQuestion,
  DraftRefusedError,
  type DraftResult,
  type EvaluateTask,
  type FactsAnswer,
  type FactsQuestion,
  invalidDraft,
  type ReplayTask,
} from './draft.js';
import { ReplaySession } from './replay-session.js';

export interface DraftPoolOptions {
  readonly evaluate?: Partial<WorkerLimits> & { readonly file?: URL };
  readonly replay?: Partial<WorkerLimits> & { readonly file?: URL };
  /** Called when a worker ends unexpectedly. */
  readonly report?: (error: Error) => void;
}

/** The result of an evaluation under a draft. */
export interface EvaluatedDraft {
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly digest: string;
}

/** The most that drafts may take: an evaluation beside a replay. `deploy/kubernetes` counts on it. */
export const draftMemory = {
  evaluate: { threads: 1, heapMegabytes: 96, youngMegabytes: 8 },
  replay: { threads: 1, heapMegabytes: 96, youngMegabytes: 8 },
} as const;

/**
 * Reads drafts and decides under them in worker threads, because a draft may need much time and memory. It runs one
 * replay at a time beside a few evaluations, so that issuing keeps the rest of the machine.
 */
export class DraftPool {
  readonly #evaluations: WorkerPool;
  readonly #replays: WorkerPool;
  readonly #tooLong: { readonly evaluating: string; readonly replaying: string };

  constructor({ evaluate, replay, report = () => undefined }: DraftPoolOptions = {}) {
    // One evaluation includes reading the draft. A replay renews its time with every batch.
    const [evaluateMilliseconds, batchMilliseconds] = [
      evaluate?.workMilliseconds ?? 2000,
      replay?.workMilliseconds ?? 5000,
    ];
    this.#tooLong = {
      evaluating: `deciding under these policies takes longer than the ${evaluateMilliseconds / 1000} s that it gets`,
      replaying: `a batch of requests takes longer under these policies than the ${batchMilliseconds / 1000} s it gets`,
    };
    const common = { waitMilliseconds: 5000, startMilliseconds: 10_000, report };
    this.#evaluations = new WorkerPool({
      file: workerFile(import.meta.url, 'draft-worker'),
      task: 'evaluateDraft',
      waiting: 16,
      ...draftMemory.evaluate,
      ...common,
      ...evaluate,
      workMilliseconds: evaluateMilliseconds,
    });
    this.#replays = new WorkerPool({
      file: workerFile(import.meta.url, 'draft-worker'),
      task: 'replayDraft',
      waiting: 0,
      ...draftMemory.replay,
      ...common,
      ...replay,
      workMilliseconds: batchMilliseconds,
    });
  }

  /**
   * Decides a request under a draft. `factsOf` looks up the facts that the draft needs. `by`: the caller, as in `Turns`. Throws `DraftRefusedError`,
   * `PoliciesBusyError`, and the errors of `factsOf`.
   */
  async evaluate(
    draft: Draft,
    question: DraftQuestion,
    factsOf: (needed: NeededFacts) => Promise<DecisionFacts>,
    by?: string,
  ): Promise<EvaluatedDraft> {
    const failed: { with: unknown } = { with: null };
    const answer = ({ needed }: FactsQuestion): Promise<FactsAnswer> =>
      factsOf(needed).catch((error: unknown) => {
        failed.with = error;
        return null;
      });
    const task: Omit<EvaluateTask, 'port'> = { draft, question };
    const result = await this.#evaluations
      .run<DraftResult, FactsQuestion, FactsAnswer>(task, { answer, ...(by !== undefined && { by }) })
      .catch((error: unknown) => {
        throw draftError(error, busyEvaluating, this.#tooLong.evaluating);
      });
    if (result.kind === 'withoutFacts') throw failed.with;
    if (result.kind !== 'decided') throw refusalOf(result);
    return result;
  }

  /** Opens a session to replay under a draft. Throws `DraftRefusedError`, and `PoliciesBusyError` if one is open. */
  replay(draft: Draft): Promise<ReplaySession> {
    return ReplaySession.open(async (answer) => {
      const task: Omit<ReplayTask, 'port'> = { draft };
      const result = await this.#replays
        .run<DraftResult, BatchQuestion, BatchAnswer>(task, { answer, renewsTime: true })
        .catch((error: unknown) => {
          throw draftError(error, busyReplaying, this.#tooLong.replaying);
        });
      if (result.kind !== 'replayed') throw refusalOf(result);
    });
  }

  /** Ends the workers. Their current tasks fail. */
  async close(): Promise<void> {
    await Promise.all([this.#evaluations.close(), this.#replays.close()]);
  }
}

const busyEvaluating = () => new PoliciesBusyError('too many drafts are waiting to be evaluated; try again', 2);
const busyReplaying = () => new PoliciesBusyError('a replay is under way, and there is one at a time; try later', 30);

function draftError(error: unknown, busy: () => PoliciesBusyError, tooLong: string): unknown {
  if (error instanceof WorkersBusyError) return busy();
  if (!(error instanceof WorkerEndedError)) return error;
  return new DraftRefusedError(
    'TooMuchWork',
    error.exceeded === 'time' ? tooLong : 'these policies take more memory than a draft gets',
  );
}

/** The error for a result that is not the expected one. */
function refusalOf(result: DraftResult): Error {
  if (result.kind === 'invalid') return invalidDraft(result.errors);
  if (result.kind === 'failed') return new WorkerFailedError(result.failure);
  return new Error(`a draft's worker ended with ${result.kind}`);
}
