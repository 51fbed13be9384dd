import type { Failure } from './failure.js';

/** Too many wait for a worker, or none came up: back-pressure, not a fault. */
export class WorkersBusyError extends Error {
  override readonly name = 'WorkersBusyError';
}

/** A worker was ended because its task took more than a task gets. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError';
  constructor(readonly exceeded: 'time' | 'memory') {
    super(`a task took more ${exceeded} than it gets`);
  }
}

/** A worker ended by itself: ours to mend. */
export class WorkerFailedError extends Error {
  override readonly name = 'WorkerFailedError';
  constructor(readonly failure: Failure) {
    super(`a worker ended with ${failure.name}`);
    this.stack = `${this.name}: ${this.message}\n${failure.frames}`;
  }
}
