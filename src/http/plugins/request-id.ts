import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { App } from '../types.js';

/** What can stand in a log line and in a header without being taken for anything else. */
const acceptable = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The caller's `X-Request-Id` where it is a plain one, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
}

export function echoRequestId(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
}
