import { readTraceparent, type RequestTracing } from '../../model/tracing.js';
import type { App } from '../types.js';
import type { RequestMeasures } from '../../model/measures.js';

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
