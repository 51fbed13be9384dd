import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, type Transferable } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { TooManyWaitingError, Turns } from './turns.js';
import { describeFailure } from './failure.js';
import { WorkClock } from './work-clock.js';
import { workerArguments } from './worker-file.js';
import { WorkerEndedError, WorkerFailedError, WorkersBusyError } from './worker-error.js';
import type { Begun } from './worker-side.js';

export interface WorkerLimits {
  readonly threads: number;
  /** How many tasks may wait for a worker. */
  readonly waiting: number;
  /** How long one of them may. */
  readonly waitMilliseconds: number;
  /** How long a thread may take to come up. */
  readonly startMilliseconds: number;
  /** How long a worker may work on one task before it is ended. */
  readonly workMilliseconds: number;
  /** What a worker may have on its heap before it is ended. */
  readonly heapMegabytes: number;
  /** How much of it may be taken up by what is new: the less, the oftener it is looked through. */
  readonly youngMegabytes: number;
}

export interface WorkerPoolOptions extends WorkerLimits {
  /** The module that a worker runs, and the function of it that takes a task. */
  readonly file: URL;
  readonly task: string;
  /** Told of workers that end by themselves. */
  readonly report: (error: WorkerFailedError) => void;
}

export interface Conversation<Question, Answer> {
  /** Answers what the worker asks; it never rejects. The task's clock stands still meanwhile. */
  readonly answer: (question: Question) => Promise<Answer>;
  /** Every answer gives the worker its whole time again. */
  readonly renewsTime?: boolean;
}

/**
 * Works in threads of their own, which are ended when a task takes too long or too much memory, so that no task keeps
 * anything else waiting. One task a thread at a time; threads come when they are needed and go when idle.
 */
export class WorkerPool {
  readonly #pool: Piscina;
  /** Piscina's own queue does not bound tasks that can be ended, and forgets them where that ends its last worker. */
  readonly #turns: Turns;

  constructor(private readonly options: WorkerPoolOptions) {
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
      // Nothing of the service's environment is a worker's business.
      env: {},
      ...workerArguments,
      recordTiming: false,
    });
    this.#pool.on('error', (error) => {
      options.report(new WorkerFailedError(describeFailure(error)));
    });
  }

  /**
   * What a worker makes of the task, which gets a port to ask over as `port`. Throws `WorkersBusyError`,
   * `WorkerEndedError` and `WorkerFailedError`.
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
        return (await this.#work(task, conversation, transfer)) as Result;
      });
    } catch (error) {
      if (error instanceof TooManyWaitingError) throw new WorkersBusyError('too many tasks wait for a worker');
      throw error;
    }
  }

  /** Ends the workers; what they were at fails. */
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
        clock.start();
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

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
