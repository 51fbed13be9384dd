import { describeFailure, type WorkerFailure } from '../workers/thread.js';
import {
  inspect,
  type InspectionContext,
  type InspectionFormat,
  type InventoryEntry,
  type Upload,
  type UploadRefusalReason,
  UploadRefusedError,
} from '@kubepass/inspect';
import type { MessagePort } from 'node:worker_threads';
import { ask, begin, giveWay } from '../workers/worker-side.js';

giveWay();

/** The task of a worker. It never throws: errors travel as values without messages, which could quote the upload. */
export async function inspectTask(task: InspectionTask): Promise<MeasuredResult> {
  begin(task.port);
  const before = process.threadCpuUsage();
  let elsewhere = 0;
  const spend = (seconds: number) => {
    elsewhere += seconds;
  };
  const result = await inspected(task, spend);
  const { user, system } = process.threadCpuUsage(before);
  return { result, processorSeconds: (user + system) / 1e6 + elsewhere };
}

/** `spend` is told of the seconds on other threads. */
async function inspected(
  { upload, format, port, ...known }: InspectionTask,
  spend: (seconds: number) => void,
): Promise<TaskResult> {
  try {
    const inventory = async (fingerprintsSha256: readonly string[]) => {
      const question: LookUp = { kind: 'lookUp', fingerprintsSha256 };
      const found = await ask<ToWorker>(port, question);
      if (found === null) throw new Error('the inventory cannot be read');
      return found;
    };
    return { kind: 'inspected', text: await inspect(upload, { ...known, inventory }, format, { by: null, spend }) };
  } catch (error) {
    if (error instanceof UploadRefusedError) return { kind: 'refused', reason: error.reason, message: error.message };
    return { kind: 'failed', failure: describeFailure(error) };
  } finally {
    port.close();
  }
}

/** An upload for a worker, with the context of its inspection. */
export interface InspectionTask extends Omit<InspectionContext, 'inventory'> {
  readonly upload: Upload;
  readonly format: InspectionFormat;
  readonly port: MessagePort;
}

/** A worker's question: what does the inventory hold about these certificates? */
export interface LookUp {
  readonly kind: 'lookUp';
  readonly fingerprintsSha256: readonly string[];
}

/** The answer; null where the inventory cannot be read. */
export type ToWorker = ReadonlyMap<string, InventoryEntry> | null;

/** The result, with the processor time that this thread and its tests of RSA moduli took. */
export interface MeasuredResult {
  readonly result: TaskResult;
  readonly processorSeconds: number;
}

type TaskResult =
  | { readonly kind: 'inspected'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: UploadRefusalReason; readonly message: string }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure };
