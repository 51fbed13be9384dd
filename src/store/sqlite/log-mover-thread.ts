import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { checkpoint } from './log-mover.js';
import type { WriterThreadData } from './threaded-batches.js';

const { file, busyTimeoutMs } = workerData as WriterThreadData;
const database = new Database(file, { timeout: busyTimeoutMs, fileMustExist: true });
const move = checkpoint(database, 'PASSIVE');

parentPort?.on('message', () => {
  move();
  // SQLite syncs the database only if nothing was committed while it moved the pages, and the first time takes long. Without
  // the sync of a short time, the writer would have to wait until all pages are on disk.
  move();
  const { log, checkpointed } = move();
  parentPort?.postMessage(log > 0 && log === checkpointed);
});
