import { PoliciesBusyError } from '../../model/errors.js';
import type { Decision, DecisionFacts } from '../../model/decision.js';
import { WorkerEndedError, WorkerFailedError, WorkersBusyError } from '../../workers/worker-error.js';
import { workerFile } from '../../workers/worker-file.js';
import { WorkerPool, type WorkerLimits } from '../../workers/worker-pool.js';
import type { NeededFacts } from '../needed-facts.js';
import { DraftRefusedError, invalidDraft } from './draft-refused-error.js';
import type {
  BatchAnswer,
  BatchQuestion,
  Draft,
  DraftQuestion,
  DraftResult,
  EvaluateTask,
  FactsAnswer,
  FactsQuestion,
  ReplayTask,
} from './draft-task.js';
import { ReplaySession } from './replay-session.js';

export interface DraftPoolOptions {
  readonly evaluate?: Partial<WorkerLimits> & { readonly file?: URL };
  readonly replay?: Partial<WorkerLimits> & { readonly file?: URL };
  /** Told of workers that end by themselves. */
  readonly report?: (error: Error) => void;
}

/** What an evaluation under a draft comes to. */
export interface EvaluatedDraft {
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly digest: string;
}

/**
 * Reads drafts and decides under them in threads of their own: nobody has looked at what they take. One replay at a
 * time, beside a few evaluations: more would take from issuing what issuing needs.
 */
export class DraftPool {
  readonly #evaluations: WorkerPool;
  readonly #replays: WorkerPool;
  readonly #tooLong: { readonly evaluating: string; readonly replaying: string };

  constructor({ evaluate, replay, report = () => undefined }: DraftPoolOptions = {}) {
    // Of one evaluation, reading the draft included; of a batch of requests that are replayed.
    const [evaluateMilliseconds, batchMilliseconds] = [
      evaluate?.workMilliseconds ?? 2000,
      replay?.workMilliseconds ?? 5000,
    ];
    this.#tooLong = {
      evaluating: `deciding under these policies takes longer than the ${evaluateMilliseconds / 1000} s that it gets`,
      replaying: `a batch of requests takes longer under these policies than the ${batchMilliseconds / 1000} s it gets`,
    };
    const common = { waitMilliseconds: 5000, startMilliseconds: 10_000, youngMegabytes: 8, report };
    this.#evaluations = new WorkerPool({
      file: workerFile(import.meta.url, 'evaluate-draft'),
      task: 'evaluateDraft',
      threads: 1,
      waiting: 16,
      heapMegabytes: 128,
      ...common,
      ...evaluate,
      workMilliseconds: evaluateMilliseconds,
    });
    this.#replays = new WorkerPool({
      file: workerFile(import.meta.url, 'replay-draft'),
      task: 'replayDraft',
      threads: 1,
      waiting: 0,
      heapMegabytes: 96,
      ...common,
      ...replay,
      workMilliseconds: batchMilliseconds,
    });
  }

  /**
   * The decision on a request under a draft; `factsOf` is asked for what the draft needs. Throws `DraftRefusedError`,
   * `PoliciesBusyError`, and what `factsOf` throws.
   */
  async evaluate(
    draft: Draft,
    question: DraftQuestion,
    factsOf: (needed: NeededFacts) => Promise<DecisionFacts>,
  ): Promise<EvaluatedDraft> {
    const failed: { with: unknown } = { with: null };
    const answer = ({ needed }: FactsQuestion): Promise<FactsAnswer> =>
      factsOf(needed).catch((error: unknown) => {
        failed.with = error;
        return null;
      });
    const task: Omit<EvaluateTask, 'port'> = { draft, question };
    const result = await this.#evaluations
      .run<DraftResult, FactsQuestion, FactsAnswer>(task, { answer })
      .catch((error: unknown) => {
        throw draftError(error, busyEvaluating, this.#tooLong.evaluating);
      });
    if (result.kind === 'withoutFacts') throw failed.with;
    if (result.kind !== 'decided') throw refusalOf(result);
    return result;
  }

  /** A session to replay under a draft. Throws `DraftRefusedError`, and `PoliciesBusyError` where one is open. */
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

  /** Ends the workers; what they were at fails. */
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

/** Of a result that is not the one that was asked for. */
function refusalOf(result: DraftResult): Error {
  if (result.kind === 'invalid') return invalidDraft(result.errors);
  if (result.kind === 'failed') return new WorkerFailedError(result.failure);
  return new Error(`a draft's worker ended with ${result.kind}`);
}
