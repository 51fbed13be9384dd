import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { InspectionBusyError } from '../../model/errors.js';
import type { InspectionFormat, Upload } from '../../model/inspection.js';
import { TooManyWaitingError, Turns } from '../../pki/turns.js';
import { UploadRefusedError, type InspectionContext } from '../decoded.js';
import { describeFailure, InspectionFailedError } from '../inspection-failed-error.js';
import type { FromWorker, InspectionTask, TaskResult, ToWorker } from './task.js';

export interface InspectionPoolOptions {
  /** What a worker runs: exports `inspectTask`. */
  readonly file?: URL;
  readonly threads?: number;
  /** How many uploads may wait for a worker. */
  readonly waiting?: number;
  /** How long one of them may. */
  readonly waitMilliseconds?: number;
  /** How long a thread may take to come up. */
  readonly startMilliseconds?: number;
  /** How long a worker may work on one upload before it is ended. */
  readonly workMilliseconds?: number;
  /** What a worker may have on its heap before it is ended. */
  readonly heapMegabytes?: number;
  /** Told of workers that end by themselves. */
  readonly report?: (error: Error) => void;
}

/** From sources a worker needs the loader that its parent has; from the build it needs nothing. */
const fromSources = import.meta.url.endsWith('.ts');
const inspectTaskFile = new URL(fromSources ? './inspect-task.ts' : './inspect-task.js', import.meta.url);

/**
 * Inspects in threads of their own, which are ended when they take too long or too much memory, so that no upload
 * keeps anything else waiting. One upload a thread at a time; threads come when they are needed and go when idle.
 */
export class InspectionPool {
  readonly #pool: Piscina;
  /** Piscina's own queue does not bound tasks that can be ended, and forgets them where that ends its last worker. */
  readonly #turns: Turns;
  readonly #waitMilliseconds: number;
  readonly #startMilliseconds: number;
  readonly #workMilliseconds: number;

  constructor(options: InspectionPoolOptions = {}) {
    const threads = options.threads ?? Math.min(2, availableParallelism());
    this.#turns = new Turns({ atTheSameTime: threads, waiting: options.waiting ?? 64 });
    this.#waitMilliseconds = options.waitMilliseconds ?? 5000;
    this.#startMilliseconds = options.startMilliseconds ?? 10_000;
    this.#workMilliseconds = options.workMilliseconds ?? 2000;
    this.#pool = new Piscina({
      filename: fileURLToPath(options.file ?? inspectTaskFile),
      name: 'inspectTask',
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 60_000,
      resourceLimits: { maxOldGenerationSizeMb: options.heapMegabytes ?? 192, maxYoungGenerationSizeMb: 32 },
      // Nothing of the service's environment is an inspection's business.
      env: {},
      ...(fromSources && { execArgv: ['--import', 'tsx'] }),
      recordTiming: false,
    });
    this.#pool.on('error', (error) => {
      options.report?.(new InspectionFailedError(describeFailure(error)));
    });
  }

  /**
   * Throws `UploadRefusedError` where the upload goes past what is inspected, the time and memory of a worker included,
   * `InspectionBusyError` where too many wait, and `InspectionFailedError`.
   */
  async inspect(upload: Upload, context: InspectionContext, format: InspectionFormat): Promise<string> {
    const since = performance.now();
    let result: TaskResult;
    try {
      result = await this.#turns.take(async () => {
        if (performance.now() - since > this.#waitMilliseconds)
          throw new InspectionBusyError('no worker had time for the upload');
        return this.#run(upload, context, format);
      });
    } catch (error) {
      if (error instanceof TooManyWaitingError) throw new InspectionBusyError('too many uploads wait to be inspected');
      throw error;
    }
    switch (result.kind) {
      case 'inspected':
        return result.text;
      case 'refused':
        throw new UploadRefusedError(result.reason, result.message);
      case 'failed':
        throw new InspectionFailedError(result.failure);
    }
  }

  /** Ends the workers; what they were at fails. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #run(upload: Upload, context: InspectionContext, format: InspectionFormat): Promise<TaskResult> {
    const { port1: ours, port2: theirs } = new MessageChannel();
    const abort = new AbortController();
    const end = () => {
      abort.abort();
    };
    const progress = { begun: false };
    let timer = setTimeout(end, this.#startMilliseconds);
    ours.on('message', (message: FromWorker) => {
      if (message.kind === 'begun') {
        progress.begun = true;
        clearTimeout(timer);
        timer = setTimeout(end, this.#workMilliseconds);
      } else void answer(message.fingerprintsSha256);
    });
    const answer = async (fingerprintsSha256: readonly string[]) => {
      const found: ToWorker = await context.inventory(fingerprintsSha256).catch(() => null);
      ours.postMessage(found);
    };
    const { now, clusters, thresholds } = context;
    const parts = upload.parts.map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) }));
    const task: InspectionTask = {
      upload: { parts, password: upload.password },
      format,
      now,
      clusters,
      thresholds,
      port: theirs,
    };
    try {
      return (await this.#pool.run(task, {
        signal: abort.signal,
        // The copies are the worker's alone: what else shares memory with the body stays here.
        transferList: [theirs, ...parts.map(({ bytes }) => bytes.buffer)],
      })) as TaskResult;
    } catch (error) {
      if (abort.signal.aborted && !progress.begun) throw new InspectionBusyError('no worker came up');
      if (abort.signal.aborted)
        throw new UploadRefusedError(
          'TooMuchWork',
          `inspecting it takes longer than the ${this.#workMilliseconds / 1000} s that an upload gets`,
        );
      if (isOutOfMemory(error))
        throw new UploadRefusedError('TooMuchWork', 'inspecting it takes more memory than an upload gets');
      throw new InspectionFailedError(describeFailure(error));
    } finally {
      clearTimeout(timer);
      ours.close();
    }
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
