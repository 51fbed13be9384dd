import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../../model/errors.js';
import { type StoreMeasures, storeUnmeasured } from '../../model/measures.js';
import { startThread, workerFile } from '../../workers/thread.js';
import type { Conflict } from '../steps/statement.js';
import type { Step } from '../steps/step.js';
import type { Batches, Settled } from '../writer/ordered-writer.js';
import { type ExecutableStep, StepPreparation } from '../writer/prepare-step.js';
import type { FailedStatement, StepEnd } from './batch-writer.js';
import { type FlatBatch, flatBatch } from './flat-batch.js';
import { sqliteDialect } from './sqlite-statements.js';

/** Commits flat batches, on this thread or on another. */
export interface FlatBatches {
  commit(batch: FlatBatch, touch: boolean): readonly StepEnd[] | Promise<readonly StepEnd[]>;
  close(): void | Promise<void>;
}

/**
 * Commits batches of steps. Statements and canonical texts are made here, so what commits them needs no types of ours.
 */
export class SqliteBatches implements Batches {
  readonly #preparation = new StepPreparation(sqliteDialect, (step) => step);

  constructor(private readonly batches: FlatBatches) {}

  commit(steps: readonly Step[], touch: boolean): Promise<readonly Settled[]> {
    return this.#preparation.commit(steps, async (executable) => {
      const ends = await this.batches.commit(flatBatch(executable), touch);
      return ends.map((end, i) => settledBy(end, executable[i]?.statements ?? []));
    });
  }

  close(): void | Promise<void> {
    return this.batches.close();
  }
}

const committed: Settled = { result: { committed: true } };

function settledBy(end: StepEnd, statements: ExecutableStep['statements']): Settled {
  if (end === null) return committed;
  return 'error' in end ? end : { result: { committed: false, conflict: conflictOf(statements, end) } };
}

function conflictOf(statements: ExecutableStep['statements'], { statement, taken, found }: FailedStatement): Conflict {
  const { unlessChanged, ifTaken, ifReached } = statements[statement] ?? {};
  const conflict =
    taken !== undefined ? ifTaken?.(taken) : found !== undefined ? ifReached?.conflict(found) : unlessChanged;
  if (conflict === undefined) throw new RangeError('a statement without conflicts met one');
  return conflict;
}

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
 * Commits batches on a thread of its own, so the event loop reads, decides and signs while a batch is written to disk.
 * A thread that ends by itself is replaced for the next batch. The fate of its last batch is not known, so that batch
 * is reported as failed.
 */
export class ThreadedBatches implements FlatBatches {
  #worker: Worker | null = null;
  /** The question that the thread has not answered yet. `OrderedWriter` asks the next question after the answer. */
  #asked: { message: WriterQuestion; resolve(told: WriterAnswer): void; reject(error: Error): void } | null = null;

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
      this.#asked = { message, resolve, reject };
      worker.ref();
      worker.postMessage(message);
    });
  }

  #start(): Worker {
    const worker = startThread(workerFile(import.meta.url, 'writer-thread'), this.data);
    const take = () => {
      const asked = this.#asked;
      this.#asked = null;
      return asked;
    };
    worker.on('message', (told: WriterAnswer) => {
      const asked = take();
      // An idle thread does not keep the process alive. A thread that closes the database does.
      if (asked?.message !== 'close') worker.unref();
      asked?.resolve(told);
    });
    const ended = (cause: unknown) => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      take()?.reject(
        new StoreUnavailableError('the writer ended in a commit, and whether it was made is not known', { cause }),
      );
    };
    worker.on('error', ended).on('exit', ended);
    return worker;
  }
}
