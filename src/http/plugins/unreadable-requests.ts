import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { errorToProblem } from '../problems/error-to-problem.js';
import { problem, problemBody, problemMediaType, sendProblem, type Problem } from '../problems/problem.js';

/** Answers what Node could not read as an HTTP request, so that no route and no hook ever sees it. */
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
