import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ClaimedKey } from '../../context/idempotency-keys.js';
import type { IdempotencyToken } from '../../model/idempotency.js';
import { callerOf } from '../hooks/authentication.js';
import { jsonMediaType } from '../hooks/request-input.js';
import { problemBody, problemMediaType, type Problem } from '../problems/problem.js';
import { granted, RefusalError } from '../problems/refusal-to-problem.js';
import { textOf } from '../schemas/schema-parts.js';
import type { HttpContext } from '../server/http-context.js';

export const idempotencyKeyHeader = {
  'Idempotency-Key': Type.Optional(
    textOf(
      'Makes it safe to repeat this request: a repeat gets the first answer again. Kept for 24 hours.',
      'onboarding-jane-2026-03',
      { minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
    ),
  ),
};

/** An answer as bytes, so that it can be kept and given again exactly. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The answer of a use case, whose body may hold a private key. An interim answer is not kept: a repeat tells what has
 * become of the request since.
 */
export interface Result {
  readonly answer: HttpAnswer;
  readonly holdsPrivateKey: boolean;
  readonly isInterim?: boolean;
}

export function jsonAnswer(status: number, value: object, headers: Readonly<Record<string, string>>): HttpAnswer {
  return { status, headers: { 'content-type': jsonMediaType, ...headers }, body: JSON.stringify(value) };
}

/**
 * Answers one request for each `Idempotency-Key`: a repeat gets the bytes of the first answer again. A private key is
 * never kept, so an answer that held one cannot be repeated. A key for which no request was recorded starts anew.
 * Throws `RefusalError`, as `act` does.
 */
export async function answerOnce(
  idempotency: HttpContext['idempotency'],
  request: FastifyRequest,
  reply: FastifyReply,
  act: (claimed: ClaimedKey | null) => Promise<Result>,
): Promise<FastifyReply> {
  const token = idempotencyToken(request);
  if (token === null) return sendAnswer(reply, (await act(null)).answer);
  const outcome = await idempotency.actOnce(callerOf(request), token, async (claimed): Promise<HttpAnswer> => {
    const { answer, holdsPrivateKey, isInterim } = await act(claimed).catch((error: unknown): Result => {
      // A denial is recorded, so its answer is kept. Other refusals recorded nothing, or a repeat may end differently.
      if (!(error instanceof RefusalError) || error.refusal.kind !== 'policy-denied') throw error;
      return { answer: problemAnswer(error.problem, request.id), holdsPrivateKey: false };
    });
    if (isInterim) return answer;
    try {
      return (await idempotency.keep(claimed, { ...answer, body: holdsPrivateKey ? null : answer.body })) ?? answer;
    } catch (error) {
      // The answer is given anyway, because the request has been carried out.
      request.log.error({ err: error }, 'the answer to an Idempotency-Key could not be kept');
      return answer;
    }
  });
  return sendAnswer(reply, granted(outcome));
}

function idempotencyToken(request: FastifyRequest): IdempotencyToken | null {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return null;
  const bodySha256 = hash('sha256', request.rawBody ?? '', 'hex');
  return { method: request.method, path: resourcePath(request), key, bodySha256 };
}

/** The path of the route with its parameters, because a request can write the path of one resource in several ways. */
function resourcePath({ route, params }: FastifyRequest): string {
  const given = params as Readonly<Record<string, string>>;
  return (route.url ?? '').replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(given[name] ?? ''));
}

const problemAnswer = (found: Problem, requestId: string): HttpAnswer => ({
  status: found.status,
  headers: { 'content-type': problemMediaType, ...found.headers },
  body: JSON.stringify(problemBody(found, requestId)),
});

const sendAnswer = (reply: FastifyReply, { status, headers, body }: HttpAnswer): FastifyReply =>
  reply.code(status).headers(headers).send(body);

/** The `Prefer` header of a request (RFC 7240), of which only `wait` counts. */
export const preferHeader = {
  Prefer: Type.Optional(
    textOf(
      '`wait=N` waits up to N seconds, at most 30, for the certificate or a change (RFC 7240). Other preferences are ignored.',
      'wait=10',
      { maxLength: 8192 },
    ),
  ),
};

/** How long a caller may have the service wait, in seconds. */
export const longestWaitSeconds = 30;

/** The header that says that the wait was applied (RFC 7240 section 3); nothing where none was asked for. */
export const preferenceApplied = (waitSeconds: number | null): Readonly<Record<string, string>> =>
  waitSeconds === null ? {} : { 'preference-applied': `wait=${waitSeconds}` };

/**
 * The seconds of `Prefer: wait=N` (RFC 7240 4.3), at most 30; null without one that can be read. Only the first of
 * several counts, and the others are ignored (section 2).
 */
export function preferredWait(prefer: string | undefined): number | null {
  if (prefer === undefined) return null;
  for (const preference of prefer.split(',')) {
    const [token = ''] = preference.split(';');
    const matched = /^\s*wait\s*=\s*(?:"(\d{1,9})"|(\d{1,9}))\s*$/i.exec(token);
    if (matched) return Math.min(Number(matched[1] ?? matched[2]), longestWaitSeconds);
  }
  return null;
}
