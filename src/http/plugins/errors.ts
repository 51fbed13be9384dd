import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { errorToProblem } from '../problems/error-to-problem.js';
import {
  problem,
  problemBody,
  ProblemError,
  problemMediaType,
  sendProblem,
  type Problem,
} from '../problems/problem.js';
import * as schemas from '../problems/schemas.js';
import { addSchemas } from '../schema-parts.js';
import type { App } from '../types.js';

/** Answers every error as problem+json. Details of faults go to the log only, under the request id. */
export function answerErrorsAsProblems(app: App): void {
  addSchemas(app, schemas);
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const found = errorToProblem(error);
    if (found.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(reply, found);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, problem('not-found', 'there is no such resource')));
}

/** Remembers the path of every route that is added later. */
export function rememberPaths(app: App): Set<string> {
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url);
  });
  return paths;
}

/** Answers other methods on these paths with 405 and `Allow` (RFC 9110 15.5.6), before any body is read. */
export function answerOtherMethods(app: App, paths: ReadonlySet<string>): void {
  for (const url of [...paths]) {
    const taken = (method: string) => app.hasRoute({ method, url });
    const allow = app.supportedMethods.filter(taken).sort().join(', ');
    app.route({
      method: app.supportedMethods.filter((method) => !taken(method)),
      url,
      schema: { hide: true },
      onRequest: () => {
        throw new ProblemError(problem('method-not-allowed', `this resource takes ${allow}`, { headers: { allow } }));
      },
      handler: (_request, reply) => reply.send(),
    });
  }
}

/** Answers what Node could not read as an HTTP request. No route and no hook sees such a request. */
export function answerUnreadableRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const found = clientProblem(error.code);
  const requestId = randomUUID();
  const body = JSON.stringify(problemBody(found, requestId));
  const head = [
    `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status] ?? ''}`,
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return problem('header-fields-too-large', 'send fewer or shorter header fields');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('request-timeout', 'the request did not arrive in time');
  return problem('invalid-request', 'this is not a valid HTTP request');
}

/** Answers what the router refuses before any hook runs, such as a path that is not validly percent-encoded. */
export function answerUnroutableRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(reply.header('x-request-id', request.id), errorToProblem(error));
}
