import { problem, ProblemError } from './problem.js';

/** An RFC 3339 instant from a query parameter whose format the schema has checked. */
export function instant(parameter: string, value: string): Date {
  const read = new Date(value);
  // The schema's format lets a leap second pass, which a Date cannot hold.
  if (Number.isNaN(read.getTime())) {
    const errors = [{ pointer: `/query/${parameter}`, message: 'is not an instant that can be read' }];
    throw new ProblemError(
      problem('invalid-request', 'the query is not valid; `errors` says where', { members: { errors } }),
    );
  }
  return read;
}
