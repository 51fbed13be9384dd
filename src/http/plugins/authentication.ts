import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../model/principal.js';
import type { Authenticator } from '../../services.js';
import { problem, ProblemError, type Problem } from '../problems/problem.js';
import type { App } from '../types.js';

const realm = 'Bearer realm="kubepass"';

/** RFC 6750 section 2.1: `b64token`. */
const credentials = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/**
 * Requires a bearer token. Only failures count, for each address, so that guesses never slow down a caller with a
 * valid token. `X-Forwarded-For` is ignored.
 */
export async function authenticateCallers(
  app: App,
  authenticator: Authenticator,
  failuresPerMinute: number,
): Promise<void> {
  app.decorateRequest('principal', null);
  await app.register(rateLimit, { global: false, cache: 10_000 });
  const countFailure = app.createRateLimit({ max: failuresPerMinute, timeWindow: 60_000 });
  app.addHook('onRequest', async (request) => {
    const { authorization } = request.headers;
    const token = credentials.exec(authorization ?? '')?.[1];
    if (token !== undefined) request.principal = await authenticator.authenticate(token);
    if (request.principal) return;

    const presented = authorization !== undefined;
    request.log.warn({ remoteAddress: request.ip, presented }, 'authentication failed');
    if (presented) {
      const failures = await countFailure(request);
      if (!failures.isAllowed && failures.isExceeded) {
        const headers = { 'retry-after': String(failures.ttlInSeconds) };
        throw new ProblemError(problem('too-many-requests', 'too many failed authentications; wait', { headers }));
      }
    }
    throw new ProblemError(unauthenticated(authorization));
  });
}

/** Never repeats what the caller sent, because anything of it may be a secret. */
function unauthenticated(authorization: string | undefined): Problem {
  if (/^Bearer(?: |$)/i.test(authorization ?? ''))
    return problem('unauthenticated', 'the token is unknown, expired or revoked', {
      headers: { 'www-authenticate': `${realm}, error="invalid_token"` },
    });
  // RFC 6750 section 3.1: no error code if no credentials were sent, or some of another scheme.
  const headers = { 'www-authenticate': realm };
  if (authorization === undefined) return problem('unauthenticated', 'send a bearer token', { headers });
  const scheme = /^(Basic|Digest|Negotiate) /i.exec(authorization)?.[1];
  const found = scheme === undefined ? 'the Authorization header has another scheme' : `${scheme} is not accepted here`;
  return problem('unauthenticated', `${found}; send "Authorization: Bearer" and an API token`, { headers });
}

/** The caller of an authenticated route. */
export function callerOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('a route that needs a principal was reached without one');
  return request.principal;
}
