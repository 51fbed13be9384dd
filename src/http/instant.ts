import { problem, ProblemError } from './problems/problem.js';

/** An RFC 3339 instant from a query parameter whose format the schema has checked. */
export const instant = (parameter: string, value: string): Date => instantAt(`/query/${parameter}`, value, 'query');

/** The same from a member of the body, given by its pointer. */
export const instantInBody = (pointer: string, value: string): Date => instantAt(pointer, value, 'request');

function instantAt(pointer: string, value: string, where: 'query' | 'request'): Date {
  const read = new Date(value);
  // The schema's format lets a leap second pass, which a Date cannot hold.
  if (Number.isNaN(read.getTime())) {
    const errors = [{ pointer, message: 'is not an instant that can be read' }];
    throw new ProblemError(
      problem('invalid-request', `the ${where} is not valid; \`errors\` says where`, { members: { errors } }),
    );
  }
  return read;
}
