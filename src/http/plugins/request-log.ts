import type { App } from '../types.js';

/** The only request headers that reach the log: none of them can hold a secret. */
const loggedHeaders = ['accept', 'content-length', 'content-type', 'prefer', 'user-agent'] as const;

/** One line for each answer. No bodies, no query values, no header that is not on the list. */
export function logRequests(app: App): void {
  app.addHook('onResponse', (request, reply, done) => {
    const [path = ''] = request.url.split('?');
    const headers = Object.fromEntries(
      loggedHeaders.flatMap((name) => {
        const value = request.headers[name];
        return typeof value === 'string' ? [[name, value.slice(0, 256)]] : [];
      }),
    );
    request.log.info(
      {
        method: request.method,
        path: path.slice(0, 512),
        status: reply.statusCode,
        principal: request.principal?.name ?? null,
        remoteAddress: request.ip,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        headers,
      },
      'request answered',
    );
    done();
  });
}
