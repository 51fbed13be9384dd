import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { LoginFinished } from '../../model/login.js';
import type { Services } from '../../services/services.js';
import { FailureLimit } from '../plugins/failure-limit.js';
import {
  clearLoginCookie,
  cookieOf,
  loginCookie,
  setLoginCookie,
  setSessionCookies,
} from '../plugins/session-cookies.js';
import { problem, sendProblem, type Problem } from '../problems/problem.js';
import { problemExample } from '../problems/problem-examples.js';
import type { ProblemType } from '../problems/problem-types.js';
import { empty, onlyProblems, textBody } from '../responses.js';
import { closed, dnsLabelOf } from '../schema-parts.js';
import type { App } from '../types.js';
import { readAttempt, writeAttempt } from './attempt-cookie.js';
import { failurePage } from './failure-page.js';
import { defaultReturnTo, isReturnTo, longestReturnTo } from './return-to.js';

/** A browser prefers the second one, everybody else gets the first. */
const mediaTypes = ['application/json', 'text/html'] as const;

const LoginParamsSchema = closed({ name: dnsLabelOf('The issuer, as the configuration names it.', 'corp') });

const LoginQuerySchema = closed({
  returnTo: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: longestReturnTo,
      description: `Where the browser goes then: a path of kubepass. Default: \`${defaultReturnTo}\`.`,
      examples: [defaultReturnTo],
    }),
  ),
});

/** Printable ASCII, as RFC 6749 (appendix A) has it; all together fit into the header, also where each is percent-encoded. */
const ofProvider = (maxLength: number, description: string, example: string) =>
  Type.Optional(Type.String({ maxLength, pattern: '^[ -~]*$', description, examples: [example] }));

/** Providers add parameters of their own. */
const CallbackQuerySchema = Type.Object({
  code: ofProvider(3072, 'The code of the identity provider.', 'SplxlOBeZQQYbYS6WxSbIA'),
  state: ofProvider(256, 'As kubepass gave it to the browser.', 'af0ifjsldkj'),
  iss: ofProvider(512, 'The identity provider (RFC 9207).', 'https://idp.example.com'),
  error: ofProvider(256, 'Why there is no code.', 'access_denied'),
});

/** Problems of these types, one response for each status; browsers get them as pages. */
const problemsOrPages = (...types: readonly ProblemType[]) =>
  Object.fromEntries(
    types.map((type) => {
      const { status, detail, requestId } = problemExample(type);
      const declared = onlyProblems(type)[status] as { readonly content: Readonly<Record<string, unknown>> };
      const page = textBody('A page that says so.', failurePage(detail, requestId, '/v1/login/corp'));
      return [status, { ...declared, content: { ...declared.content, 'text/html': { schema: page } } }];
    }),
  ) as Readonly<Record<number, unknown>>;

const problemsOfBoth = [
  ...(['invalid-request', 'not-found', 'not-acceptable', 'too-many-requests'] as const),
  ...(['internal-error', 'service-unavailable'] as const),
] as const;

/**
 * The sign-in with a browser. It is for everybody, so each address has a limit, by which no identity provider is asked.
 * Somebody who was signed in does not count.
 */
export function addLogin(app: App, { logins }: Pick<Services, 'logins'>, attemptsPerMinute: number): void {
  const limit = new FailureLimit(attemptsPerMinute, 60_000);

  app.get(
    '/login/:name',
    {
      config: { produces: mediaTypes },
      schema: {
        operationId: 'beginLogin',
        tags: ['identity'],
        summary: 'Sign in with a browser',
        description:
          'Needs no authentication. Sends the browser to the identity provider, which sends it back to `…/callback`. It has ' +
          'ten minutes for that.',
        security: [],
        params: LoginParamsSchema,
        querystring: LoginQuerySchema,
        response: {
          302: empty('To the identity provider.', {
            Location: 'Where the browser signs in.',
            'Set-Cookie': 'The sign-in that was begun.',
          }),
          ...problemsOrPages(...problemsOfBoth),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { returnTo = defaultReturnTo } = request.query;
      if (!logins.issuers.includes(name)) return sendFailure(request, reply, noSuchIssuer);
      if (!isReturnTo(returnTo)) return sendFailure(request, reply, notHere);
      const excess = countAttempt(request, limit);
      if (excess !== null) return sendFailure(request, reply, excess);
      const begun = await logins.begin(name, returnTo);
      if (begun.outcome === 'unavailable') return sendUnavailable(request, reply, name, begun);
      setLoginCookie(reply, writeAttempt(begun.attempt));
      return reply.code(302).header('location', begun.url).send();
    },
  );

  app.get(
    '/login/:name/callback',
    {
      config: { produces: mediaTypes },
      schema: {
        operationId: 'finishLogin',
        tags: ['identity'],
        summary: 'Come back from the identity provider',
        description:
          'Needs no authentication. The identity provider sends the browser here, and the browser has the cookie of the ' +
          'sign-in that it began. Each sign-in can be finished once.',
        security: [],
        params: LoginParamsSchema,
        querystring: CallbackQuerySchema,
        response: {
          302: empty('Signed in.', { Location: '`returnTo` of the sign-in.', 'Set-Cookie': 'The session.' }),
          ...problemsOrPages('not-permitted', ...problemsOfBoth),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      if (!logins.issuers.includes(name)) return sendFailure(request, reply, noSuchIssuer);
      const excess = countAttempt(request, limit);
      if (excess !== null) return sendFailure(request, reply, excess);
      const attempt = readAttempt(cookieOf(request, loginCookie));
      clearLoginCookie(reply);
      // RFC 9700 section 4.4: a provider that answers in the place of another one is not believed.
      if (attempt?.issuer !== name) return sendRefused(request, reply, name, notBegun);
      const finished = await logins.finish(attempt, request.url.slice(request.url.indexOf('?') + 1));
      if (finished.outcome === 'unavailable') return sendUnavailable(request, reply, name, finished);
      if (finished.outcome === 'refused') return sendRefused(request, reply, name, finished);
      const { session, secret } = finished;
      limit.forgive(request.ip, 2);
      request.log.info(
        { issuer: name, principal: session.name, sessionId: session.id, remoteAddress: request.ip },
        'signed in',
      );
      setSessionCookies(reply, secret);
      return reply.code(302).header('location', attempt.returnTo).send();
    },
  );
}

const noSuchIssuer = problem('not-found', 'nobody signs in by an issuer of this name');

const notHere = problem('invalid-request', 'the request is not valid; `errors` says where', {
  members: { errors: [{ pointer: '/query/returnTo', message: 'must be a path of kubepass, from one slash on' }] },
});

const notBegun = {
  reason: 'AttemptUnknown',
  message: 'the browser has no cookie of a sign-in by this issuer, or one that kubepass did not set',
};

type Refused = Pick<Extract<LoginFinished, { readonly outcome: 'refused' }>, 'reason' | 'message'>;

/** The refusal where the address is over its limit. */
function countAttempt(request: FastifyRequest, limit: FailureLimit): Problem | null {
  const remoteAddress = request.ip;
  const isOneTooMany = limit.count(remoteAddress);
  const seconds = limit.secondsLeft(remoteAddress);
  if (seconds === null) return null;
  if (isOneTooMany) request.log.warn({ remoteAddress, seconds }, 'too many sign-ins: more of them are not logged');
  else request.unlogged = true;
  return problem('too-many-requests', 'too many sign-ins; wait', { headers: { 'retry-after': String(seconds) } });
}

/** Reasons that say nothing about the person: the browser is not where the sign-in was begun, or it is too late. */
const ofTheBrowser = ['AttemptUnknown', 'AttemptUsed', 'StateUnknown'];

/** Why it failed goes to the log alone. */
function sendRefused(request: FastifyRequest, reply: FastifyReply, issuer: string, { reason, message }: Refused) {
  request.log.warn({ issuer, remoteAddress: request.ip, reason, why: message }, 'sign-in failed');
  return sendFailure(
    request,
    reply,
    ofTheBrowser.includes(reason)
      ? problem(
          'invalid-request',
          'this sign-in was not begun in this browser, is finished, or took too long; begin again',
        )
      : problem('not-permitted', 'you were not signed in; an administrator finds the reason in the log'),
  );
}

function sendUnavailable(
  request: FastifyRequest,
  reply: FastifyReply,
  issuer: string,
  { message, retryAfterSeconds }: { readonly message: string; readonly retryAfterSeconds: number },
) {
  request.log.warn({ issuer, remoteAddress: request.ip, why: message }, 'sign-in is not possible now');
  return sendFailure(
    request,
    reply,
    problem('service-unavailable', 'the identity provider cannot be asked now; try again', {
      headers: { 'retry-after': String(retryAfterSeconds) },
    }),
  );
}

/** A page for browsers, a problem for everybody else. */
function sendFailure(request: FastifyRequest, reply: FastifyReply, found: Problem): FastifyReply {
  if (request.answerType !== 'text/html') return sendProblem(reply, found);
  const { name } = request.params as { readonly name: string };
  const page = failurePage(found.detail, request.id, `/v1/login/${encodeURIComponent(name)}`);
  return reply.code(found.status).headers(found.headers).type('text/html; charset=utf-8').send(page);
}
