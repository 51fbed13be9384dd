import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { budgetUses } from '../../model/budget.js';
import { peerCertificateOf } from '../server/peer-certificate.js';
import type { App } from '../types.js';
import { LineLimit, totalOf, untilClosed } from './line-limit.js';

/** Safe in a log line and in a header. */
const acceptableId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The caller's `X-Request-Id` if it is safe to repeat, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && acceptableId.test(given) ? given : randomUUID();
}

/** The only request headers that reach the log: none of them can hold a secret. */
const loggedHeaders = ['accept', 'content-length', 'content-type', 'prefer', 'user-agent'] as const;

/** So many answers that no budget bounds are logged one by one in a minute, for each caller: ten a second. */
const mostAnswers = 600;
const mostCallers = 1_000;
/** The key of all callers who are not known. No principal has an empty name. */
const unknown = '';

/**
 * Writes one line for each answer that is not marked `unlogged`: no bodies, no query values, and only the headers of the list.
 * Calls that keep something are bounded by budgets. The others are reads above all: the first ones of a minute get a line, and
 * the rest one line for each caller: all callers who are not known count as one.
 */
export function logRequests(app: App): void {
  const limit = new LineLimit({
    most: mostAnswers,
    mostKeys: mostCallers,
    report: (unlogged) => {
      const { [unknown]: anonymous = 0, ...principals } = Object.fromEntries(unlogged);
      app.log.info(
        { answers: totalOf(unlogged), principals, anonymous },
        'more requests were answered than were logged one by one',
      );
    },
  });
  untilClosed(app, limit);
  app.decorateRequest('unlogged', false);
  app.addHook('onResponse', (request, reply, done) => {
    if (request.unlogged || !(isBounded(request) || limit.admits(request.principal?.name ?? unknown))) {
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
        remoteAddress: request.remoteAddress,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        headers,
      },
      'request answered',
    );
    done();
  });
}

/** Whether the budgets of a known caller bound the number of such calls. */
function isBounded({ principal, route }: FastifyRequest): boolean {
  const { budgetUse = 'nothing' } = route.config;
  return principal !== null && budgetUses[budgetUse].costs !== null;
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
