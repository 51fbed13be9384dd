import { PoliciesBusyError } from '../../model/errors.js';
import type { Decision, DecisionFacts } from '../../model/decision.js';
import { WorkerEndedError, WorkerFailedError, WorkersBusyError, workerFile } from '../../workers/thread.js';
import { WorkerPool, type WorkerLimits } from '../../workers/worker-pool.js';
import type { NeededFacts } from '../decide.js';
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
import type { RecordedRequest, Replayed } from '../../model/replay.js';

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

  constructor({ evaluate, replay, report = () => undefined }: DraftPoolOptions = {}) {
    const file = workerFile(import.meta.url, 'draft-worker');
    const common = { file, waitMilliseconds: 5000, startMilliseconds: 10_000, report };
    // One evaluation includes reading the draft. A replay renews its time with every batch.
    const evaluating = { task: 'evaluateDraft', waiting: 16, workMilliseconds: 2000, ...draftMemory.evaluate };
    this.#evaluations = new WorkerPool({ ...common, ...evaluating, ...evaluate });
    const replaying = { task: 'replayDraft', waiting: 0, workMilliseconds: 5000, ...draftMemory.replay };
    this.#replays = new WorkerPool({ ...common, ...replaying, ...replay });
  }

  /**
   * Decides a request under a draft. `factsOf` looks up the facts that the draft needs. `by`: the caller, as in
   * `Turns`. Throws `DraftRefusedError`, `PoliciesBusyError`, and the errors of `factsOf`.
   */
  async evaluate(
    draft: Draft,
    question: DraftQuestion,
    factsOf: (needed: NeededFacts) => Promise<DecisionFacts>,
    by?: string,
  ): Promise<EvaluatedDraft> {
    const seconds = this.#evaluations.options.workMilliseconds / 1000;
    const failed: { with: unknown } = { with: null };
    const answer = ({ needed }: FactsQuestion): Promise<FactsAnswer> =>
      factsOf(needed).catch((error: unknown) => {
        failed.with = error;
        return null;
      });
    const task: Omit<EvaluateTask, 'port'> = { draft, question };
    const result = await this.#evaluations
      .run<DraftResult, FactsQuestion, FactsAnswer>(task, { answer, ...(by !== undefined && { by }) })
      .catch(refusing(busyEvaluating, `deciding under these policies takes more than ${seconds} s of processor time`));
    if (result.kind === 'withoutFacts') throw failed.with;
    if (result.kind !== 'decided') throw refusalOf(result);
    return result;
  }

  /** Opens a session to replay under a draft. Throws `DraftRefusedError`, and `PoliciesBusyError` if one is open. */
  replay(draft: Draft): Promise<ReplaySession> {
    const seconds = this.#replays.options.workMilliseconds / 1000;
    const tooLong = `a batch of requests takes more than ${seconds} s of processor time under these policies`;
    return ReplaySession.open(async (answer) => {
      const task: Omit<ReplayTask, 'port'> = { draft };
      const result = await this.#replays
        .run<DraftResult, BatchQuestion, BatchAnswer>(task, { answer, renewsTime: true })
        .catch(refusing(busyReplaying, tooLong));
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

/** Throws the error of a worker as the caller of a draft is told of it. */
const refusing =
  (busy: () => PoliciesBusyError, tooLong: string) =>
  (error: unknown): never => {
    if (error instanceof WorkersBusyError) throw busy();
    if (!(error instanceof WorkerEndedError)) throw error;
    const tooLarge = 'these policies take more memory than a draft gets';
    throw new DraftRefusedError('TooMuchWork', error.exceeded === 'time' ? tooLong : tooLarge);
  };

/** The error for a result that is not the expected one. */
function refusalOf(result: DraftResult): Error {
  if (result.kind === 'invalid') return invalidDraft(result.errors);
  if (result.kind === 'failed') return new WorkerFailedError(result.failure);
  return new Error(`a draft's worker ended with ${result.kind}`);
}

/** A task of the pool. It asks for batches, and ends with an error or after the answer null. */
type ReplayWork = (answer: (question: BatchQuestion) => Promise<BatchAnswer>) => Promise<void>;

/**
 * Keeps one draft in one worker while requests are replayed under it. It turns the worker's questions round: the owner
 * of the session hands over one batch at a time and gets its results.
 */
export class ReplaySession {
  #digest = '';
  #asked = deferred<BatchQuestion>();
  #give: (batch: BatchAnswer) => void = () => undefined;
  #closing = false;
  /** The reason why the session can replay no more. */
  #ended: Error | null = null;
  readonly #work: Promise<void>;

  private constructor(work: ReplayWork) {
    const endWith = (error: unknown) => {
      this.#ended = error instanceof Error ? error : new Error(String(error));
      this.#asked.reject(this.#ended);
    };
    this.#work = work((question) => this.#answer(question)).then(() => {
      endWith(new Error('the replay has ended'));
    }, endWith);
  }

  /** Resolves when the worker has read the draft. Rejects with the error of the work. */
  static async open(work: ReplayWork): Promise<ReplaySession> {
    const session = new ReplaySession(work);
    session.#digest = (await session.#asked.promise).digest;
    return session;
  }

  /** The digest of the draft. */
  get digest(): string {
    return this.#digest;
  }

  /** The results for the requests, in their order. Rejects with the error of the work. */
  async replay(batch: readonly RecordedRequest[]): Promise<readonly Replayed[]> {
    if (this.#ended !== null) throw this.#ended;
    this.#asked = deferred();
    this.#give(batch);
    return (await this.#asked.promise).replayed;
  }

  /** Lets the worker end after its current batch. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#give(null);
    await this.#work;
  }

  async #answer(question: BatchQuestion): Promise<BatchAnswer> {
    if (this.#closing) return null;
    return new Promise((give) => {
      this.#give = give;
      this.#asked.resolve(question);
    });
  }
}

function deferred<T>(): PromiseWithResolvers<T> {
  const settled = Promise.withResolvers<T>();
  // It may be rejected while nobody awaits it.
  settled.promise.catch(() => undefined);
  return settled;
}
