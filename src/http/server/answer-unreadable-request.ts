import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { answerUnderWay } from './connections.js';
import { problem, problemAnswer, type Problem } from '../problems/problem.js';

/** How long a client may take to read the last answer and to close its side. */
const lingerMilliseconds = 2_000;

/** Node reports each octet that follows an error as a further error. */
const ended = new WeakSet<Socket>();

/** Answers what Node could not read as an HTTP request, and ends the connection. No route and no hook sees such a request. */
export function answerUnreadableRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (ended.has(socket)) return;
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const answer = answerUnderWay(socket);
  if (answer?.req.complete) {
    // This belongs to an earlier request, which is answered first (RFC 9112 9.3.2).
    answer.once('close', () => {
      answerUnreadableRequest(error, socket);
    });
    return;
  }
  ended.add(socket);
  socket.end(answer?.headersSent ? '' : answerTo(error.code));
  // A client that does not close its side would hold the connection open.
  setTimeout(() => socket.destroy(), lingerMilliseconds).unref();
}

function answerTo(code: string | undefined): string {
  const found = clientProblem(code);
  const { headers, body } = problemAnswer(found);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status] ?? ''}\r\n${lines.join('')}\r\n${body.toString()}`;
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return problem('header-fields-too-large', 'send fewer or shorter header fields');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('request-timeout', 'the request did not arrive in time');
  return problem('invalid-request', 'this is not a valid HTTP request');
}
