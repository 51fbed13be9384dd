import { parentPort, workerData } from 'node:worker_threads';
import { codeOf } from '@kubepass/x509';
import { BatchWriter, connectForWriting, type StepEnd } from './batch-writer.js';
import { LogMover } from './log-mover.js';
import type { WriterAnswer, WriterQuestion, WriterThreadData } from './sqlite-batches.js';

/** This thread commits SQLite's batches. `ThreadedBatches` starts it and asks it one question at a time. */
const data = workerData as WriterThreadData;

let writer: BatchWriter | null = null;
let logMover: LogMover | null = null;

/** Opens the database. The first batch does this, so a caller learns of a failure as of a failed commit. */
function open(): BatchWriter {
  const database = connectForWriting(data.file, data.busyTimeoutMs);
  logMover = new LogMover(database, data);
  return new BatchWriter(database);
}

function commitOrClose(message: WriterQuestion): WriterAnswer {
  const began = performance.now();
  try {
    if (message === 'close') {
      writer?.close();
      return { ends: [], seconds: 0 };
    }
    writer ??= open();
    // `touch`: the commit writes a page even where the batch changes nothing, to find out whether the disk takes it.
    const ends = writer.commit(message.batch, message.touch).map(sendable);
    return { ends, seconds: (performance.now() - began) / 1000 };
  } catch (error) {
    return { failed: native(error), code: codeOf(error) };
  }
}

/** The end of a step, in a form that another thread can receive; null: the step is committed. */
const sendable = (end: StepEnd): StepEnd => (end !== null && 'error' in end ? { error: native(end.error) } : end);

/** Copies an error into a native `Error`. Another thread receives only the code of an error of SQLite's own class. */
function native<Thrown>(thrown: Thrown): Thrown | Error {
  if (!(thrown instanceof Error)) return thrown;
  const error = new Error(thrown.message);
  error.stack = thrown.stack ?? '';
  return error;
}

async function answer(message: WriterQuestion): Promise<void> {
  // The log mover ends first, so that the writer's connection is the last one to close.
  if (message === 'close') await logMover?.end();
  parentPort?.postMessage(commitOrClose(message));
  // `committed` comes after the answer, so that no caller waits while the log is looked at.
  if (message === 'close') parentPort?.close();
  else logMover?.committed();
}

parentPort?.on('message', (message: WriterQuestion) => void answer(message));
