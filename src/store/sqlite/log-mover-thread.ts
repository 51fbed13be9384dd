import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { checkpoint } from './log-mover.js';
import type { WriterThreadData } from './sqlite-batches.js';

const { file, busyTimeoutMs } = workerData as WriterThreadData;
const database = new Database(file, { timeout: busyTimeoutMs, fileMustExist: true });
const move = checkpoint(database, 'PASSIVE');

parentPort?.on('message', () => {
  move();
  // SQLite syncs the database only where nothing was committed while it moved the pages. The first move takes long, so
  // it is the second, short one that is synced, and the writer does not wait until all pages are on disk.
  const { log, checkpointed } = move();
  parentPort?.postMessage(log > 0 && log === checkpointed);
});
