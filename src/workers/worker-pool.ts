import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, type Transferable } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { codeOf, TooManyWaitingError, Turns } from '@kubepass/x509';
import { workerArguments, describeFailure, WorkerEndedError, WorkerFailedError, WorkersBusyError } from './thread.js';
import { WorkClock } from './work-clock.js';
import type { Begun } from './worker-side.js';

export interface WorkerLimits {
  readonly threads: number;
  /** How many tasks may wait for a worker. */
  readonly waiting: number;
  /** How long a task may wait for a worker. */
  readonly waitMilliseconds: number;
  /** How long a thread may take to start. */
  readonly startMilliseconds: number;
  /** The processor time that a worker may take for one task before it is stopped, as `WorkClock` measures it. */
  readonly workMilliseconds: number;
  /** How large a worker's heap may grow before the worker is stopped. */
  readonly heapMegabytes: number;
  /** How much of the heap new objects may occupy. A smaller space is collected more often. */
  readonly youngMegabytes: number;
}

/** The limits that a busy machine reaches without a hostile task. */
export type ThreadTimes = Pick<WorkerLimits, 'waitMilliseconds' | 'startMilliseconds' | 'workMilliseconds'>;

interface WorkerPoolOptions extends WorkerLimits {
  /** The module that a worker runs, and its function that takes a task. */
  readonly file: URL;
  readonly task: string;
  /** Receives the errors of workers that end by themselves. */
  readonly report: (error: WorkerFailedError) => void;
}

interface Conversation<Question, Answer> {
  /** Answers the worker's questions; it never rejects. The task's clock stops meanwhile. */
  readonly answer: (question: Question) => Promise<Answer>;
  /** Whether every answer gives the worker its full time again. */
  readonly renewsTime?: boolean;
  /** The caller who wants the turn, as in `Turns`. */
  readonly by?: string;
  /** Called when the turn has come; the work does not begin where it throws. */
  readonly beforeWork?: () => void;
}

/**
 * Runs tasks in threads, one task per thread at a time. A thread is stopped when its task takes too much time or
 * memory, so that no task blocks others. Threads start when they are needed and end when they are idle.
 */
export class WorkerPool {
  readonly #pool: Piscina;
  /**
   * Piscina's own queue does not limit tasks that can be aborted, and loses them where an abort ends its last worker.
   */
  readonly #turns: Turns;

  constructor(readonly options: WorkerPoolOptions) {
    this.#turns = new Turns({ atTheSameTime: options.threads, waiting: options.waiting });
    this.#pool = new Piscina({
      filename: fileURLToPath(options.file),
      name: options.task,
      minThreads: 0,
      maxThreads: options.threads,
      idleTimeout: 60_000,
      resourceLimits: {
        maxOldGenerationSizeMb: options.heapMegabytes,
        maxYoungGenerationSizeMb: options.youngMegabytes,
      },
      // A worker needs nothing of the service's environment.
      env: {},
      ...workerArguments,
      recordTiming: false,
    });
    this.#pool.on('error', (error) => {
      options.report(new WorkerFailedError(describeFailure(error)));
    });
  }

  /**
   * Runs a task and answers its result. The task receives a port for its questions as `port`. Throws
   * `WorkersBusyError`, `WorkerEndedError` and `WorkerFailedError`.
   */
  async run<Result, Question = never, Answer = never>(
    task: object,
    conversation: Conversation<Question, Answer>,
    transfer: readonly Transferable[] = [],
  ): Promise<Result> {
    const since = performance.now();
    try {
      return await this.#turns.take(async () => {
        if (performance.now() - since > this.options.waitMilliseconds)
          throw new WorkersBusyError('no worker had time for the task');
        conversation.beforeWork?.();
        return (await this.#work(task, conversation, transfer)) as Result;
      }, conversation.by ?? null);
    } catch (error) {
      if (error instanceof TooManyWaitingError) throw new WorkersBusyError('too many tasks wait for a worker');
      throw error;
    }
  }

  /** Stops the workers; tasks under way fail. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #work<Question, Answer>(
    task: object,
    conversation: Conversation<Question, Answer>,
    transfer: readonly Transferable[],
  ): Promise<unknown> {
    const { port1: ours, port2: theirs } = new MessageChannel();
    const abort = new AbortController();
    const end = () => {
      abort.abort();
    };
    const clock = new WorkClock(this.options.workMilliseconds, end);
    const start = { begun: false, timer: setTimeout(end, this.options.startMilliseconds) };
    ours.on('message', (message: Begun | Question) => {
      if (isBegun(message)) {
        start.begun = true;
        clearTimeout(start.timer);
        clock.begin();
      } else void answerOn(ours, message, clock, conversation);
    });
    try {
      return await this.#pool.run(
        { ...task, port: theirs },
        { signal: abort.signal, transferList: [theirs, ...transfer] },
      );
    } catch (error) {
      if (abort.signal.aborted)
        throw start.begun ? new WorkerEndedError('time') : new WorkersBusyError('no worker came up');
      if (isOutOfMemory(error)) throw new WorkerEndedError('memory');
      throw new WorkerFailedError(describeFailure(error));
    } finally {
      clearTimeout(start.timer);
      clock.close();
      ours.close();
    }
  }
}

async function answerOn<Question, Answer>(
  port: MessagePort,
  question: Question,
  clock: WorkClock,
  { answer, renewsTime = false }: Conversation<Question, Answer>,
): Promise<void> {
  clock.stop();
  const found = await answer(question);
  if (renewsTime) clock.renew();
  clock.start();
  port.postMessage(found);
}

const isBegun = (message: unknown): message is Begun =>
  typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'begun';

const isOutOfMemory = (error: unknown): boolean => codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY';
