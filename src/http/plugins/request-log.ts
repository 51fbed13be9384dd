import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { peerCertificateOf } from '../server/peer-certificate.js';
import type { App } from '../types.js';

/** Safe in a log line and in a header. */
const acceptableId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The caller's `X-Request-Id` if it is safe to repeat, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && acceptableId.test(given) ? given : randomUUID();
}

/** The only request headers that reach the log: none of them can hold a secret. */
const loggedHeaders = ['accept', 'content-length', 'content-type', 'prefer', 'user-agent'] as const;

/** Writes one line for each answer that is not marked `unlogged`: no bodies, no query values, and only the headers of the list. */
export function logRequests(app: App): void {
  app.decorateRequest('unlogged', false);
  app.addHook('onResponse', (request, reply, done) => {
    if (request.unlogged) {
      done();
      return;
    }
    const [path = ''] = request.url.split('?');
    const headers: Record<string, string> = {};
    for (const name of loggedHeaders) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value.slice(0, 256);
    }
    request.log.info(
      {
        method: request.method,
        path: path.slice(0, 512),
        status: reply.statusCode,
        principal: request.principal?.name ?? null,
        // Also where the caller was known by another credential.
        ...withCertificate(request),
        remoteAddress: request.ip,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        headers,
      },
      'request answered',
    );
    done();
  });
}

function withCertificate({ raw: { socket } }: FastifyRequest): { readonly clientCertificate?: string } {
  const peer = peerCertificateOf(socket);
  return peer === null ? {} : { clientCertificate: peer.fingerprintSha256 };
}

/**
 * Leaves out Fastify's own lines about requests, because they hold the whole URL and `logRequests` replaces them.
 * Lines about answers that break off stay.
 */
export class QuietLogController extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' });
  }
  override incomingRequest(): void {
    // `logRequests` writes one line when the answer has left.
  }
  override requestCompleted(): void {
    // As above.
  }
  override routeNotFound(): void {
    // As above.
  }
  override defaultErrorLog(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error({ err: error }, 'request failed');
  }
}
