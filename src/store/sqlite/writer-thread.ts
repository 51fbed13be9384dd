import { parentPort, workerData } from 'node:worker_threads';
import type { Settled } from '../group-commit.js';
import type { CommitResult } from '../step.js';
import { BatchWriter, connectForWriting } from './batch-writer.js';
import type { WriterAnswer, WriterQuestion, WriterThreadData } from './threaded-batches.js';

const { file, busyTimeoutMs } = workerData as WriterThreadData;

let writer: BatchWriter | null = null;

function tell(message: WriterQuestion): WriterAnswer {
  try {
    if (message === 'close') {
      writer?.close();
      return { settled: [] };
    }
    writer ??= new BatchWriter(connectForWriting(file, busyTimeoutMs));
    return { settled: writer.commit(message.steps, message.touch).map(tellable) };
  } catch (error) {
    return { failed: native(error), code: error instanceof Error && 'code' in error ? error.code : undefined };
  }
}

const tellable = (settled: Settled<CommitResult>): Settled<CommitResult> =>
  'error' in settled ? { error: native(settled.error) } : settled;

/** Copies SQLite's errors into native ones: of its own class of errors, another thread would receive only the code. */
function native<Thrown>(thrown: Thrown): Thrown | Error {
  if (!(thrown instanceof Error)) return thrown;
  const error = new Error(thrown.message);
  error.stack = thrown.stack ?? '';
  return error;
}

parentPort?.on('message', (message: WriterQuestion) => {
  parentPort?.postMessage(tell(message));
  if (message === 'close') parentPort?.close();
});
