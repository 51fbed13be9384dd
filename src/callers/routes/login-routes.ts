import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { LoginAttempt, LoginFinished, LoginUnavailable } from '../../model/session.js';
import { Allowance } from '../allowance.js';
import { Shares } from '../shares.js';
import { addressKey } from '../../http/server/connections.js';
import { whileWaiting } from '../../http/hooks/waits.js';
import { Failures } from '../../http/hooks/failed-credentials.js';
import { untilClosed } from '../../http/hooks/every-request.js';
import { cookieOf, loginCookie, setLoginCookie, setSessionCookies } from '../../http/hooks/session-cookies.js';
import {
  invalidRequest,
  problem,
  type Problem,
  problemMediaType,
  sendProblem,
  unavailable,
} from '../../http/problems/problem.js';
import { ProblemSchema } from '../../http/problems/problem-types.js';
import { empty, operation, response, textBody } from '../../http/answers/responses.js';
import { closed, dnsLabelOf, exampleId, ref, textOf } from '../../http/schemas/schema-parts.js';
import type { App } from '../../http/server/types.js';
import type { Logins } from '../sessions.js';

/** A browser prefers the second one, everybody else gets the first. */
const mediaTypes = ['application/json', 'text/html'] as const;

const LoginParamsSchema = closed({ name: dnsLabelOf('The issuer, as the configuration names it.', 'corp') });

const longestReturnTo = 512;

const LoginQuerySchema = closed({
  returnTo: Type.Optional(
    textOf('Where the browser goes then: a path of kubepass. Default: `/console/`, or `/docs` without it.', '/docs', {
      minLength: 1,
      maxLength: longestReturnTo,
    }),
  ),
});

/** Printable ASCII (RFC 6749, appendix A). All together fit into the header, also percent-encoded. */
const ofProvider = (maxLength: number, description: string, example: string) =>
  Type.Optional(Type.String({ maxLength, pattern: '^[ -~]*$', description, examples: [example] }));

/** Providers add parameters of their own. */
const CallbackQuerySchema = Type.Object({
  code: ofProvider(3072, 'The code of the identity provider.', 'SplxlOBeZQQYbYS6WxSbIA'),
  state: ofProvider(256, 'As kubepass gave it to the browser.', 'af0ifjsldkj'),
  iss: ofProvider(512, 'The identity provider (RFC 9207).', 'https://idp.example.com'),
  error: ofProvider(256, 'Why there is no code.', 'access_denied'),
});

/** A problem, which browsers get as a page. */
const notSignedIn = () =>
  response(
    {
      [problemMediaType]: ref(ProblemSchema),
      'text/html': textBody('A page that says so.', failurePage('try again later', exampleId, '/v1/login/corp')),
    },
    { description: 'Nobody is signed in: a page for a browser, a problem for others.' },
  );

/**
 * So many sign-ins from addresses over their limit are finished at once, and then one a second: each asks the provider.
 */
const ofSuspects = { most: 20, millisecondsForOne: 1_000 };

/** How many sign-ins ask the provider at a time: from everywhere, and from one address. */
const questions = { all: 64, ofAddress: 16 };

export interface LoginContext {
  readonly logins: Pick<Logins, 'issuers' | 'begin' | 'finish'>;
}

/**
 * The sign-in with a browser. It is for everybody: beginning it asks nobody. Failures count, for each address. Over its
 * limit they are answered 429, and few sign-ins are finished, so that a guesser costs the identity provider little.
 * Whether one of these is good is not known, so it is no refusal.
 */
export function addLogin(app: App, { logins }: LoginContext, failuresPerMinute: number): void {
  const failures = untilClosed(app, new Failures(app.log, failuresPerMinute));
  const suspects = new Allowance(ofSuspects, () => performance.now());
  const underWay = new Shares(questions.all, questions.ofAddress);
  const defaultReturnTo = app.hasConsole ? '/console/' : '/docs';

  app.get(
    '/login/:name',
    operation({
      config: { produces: mediaTypes },
      operationId: 'beginLogin',
      tags: ['operators'],
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
        default: notSignedIn(),
      },
    }),
    async (request, reply) => {
      const { name } = request.params;
      const { returnTo = defaultReturnTo } = request.query;
      if (!logins.issuers.includes(name)) return sendFailure(request, reply, noSuchIssuer);
      if (!isReturnTo(returnTo)) return sendFailure(request, reply, notHere);
      const begun = await whileWaiting(request, reply, (over) => unlessOver(logins.begin(name, returnTo), over));
      if (begun.outcome === 'unavailable') return sendUnavailable(request, reply, failures, begun);
      setLoginCookie(reply, writeAttempt(begun.attempt));
      return reply.code(302).header('location', begun.url).send();
    },
  );

  app.get(
    '/login/:name/callback',
    operation({
      config: { produces: mediaTypes },
      operationId: 'finishLogin',
      tags: ['operators'],
      summary: 'Come back from the identity provider',
      description:
        'Needs no authentication. The identity provider sends the browser here, and the browser has the cookie of the ' +
        'sign-in that it began. Each sign-in can be finished once.',
      security: [],
      params: LoginParamsSchema,
      querystring: CallbackQuerySchema,
      response: {
        302: empty('Signed in.', { Location: '`returnTo` of the sign-in.', 'Set-Cookie': 'The session.' }),
        default: notSignedIn(),
      },
    }),
    async (request, reply) => {
      const { name } = request.params;
      if (!logins.issuers.includes(name)) return sendFailure(request, reply, noSuchIssuer);
      const attempt = readAttempt(cookieOf(request, loginCookie));
      // RFC 9700 section 4.4: a provider that answers in the place of another one is not believed.
      if (attempt?.issuer !== name) {
        setLoginCookie(reply, '');
        return sendRefused(request, reply, failures, notBegun);
      }
      if (failures.areTooMany(request) && !suspects.take())
        return sendUnavailable(request, reply, failures, tooManyFailed);
      const address = addressKey(request.remoteAddress);
      if (!underWay.take(address, 1)) return sendUnavailable(request, reply, failures, tooManyAsked);
      // From here on the sign-in cannot be finished again. Before, the browser may try again.
      setLoginCookie(reply, '');
      const finished = await whileWaiting(request, reply, (over) => {
        const query = request.url.slice(request.url.indexOf('?') + 1);
        const asked = logins.finish(attempt, query, over).finally(() => underWay.take(address, -1));
        return unlessOver(asked, over);
      });
      if (finished.outcome === 'unavailable') return sendUnavailable(request, reply, failures, finished);
      if (finished.outcome === 'refused') return sendRefused(request, reply, failures, finished);
      const { session, secret } = finished;
      request.log.info(
        { issuer: name, principal: session.name, sessionId: session.id, remoteAddress: request.remoteAddress },
        'signed in',
      );
      setSessionCookies(reply, secret);
      return reply.code(302).header('location', attempt.returnTo).send();
    },
  );
}

const noSuchIssuer = problem('not-found', 'nobody signs in by an issuer of this name');

const notHere = invalidRequest([
  { pointer: '/query/returnTo', message: 'must be a path of kubepass, from one slash on' },
]);

const notBegun = {
  reason: 'AttemptUnknown',
  message: 'the browser has no cookie of a sign-in by this issuer, or one that kubepass did not set',
};

type Refused = Pick<Extract<LoginFinished, { readonly outcome: 'refused' }>, 'reason' | 'message'>;

const tooManyAsked = { message: 'too many sign-ins ask the provider now', retryAfterSeconds: 2 };

const gaveUp: LoginUnavailable = {
  outcome: 'unavailable',
  message: 'others need the connection',
  retryAfterSeconds: 1,
};
const unlessOver = <T>(asked: Promise<T>, over: AbortSignal): Promise<T | LoginUnavailable> =>
  Promise.race([asked, once(over, 'abort').then(() => gaveUp)]);

const tooManyFailed = { message: 'too many sign-ins from this address failed', retryAfterSeconds: 1 };

/** Reasons that say nothing about the person: the browser is not where the sign-in was begun, or it is too late. */
const ofTheBrowser = ['AttemptUnknown', 'AttemptUsed', 'AttemptTooOld', 'StateUnknown'];

/** Why it failed goes to the log alone. */
function sendRefused(request: FastifyRequest, reply: FastifyReply, failures: Failures, { reason, message }: Refused) {
  const excess = failures.excess(request, 'sign-ins');
  if (excess !== null) return sendFailure(request, reply, excess);
  failures.tell(request, reason, { issuer: issuerOf(request), reason, why: message }, 'sign-in failed');
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
  failures: Failures,
  { message, retryAfterSeconds }: { readonly message: string; readonly retryAfterSeconds: number },
) {
  failures.tell(request, 'Unavailable', { issuer: issuerOf(request), why: message }, 'sign-in is not possible now');
  const found = unavailable('the identity provider cannot be asked now; try again', retryAfterSeconds);
  return sendFailure(request, reply, found);
}

const issuerOf = ({ params }: FastifyRequest): string => (params as { readonly name: string }).name;

/** A page for browsers, a problem for everybody else. */
function sendFailure(request: FastifyRequest, reply: FastifyReply, found: Problem): FastifyReply {
  if (request.answerType !== 'text/html') return sendProblem(reply, found);
  const page = failurePage(found.detail, request.id, `/v1/login/${encodeURIComponent(issuerOf(request))}`);
  return reply.code(found.status).headers(found.headers).type('text/html; charset=utf-8').send(page);
}

/** A page for people who could not be signed in: what happened, and how to go on. It repeats nothing that was sent. */
const failurePage = (detail: string, requestId: string, loginPath: string): string =>
  [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    '<meta name="color-scheme" content="light dark"><title>Not signed in - kubepass</title></head>',
    '<body><main>',
    '<h1>You are not signed in</h1>',
    `<p>${escaped(asSentence(detail))}</p>`,
    `<p><a href="${escaped(loginPath)}">Sign in again</a></p>`,
    `<p>If this happens again, tell your administrator this request id: <code>${escaped(requestId)}</code></p>`,
    '</main></body></html>',
    '',
  ].join('\n');

const asSentence = (detail: string): string => `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The value of the cookie of an attempt: it is the browser's own, and nobody else can use it. */
export const writeAttempt = ({ issuer, state, nonce, codeVerifier, returnTo }: LoginAttempt): string =>
  Buffer.from(JSON.stringify([issuer, state, nonce, codeVerifier, returnTo]), 'utf8').toString('base64url');

const longestValue = 4_096;

/** The attempt in a cookie; null where there is none, or one that kubepass would not have set. */
export function readAttempt(value: string | undefined): LoginAttempt | null {
  if (value === undefined || value.length > longestValue) return null;
  const parts = partsIn(value);
  if (!Array.isArray(parts) || parts.length !== 5 || !parts.every((part) => typeof part === 'string')) return null;
  const [issuer = '', state = '', nonce = '', codeVerifier = '', returnTo = ''] = parts;
  if (![state, nonce, codeVerifier].every((secret) => /^[A-Za-z0-9_-]{43}$/.test(secret))) return null;
  return isReturnTo(returnTo) ? { issuer, state, nonce, codeVerifier, returnTo } : null;
}

function partsIn(value: string): unknown {
  try {
    return JSON.parse(Buffer.from(value, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

/** Printable ASCII without a space, from one slash on. Browsers take `\` for `/`, and leave out controls. */
const grammar = /^\/[!-~]*$/;

/**
 * Whether a browser that is sent there stays with this service: an absolute path without an authority (RFC 3986 section
 * 4.2). `//host` and `/\host` lead to others.
 */
export function isReturnTo(text: string): boolean {
  if (text.length > longestReturnTo || !grammar.test(text) || text.includes('//') || text.includes('\\')) return false;
  const here = 'https://kubepass.invalid';
  return URL.canParse(text, here) && new URL(text, here).origin === here;
}
