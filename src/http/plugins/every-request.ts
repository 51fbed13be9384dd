import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { budgetUses } from '../../model/budget.js';
import { peerCertificateOf } from '../server/certificate-listener.js';
import type { App } from '../server/types.js';
import { LineLimit, totalOf, untilClosed } from './line-limit.js';
import { readTraceparent, type RequestTracing } from '../../model/tracing.js';
import type { RequestMeasures } from '../../model/measures.js';

/** Gives each request its route, before any other hook: Fastify makes `routeOptions` anew at each look, and hooks take a dozen. */
export function keepRoutes(app: App): void {
  app.decorateRequest('route');
  app.addHook('onRequest', (request, _reply, done) => {
    request.route = request.routeOptions;
    done();
  });
}

/** For answers that are not pages: all but the documentation and the report of an inspection. */
const securityHeaders = {
  'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  // RFC 6797. Without includeSubDomains: other services may live under the same domain.
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};

/** Gives every answer the id of its request, and the security headers. */
export function setAnswerHeaders(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).headers(securityHeaders);
    done();
  });
}

/**
 * Gives each request a span, and each of its log lines the trace's id. Without a collector the id is that of the caller's
 * `traceparent`, so that the lines of several services can still be found together, and nothing else is done.
 *
 * The span names the route and never the path, which may hold usernames.
 */
export function traceRequests(app: App, tracing: RequestTracing | null): void {
  app.decorateRequest('span', null);
  app.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['traceparent'];
    const caller = given === undefined ? null : readTraceparent(given);
    const isTraced = tracing !== null && request.route.config.untraced !== true;
    const span = isTraced ? tracing.begin(caller) : null;
    const traceId = span?.traceId ?? caller?.traceId;
    if (traceId !== undefined) reply.log = request.log = request.log.child({ traceId });
    request.span = span;
    if (span === null) done();
    else span.run(done);
  });
  if (tracing === null) return;

  // Bodies are read from events of the connection, which belong to no request.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.span === null) done();
    else request.span.run(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { span, method } = request;
    const route = request.route.url;
    span?.set({
      'http.request.method': method,
      ...(route !== undefined && { 'http.route': route }),
      'http.response.status_code': reply.statusCode,
    });
    if (reply.statusCode >= 500) span?.fail(String(reply.statusCode));
    span?.end(route === undefined ? method : `${method} ${route}`);
    done();
  });
}

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

/** Tells of every route that is added later, and of every answer. */
export function measureRequests(app: App, measures: RequestMeasures): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.otherMethods === true) return;
    for (const one of Array.isArray(method) ? method : [method]) measures.route(one, url);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url, config } = request.route;
    const path = url === undefined || config.otherMethods === true ? null : url;
    measures.answered(request.method, path, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}
