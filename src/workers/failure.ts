/** What may be said of an error that a worker ended with: its message could quote what the worker worked on. */
export interface Failure {
  readonly name: string;
  /** The stack without the message. */
  readonly frames: string;
}

export function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: typeof error, frames: '' };
  const { name, message, stack = '' } = error;
  const head = `${name}: ${message}`;
  // What does not begin with the message as it is may hold it anywhere.
  const frames = stack.startsWith(head) ? stack.slice(head.length) : '';
  return { name: /^[A-Za-z]{1,64}$/.test(name) ? name : 'an error', frames: frames.trimStart() };
}
