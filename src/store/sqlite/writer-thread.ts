import { parentPort, workerData } from 'node:worker_threads';
import { BatchWriter, connectForWriting } from './batch-writer.js';
import type { Asked, Told, WriterThreadData } from './threaded-batches.js';

const { file, busyTimeoutMs } = workerData as WriterThreadData;

let writer: BatchWriter | null = null;

function tell(message: Asked): Told {
  try {
    if (message === 'close') {
      writer?.close();
      return { settled: [] };
    }
    writer ??= new BatchWriter(connectForWriting(file, busyTimeoutMs));
    return { settled: writer.commit(message.steps, message.touch) };
  } catch (error) {
    return { failed: error, code: error instanceof Error && 'code' in error ? error.code : undefined };
  }
}

parentPort?.on('message', (message: Asked) => {
  parentPort?.postMessage(tell(message));
  if (message === 'close') parentPort?.close();
});
