import { parse } from 'node:path';
import { Worker } from 'node:worker_threads';

const fromSources = import.meta.url.endsWith('.ts');

/** The URL of a worker's module beside another module; `name` has no extension. */
export const workerFile = (beside: string, name: string): URL =>
  new URL(`./${name}.${fromSources ? 'ts' : 'js'}`, beside);

/** Lets a thread run the sources. It starts faster than the loader of the process, and a process of tests has none. */
const loader = new URL('../../scripts/sources.mjs', import.meta.url);

/** Node's extra arguments for a worker: sources need a loader, the build needs none. */
export const workerArguments: { readonly execArgv?: string[] } = fromSources
  ? { execArgv: ['--import', loader.href] }
  : {};

/** Starts a thread that runs a module and has its name. It gets nothing of the service's environment. */
export function startThread(file: URL, workerData: object): Worker {
  return new Worker(file, { workerData, env: {}, name: parse(file.pathname).name, ...workerArguments });
}

/** The parts of a worker's error that may be logged. Its message is left out, because it could quote the task. */
export interface WorkerFailure {
  readonly name: string;
  /** The stack without the message. */
  readonly frames: string;
}

export function describeFailure(error: unknown): WorkerFailure {
  if (!(error instanceof Error)) return { name: typeof error, frames: '' };
  const { name, message, stack = '' } = error;
  const head = `${name}: ${message}`;
  // A stack that does not begin with the message may contain it anywhere.
  const frames = stack.startsWith(head) ? stack.slice(head.length) : '';
  return { name: /^[A-Za-z]{1,64}$/.test(name) ? name : 'an error', frames: frames.trimStart() };
}

/** Too many tasks wait for a worker, or no worker started: back-pressure, not a fault. */
export class WorkersBusyError extends Error {
  override readonly name = 'WorkersBusyError';
}

/** A worker was stopped because its task took more time or memory than a task may take. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError';
  constructor(readonly exceeded: 'time' | 'memory') {
    super(`a task took more ${exceeded} than it gets`);
  }
}

/** A worker ended by itself, which is a bug of kubepass. */
export class WorkerFailedError extends Error {
  override readonly name = 'WorkerFailedError';
  constructor(readonly failure: WorkerFailure) {
    super(`a worker ended with ${failure.name}`);
    this.stack = `${this.name}: ${this.message}\n${failure.frames}`;
  }
}
