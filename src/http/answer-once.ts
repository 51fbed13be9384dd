import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdempotencyToken } from '../model/idempotency.js';
import type { Refusal } from '../model/outcome.js';
import type { IdempotencyService } from '../services.js';
import { problemAnswer, sendAnswer, type Answer } from './answer.js';
import { callerOf } from './plugins/authentication.js';
import { refusalToProblem } from './refusal-to-problem.js';

/** What a use case led to: an answer, whose body may hold a private key, or a refusal. */
export type Result = { readonly answer: Answer; readonly holdsPrivateKey: boolean } | { readonly refusal: Refusal };

/**
 * Answers one request for each `Idempotency-Key`: a repeat gets the first answer's bytes again. A private key is
 * never kept, so an answer that held one cannot be repeated; what no request was recorded for is decided anew.
 */
export async function answerOnce(
  idempotency: IdempotencyService,
  request: FastifyRequest,
  reply: FastifyReply,
  act: (token: IdempotencyToken | null) => Promise<Result>,
): Promise<FastifyReply> {
  const token = idempotencyToken(request);
  const answerRefusal = (refusal: Refusal): Answer => problemAnswer(refusalToProblem(refusal), request.id);
  if (token === null) {
    const result = await act(null);
    return sendAnswer(reply, 'refusal' in result ? answerRefusal(result.refusal) : result.answer);
  }

  const caller = callerOf(request);
  const known = await idempotency.look(caller, token);
  switch (known.kind) {
    case 'answer':
      return sendAnswer(reply, known.answer);
    case 'keyCollected':
      return sendAnswer(reply, answerRefusal({ kind: 'key-already-collected', requestId: known.requestId }));
    case 'inFlight':
      return sendAnswer(reply, answerRefusal({ kind: 'idempotency-key-in-flight', requestId: null }));
    case 'otherBody':
      return sendAnswer(reply, answerRefusal({ kind: 'idempotency-key-reused' }));
    case 'new':
    case 'unanswered':
      break;
  }

  const result = await act(token);
  if ('refusal' in result) {
    const answer = answerRefusal(result.refusal);
    // A recorded denial is an answer to keep; other refusals recorded nothing, or may end differently next time.
    return sendAnswer(reply, result.refusal.kind === 'policy-denied' ? await keep(token, answer, answer.body) : answer);
  }
  return sendAnswer(reply, await keep(token, result.answer, result.holdsPrivateKey ? null : result.answer.body));

  /**
   * Keeps the answer and tells which one stands: a repeat that came while the first answer was on its way may have
   * been quicker. What was done is done: where its answer cannot be kept, it is given all the same.
   */
  async function keep(token: IdempotencyToken, answer: Answer, body: string | null): Promise<Answer> {
    try {
      await idempotency.record(caller, token, { status: answer.status, headers: answer.headers, body });
      const kept = await idempotency.look(caller, token);
      return kept.kind === 'answer' ? kept.answer : answer;
    } catch (error) {
      request.log.error({ err: error }, 'the answer to an Idempotency-Key could not be kept');
      return answer;
    }
  }
}

function idempotencyToken(request: FastifyRequest): IdempotencyToken | null {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return null;
  const bodySha256 = hash('sha256', request.rawBody ?? '', 'hex');
  // The route's own path: the same resource can be written in several ways in a request.
  return { method: request.method, path: request.routeOptions.url ?? '', key, bodySha256 };
}
