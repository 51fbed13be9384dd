import type { FastifyRequest } from 'fastify';
import { isReviewer, type Principal } from '../../model/principal.js';
import type { Authenticator } from '../../services.js';
import { problem, ProblemError, type Problem } from '../problems/problem.js';
import type { App } from '../types.js';
import { FailureLimit } from './failure-limit.js';

const realm = 'Bearer realm="kubepass"';

/** RFC 6750 section 2.1: `b64token`. */
const credentials = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/**
 * Requires a bearer token. Only failures count, for each address, so that guesses never slow down a caller with a
 * valid token. Over its limit, an address fails without a look-up in the database and without a line in the log.
 * `X-Forwarded-For` is ignored.
 *
 * A reviewer, which is the API server of a cluster, may call the routes that say so. Routes `fromMemory` know it without
 * the database and have no limit: an API server repeats for seconds what is answered 429 or 5xx, while its users wait.
 */
export function authenticateCallers(app: App, authenticator: Authenticator, failuresPerMinute: number): void {
  const limit = new FailureLimit(failuresPerMinute, 60_000);
  const quiet = new FailureLimit(failuresPerMinute, 60_000);
  app.decorateRequest('principal', null);
  app.addHook('onRequest', async (request) => {
    const { authorization } = request.headers;
    const token = credentials.exec(authorization ?? '')?.[1];
    const { forReviewers = false, fromMemory = false } = request.routeOptions.config;
    if (fromMemory) {
      request.principal = token === undefined ? null : await reviewerOrOther(authenticator, token);
      if (request.principal) return;
      throw new ProblemError(unlimited(request, quiet));
    }
    const isSuspect = () => limit.secondsLeft(request.ip) !== null;
    if (token !== undefined) request.principal = await authenticator.authenticate(token, isSuspect);
    if (request.principal && isReviewer(request.principal) && !forReviewers) throw new ProblemError(onlyReviews);
    if (request.principal) return;
    throw new ProblemError(authorization === undefined ? missing(request) : failed(request, limit));
  });
}

const onlyReviews = problem(
  'not-permitted',
  'a reviewer asks for access reviews and reads what is rendered for its cluster, and nothing else',
);

/** Others than reviewers are looked up, at no cost for each guess. Never throws. */
async function reviewerOrOther(authenticator: Authenticator, token: string): Promise<Principal | null> {
  const reviewer = await authenticator.authenticateReviewer(token);
  return reviewer ?? authenticator.authenticate(token, () => true).catch(() => null);
}

/** The answer to a failure that has no limit. Only the log has one. */
function unlimited(request: FastifyRequest, quiet: FailureLimit): Problem {
  const { authorization } = request.headers;
  quiet.count(request.ip);
  if (quiet.secondsLeft(request.ip) === null)
    request.log.warn({ remoteAddress: request.ip, presented: authorization !== undefined }, 'authentication failed');
  else request.unlogged = true;
  return unauthenticated(authorization);
}

function missing(request: FastifyRequest): Problem {
  request.log.warn({ remoteAddress: request.ip, presented: false }, 'authentication failed');
  return unauthenticated(undefined);
}

function failed(request: FastifyRequest, limit: FailureLimit): Problem {
  const remoteAddress = request.ip;
  const isOneTooMany = limit.count(remoteAddress);
  const seconds = limit.secondsLeft(remoteAddress);
  if (seconds === null) {
    request.log.warn({ remoteAddress, presented: true }, 'authentication failed');
    return unauthenticated(request.headers.authorization);
  }
  if (isOneTooMany)
    request.log.warn({ remoteAddress, seconds }, 'too many failed authentications: more of them are not logged');
  else request.unlogged = true;
  return problem('too-many-requests', 'too many failed authentications; wait', {
    headers: { 'retry-after': String(seconds) },
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
