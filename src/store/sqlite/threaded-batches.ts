import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../../model/errors.js';
import { storeUnmeasured, type StoreMeasures } from '../../model/measures.js';
import { startThread, workerFile } from '../../workers/thread.js';
import type { StepEnd } from './batch-writer.js';
import type { FlatBatch } from './flat-batch.js';
import type { FlatBatches } from './sqlite-batches.js';

export interface WriterThreadData {
  readonly file: string;
  readonly busyTimeoutMs: number;
}

export type WriterQuestion = { readonly batch: FlatBatch; readonly touch: boolean } | 'close';

/** `code` is sent beside the error, because only an error's name, message and stack reach another thread. */
export type WriterAnswer =
  | { readonly ends: readonly StepEnd[]; /** How long the commit kept the thread busy. */ readonly seconds: number }
  | { readonly failed: unknown; readonly code: unknown };

/**
 * Commits batches on a thread of its own, so the event loop reads, decides and signs while a batch is written to disk. A
 * thread that ends by itself is replaced for the next batch. The fate of its last batch is not known, so that batch is
 * reported as failed.
 */
export class ThreadedBatches implements FlatBatches {
  #worker: Worker | null = null;

  constructor(
    private readonly data: WriterThreadData,
    private readonly measures: Pick<StoreMeasures, 'wrote'> = storeUnmeasured,
  ) {}

  async commit(batch: FlatBatch, touch: boolean): Promise<readonly StepEnd[]> {
    const told = await this.#ask({ batch, touch });
    if ('ends' in told) {
      this.measures.wrote(told.seconds);
      return told.ends;
    }
    const { failed, code } = told;
    throw failed instanceof Error && code !== undefined ? Object.assign(failed, { code }) : failed;
  }

  async close(): Promise<void> {
    if (this.#worker === null) return;
    const ended = once(this.#worker, 'exit').catch(() => undefined);
    await this.#ask('close');
    await ended;
  }

  #ask(message: WriterQuestion): Promise<WriterAnswer> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      worker.postMessage(message);
      const settle = (end: () => void) => {
        worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
        // An idle thread does not keep the process alive; one that closes the database does.
        if (message !== 'close') worker.unref();
        end();
      };
      const onMessage = (told: WriterAnswer) => {
        settle(() => {
          resolve(told);
        });
      };
      const onEnd = (cause: unknown) => {
        settle(() => {
          reject(
            new StoreUnavailableError('the writer ended in a commit, and whether it was made is not known', { cause }),
          );
        });
      };
      worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
      worker.ref();
    });
  }

  #start(): Worker {
    const worker = startThread(workerFile(import.meta.url, 'writer-thread'), this.data);
    const forget = () => {
      if (this.#worker === worker) this.#worker = null;
    };
    worker.on('error', forget).on('exit', forget);
    return worker;
  }
}
