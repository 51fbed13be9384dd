/** What may be said of an error that an inspection ended with: its message could quote the upload. */
export interface InspectionFailure {
  readonly name: string;
  /** The stack without the message. */
  readonly frames: string;
}

/** An inspection ended with an error: ours to mend. Holds nothing of the upload, so that it can be logged. */
export class InspectionFailedError extends Error {
  override readonly name = 'InspectionFailedError';
  constructor({ name, frames }: InspectionFailure) {
    super(`an inspection ended with ${name}`);
    this.stack = `${this.name}: ${this.message}\n${frames}`;
  }
}

export function describeFailure(error: unknown): InspectionFailure {
  if (!(error instanceof Error)) return { name: typeof error, frames: '' };
  const { name, message, stack = '' } = error;
  const head = `${name}: ${message}`;
  // What does not begin with the message as it is may hold it anywhere.
  const frames = stack.startsWith(head) ? stack.slice(head.length) : '';
  return { name: /^[A-Za-z]{1,64}$/.test(name) ? name : 'an error', frames: frames.trimStart() };
}
