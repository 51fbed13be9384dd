import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { SignaturesUnavailableError, StoreUnavailableError } from '../../model/errors.js';
import { BudgetSpentError } from '../../model/budget.js';
import { errorToProblem } from '../problems/error-to-problem.js';
import { problem, ProblemError, sendProblem, type Problem } from '../problems/problem.js';
import { RefusalError } from '../problems/refusal-to-problem.js';
import type { App } from '../server/types.js';
import { unknownPath } from '../problems/unknown-path.js';
import { budgetProblem } from './tell-budgets.js';

/** Where SCIM is served. */
export const scimPrefix = '/scim/v2';

/**
 * Answers every error as problem+json. Details of faults go to the log only, under the request id. `paths`: those of
 * all routes, for who mistypes one.
 */
export function answerErrorsAsProblems(app: App, paths: ReadonlySet<string>): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => sendProblem(reply, loggedProblem(error, request)));
  app.setNotFoundHandler(({ url }, reply) => sendProblem(reply, unknownPath(url, paths)));
  // This hook answers before a body is read, and the handler above would answer after that.
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? new ProblemError(unknownPath(request.url, paths)) : undefined);
  });
}

/** The problem of an error, of which the log is told where something is wrong here. */
export function loggedProblem(error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof BudgetSpentError) return budgetProblem(request, error.spent);
  const found = errorToProblem(error);
  if (error instanceof RefusalError) return found;
  if (found.status === 503) logUnavailable(request, error, 'request refused for now');
  else if (found.status >= 500) request.log.error({ err: error }, 'request failed');
  return found;
}

/**
 * Logs why the service cannot answer now. Back-pressure and waiting are expected, so this is a warning. It is an error
 * where something of the service itself failed. A stack would tell nothing more in either case.
 */
export function logUnavailable(request: FastifyRequest, error: unknown, message: string): void {
  const messages: string[] = [];
  for (let at = error; at instanceof Error && messages.length < 5; at = at.cause) messages.push(at.message);
  const failed = error instanceof StoreUnavailableError || error instanceof SignaturesUnavailableError;
  request.log[failed ? 'error' : 'warn']({ reason: messages.join(': ') }, message);
}

/** Remembers the path of every route that is added later to this scope, without the scope's prefix. */
export function rememberPaths(app: App): Set<string> {
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url.slice(app.prefix.length));
  });
  return paths;
}

/** Answers other methods on these paths with 405 and `Allow` (RFC 9110 15.5.6), before any body is read. */
export function answerOtherMethods(app: App, paths: ReadonlySet<string>): void {
  for (const url of [...paths]) {
    const taken = (method: string) => app.hasRoute({ method, url: `${app.prefix}${url}` });
    const allow = app.supportedMethods.filter(taken).sort().join(', ');
    const method = app.supportedMethods.filter((method) => !taken(method));
    // SCIM has done so for its own paths.
    if (method.length === 0) continue;
    app.route({
      method,
      url,
      schema: { hide: true },
      config: { otherMethods: true, budgetUse: 'reading' },
      onRequest: () => {
        throw new ProblemError(problem('method-not-allowed', `this resource takes ${allow}`, { headers: { allow } }));
      },
      handler: (_request, reply) => reply.send(),
    });
  }
}

/** Answers what the router refuses before any hook runs, such as a path that is not validly percent-encoded. */
export function answerUnroutableRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(reply.header('x-request-id', request.id), errorToProblem(error));
}
