import { availableParallelism } from 'node:os';
import { InspectionBusyError } from '../model/errors.js';
import {
  type InspectionAccount,
  type InspectionContext,
  type InspectionFormat,
  type Upload,
  UploadRefusedError,
} from '@kubepass/inspect';
import {
  type WorkerFailure,
  WorkerEndedError,
  WorkerFailedError,
  WorkersBusyError,
  workerFile,
} from '../workers/thread.js';
import { type WorkerLimits, WorkerPool } from '../workers/worker-pool.js';
import type { InspectionTask, LookUp, MeasuredResult, ToWorker } from './inspect-task.js';

export interface InspectionPoolOptions extends Partial<WorkerLimits> {
  /** The worker's file, which exports `inspectTask`. */
  readonly file?: URL;
  /** Gets the failure of workers that end by themselves. */
  readonly report?: (error: Error) => void;
}

/** The most that inspections may take. `deploy/kubernetes` adds such bounds up for the pod's limit. */
export const inspectionMemory = { threads: 2, heapMegabytes: 128, youngMegabytes: 16 } as const;

/** Inspects in worker threads, so that no upload blocks the event loop. */
export class InspectionPool {
  readonly #pool: WorkerPool;
  readonly #workSeconds: number;

  constructor({ report, ...options }: InspectionPoolOptions = {}) {
    this.#pool = new WorkerPool({
      file: workerFile(import.meta.url, 'inspect-task'),
      task: 'inspectTask',
      waiting: 64,
      waitMilliseconds: 5000,
      startMilliseconds: 10_000,
      workMilliseconds: 2000,
      ...inspectionMemory,
      threads: Math.min(inspectionMemory.threads, availableParallelism()),
      ...options,
      report: ({ failure }) => report?.(new InspectionFailedError(failure)),
    });
    this.#workSeconds = this.#pool.options.workMilliseconds / 1000;
  }

  /**
   * Throws `UploadRefusedError` where the upload exceeds a limit, including the time and memory of a worker,
   * `InspectionBusyError` where too many uploads wait, and `InspectionFailedError`.
   */
  async inspect(
    upload: Upload,
    context: InspectionContext,
    format: InspectionFormat,
    account: InspectionAccount | null = null,
  ): Promise<string> {
    const { result, processorSeconds } = await this.#run(upload, context, format, account).catch((error: unknown) => {
      // A worker that was stopped has told nothing. Its time was up, or its memory, which takes time to fill.
      if (error instanceof WorkerEndedError) account?.spend(this.#workSeconds);
      throw this.#inspectionError(error);
    });
    account?.spend(processorSeconds);
    switch (result.kind) {
      case 'inspected':
        return result.text;
      case 'refused':
        throw new UploadRefusedError(result.reason, result.message);
      case 'failed':
        throw new InspectionFailedError(result.failure);
    }
  }

  /** Ends the workers. Running inspections fail. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  #run(
    upload: Upload,
    context: InspectionContext,
    format: InspectionFormat,
    account: InspectionAccount | null,
  ): Promise<MeasuredResult> {
    const { inventory, ...known } = context;
    const parts = upload.parts.map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) }));
    const task: Omit<InspectionTask, 'port'> = { ...known, upload: { parts, password: upload.password }, format };
    const answer = (question: LookUp): Promise<ToWorker> => inventory(question.fingerprintsSha256).catch(() => null);
    return this.#pool.run<MeasuredResult, LookUp, ToWorker>(
      task,
      { answer, ...(account && { by: account.by, beforeWork: account.mustHaveSome }) },
      // Transfers the copies. The body's own memory may be shared with other buffers.
      parts.map(({ bytes }) => bytes.buffer),
    );
  }

  #inspectionError(error: unknown): unknown {
    if (error instanceof WorkersBusyError) return new InspectionBusyError(error.message);
    if (error instanceof WorkerFailedError) return new InspectionFailedError(error.failure);
    if (error instanceof WorkerEndedError)
      return new UploadRefusedError(
        'TooMuchWork',
        error.exceeded === 'time'
          ? `inspecting it takes more than the ${this.#workSeconds} s of processor time that an upload gets`
          : 'inspecting it takes more memory than an upload gets',
      );
    return error;
  }
}

/** An inspection failed by a bug of ours. The error holds nothing of the upload, so that it can be logged. */
export class InspectionFailedError extends Error {
  override readonly name = 'InspectionFailedError';
  constructor({ name, frames }: WorkerFailure) {
    super(`an inspection ended with ${name}`);
    this.stack = `${this.name}: ${this.message}\n${frames}`;
  }
}
