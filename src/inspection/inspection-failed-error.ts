import type { Failure } from '../workers/worker-error.js';

/** An inspection ended with an error: ours to mend. Holds nothing of the upload, so that it can be logged. */
export class InspectionFailedError extends Error {
  override readonly name = 'InspectionFailedError';
  constructor({ name, frames }: Failure) {
    super(`an inspection ended with ${name}`);
    this.stack = `${this.name}: ${this.message}\n${frames}`;
  }
}
