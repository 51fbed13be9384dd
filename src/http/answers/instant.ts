import { problem, ProblemError } from '../problems/problem.js';

/** An RFC 3339 instant from a query parameter whose format the schema has checked. Throws `ProblemError`. */
export const instantInQuery = (parameter: string, value: string): Date =>
  instantAt(`/query/${parameter}`, value, 'query');

/** An RFC 3339 instant from the member of the body at `pointer`. Throws `ProblemError`. */
export const instantInBody = (pointer: string, value: string): Date => instantAt(pointer, value, 'request');

function instantAt(pointer: string, value: string, where: 'query' | 'request'): Date {
  const read = new Date(value);
  // The schema's format accepts leap seconds, which a Date cannot hold.
  if (Number.isNaN(read.getTime())) {
    const errors = [{ pointer, message: 'is not an instant that can be read' }];
    throw new ProblemError(
      problem('invalid-request', `the ${where} is not valid; \`errors\` says where`, { members: { errors } }),
    );
  }
  return read;
}
