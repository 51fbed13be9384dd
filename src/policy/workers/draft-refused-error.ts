import type { FieldError } from '../../model/outcome.js';

/** A draft policy set goes no further: it is not valid, or takes more than a draft gets. */
export class DraftRefusedError extends Error {
  override readonly name = 'DraftRefusedError';
  constructor(
    readonly reason: 'Invalid' | 'TooMuchWork',
    message: string,
    /** Everything that is wrong where it is not valid. */
    readonly errors: readonly FieldError[] = [],
  ) {
    super(message);
  }
}

/** What a draft's texts are called: their place in the caller's body. */
export const draftPath = (index: number): string => `/policies/${index}`;

/** More would help nobody. */
const mostErrors = 100;

/** Each error reads `path:document/place: message`, documents counted from 1. */
export function invalidDraft(errors: readonly string[]): DraftRefusedError {
  const shown = errors.length > mostErrors ? errors.slice(0, mostErrors - 1) : errors;
  const fields = shown.map((error): FieldError => {
    const [, pointer = '/policies', document, place, message] = located.exec(error) ?? [];
    if (message === undefined) return { pointer, message: error };
    return { pointer, message: `document ${document}${place === '/' ? '' : `, ${place}`}: ${message}` };
  });
  if (shown.length < errors.length)
    fields.push({ pointer: '/policies', message: `and ${errors.length - shown.length} errors more` });
  return new DraftRefusedError('Invalid', 'the policies are not valid; `errors` says where', fields);
}

const located = /^(\/policies\/\d+):(\d+)(\/.*?): (.*)$/s;
