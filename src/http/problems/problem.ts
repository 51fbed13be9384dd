import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { clip } from '@kubepass/inspect/formats';
import type { FieldError } from '../../model/outcome.js';
import { problemTypes, type ProblemType, problemUrn, type ProblemBody } from './problem-types.js';

export interface Problem {
  readonly type: ProblemType;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly members: ProblemMembers;
  readonly headers: Readonly<Record<string, string>>;
}

/** Members that only problems of some types have. */
export type ProblemMembers = Pick<
  ProblemBody,
  | 'addresses'
  | 'budget'
  | 'certificateRequestId'
  | 'clusters'
  | 'components'
  | 'errors'
  | 'latestNotAfter'
  | 'live'
  | 'reason'
  | 'state'
  | 'violations'
>;

export const problemMediaType = 'application/problem+json';

export function problem(
  type: ProblemType,
  detail: string,
  more: { readonly members?: ProblemMembers; readonly headers?: Readonly<Record<string, string>> } = {},
): Problem {
  return { type, ...problemTypes[type], detail, members: more.members ?? {}, headers: more.headers ?? {} };
}

/** As many errors as a problem tells. A hostile body can hold thousands. */
export const mostErrors = 20;

/** The request is not valid. `errors`: one at least; `count`: how many there are in all. */
export function invalidRequest(errors: readonly FieldError[], count = errors.length): Problem {
  const told = errors.slice(0, mostErrors);
  return problem('invalid-request', firstOf(told, count), { members: { errors: told.map((error) => ({ ...error })) } });
}

/** The first of the errors that are told, in words, for those who see nothing else, and how many errors there are. */
export function firstOf(errors: readonly FieldError[], count = errors.length): string {
  const [{ pointer, message } = { pointer: '', message: 'is not valid' }] = errors;
  const first = clip(`${pointer === '' ? 'the body' : pointer}: ${message}`, 2048);
  if (count < 2) return first;
  const which = count > errors.length ? `the first ${errors.length} of ${count}` : `all ${count}`;
  return `${first}; \`errors\` has ${which}`;
}

/** The service cannot answer now. */
export const unavailable = (detail: string, retryAfterSeconds: number): Problem =>
  problem('service-unavailable', detail, { headers: { 'retry-after': String(retryAfterSeconds) } });

/** The problem as JSON (RFC 9457). */
export function problemBody({ type, title, status, detail, members }: Problem, requestId: string): ProblemBody {
  return { type: problemUrn(type), title, status, detail, requestId, ...members };
}

/** The same as octets and their headers, where no route answers. */
export function problemAnswer(found: Problem) {
  const requestId = randomUUID();
  const body = Buffer.from(JSON.stringify(problemBody(found, requestId)));
  const headers = { 'content-type': problemMediaType, 'content-length': body.length, 'x-request-id': requestId };
  return { body, headers: { ...found.headers, ...headers, connection: 'close' } };
}

export function sendProblem(reply: FastifyReply, found: Problem): FastifyReply {
  return reply
    .code(found.status)
    .headers(found.headers)
    .type(problemMediaType)
    .send(JSON.stringify(problemBody(found, reply.request.id)));
}

/** Ends a request with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}
