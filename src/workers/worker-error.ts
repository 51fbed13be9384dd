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
