import type { FastifyError } from 'fastify';
import { errorToProblem } from '../problems/error-to-problem.js';
import { problem, sendProblem } from '../problems/problem.js';
import type { App } from '../types.js';

/** Every error leaves as problem+json; what the caller is not told goes to the log under the request id. */
export function answerErrorsAsProblems(app: App): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const found = errorToProblem(error);
    if (found.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(reply, found);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, problem('not-found', 'there is no such resource')));
}
