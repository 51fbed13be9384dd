import { parentPort, workerData } from 'node:worker_threads';
import { BatchWriter, connectForWriting, type StepEnd } from './batch-writer.js';
import { LogMover } from './log-mover.js';
import type { WriterAnswer, WriterQuestion, WriterThreadData } from './sqlite-batches.js';

const data = workerData as WriterThreadData;

let writer: BatchWriter | null = null;
let logMover: LogMover | null = null;

function open(): BatchWriter {
  const database = connectForWriting(data.file, data.busyTimeoutMs);
  logMover = new LogMover(database, data);
  return new BatchWriter(database);
}

function tell(message: WriterQuestion): WriterAnswer {
  const began = performance.now();
  try {
    if (message === 'close') {
      writer?.close();
      return { ends: [], seconds: 0 };
    }
    writer ??= open();
    const ends = writer.commit(message.batch, message.touch).map(tellable);
    return { ends, seconds: (performance.now() - began) / 1000 };
  } catch (error) {
    return { failed: native(error), code: error instanceof Error && 'code' in error ? error.code : undefined };
  }
}

const tellable = (end: StepEnd): StepEnd => (end !== null && 'error' in end ? { error: native(end.error) } : end);

/** Copies SQLite's errors into native ones: of its own class of errors, another thread would receive only the code. */
function native<Thrown>(thrown: Thrown): Thrown | Error {
  if (!(thrown instanceof Error)) return thrown;
  const error = new Error(thrown.message);
  error.stack = thrown.stack ?? '';
  return error;
}

async function answer(message: WriterQuestion): Promise<void> {
  if (message === 'close') await logMover?.end();
  parentPort?.postMessage(tell(message));
  if (message === 'close') parentPort?.close();
  else logMover?.committed();
}

parentPort?.on('message', (message: WriterQuestion) => void answer(message));
