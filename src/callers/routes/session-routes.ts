import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Principal } from '../../model/principal.js';
import { ListQuerySchema, pageBody, pageQuery, pageResponse, pageOf } from '../../http/answers/page-schemas.js';
import { callerOf, whyNotSameOrigin } from '../../http/hooks/authentication.js';
import { originOfPages } from '../../http/hooks/pages.js';
import { clearSessionCookies, setSessionCookies } from '../../http/hooks/session-cookies.js';
import { problem, ProblemError } from '../../http/problems/problem.js';
import { granted, RefusalError } from '../../http/problems/refusal-to-problem.js';
import { empty, json, operation } from '../../http/answers/responses.js';
import {
  closed,
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  namedObject,
  nullable,
  principalGroupsOf,
  principalNameOf,
  ref,
  textOf,
  viewOf,
} from '../../http/schemas/schema-parts.js';
import type { App } from '../../http/server/types.js';
import { Type, type Static } from 'typebox';
import type { Session } from '../../model/session.js';
import type { Sessions } from '../sessions.js';
import { NothingSchema } from '../../http/schemas/schema-parts.js';

const SessionSchema = namedObject('Session', 'A browser that signed in.', {
  id: idOf('UUID.'),
  name: principalNameOf('The principal’s name.', 'jane@example.com'),
  groups: principalGroupsOf('The groups, as the identity provider told them at the sign-in, or the API token’s.'),
  issuer: nullable(
    dnsLabelOf('The issuer by which the person signed in, as the configuration names it.', 'corp'),
    'The issuer by which the person signed in; null for an API token.',
  ),
  tokenId: nullable(idOf('UUID.'), 'The API token by which the person signed in; null for an issuer.'),
  createdAt: instantOf('When the person signed in.'),
  usedAt: instantOf('When it was last used, to the minute. It ends an hour after that.'),
  expiresAt: instantOf('When it ends even if it is used.'),
  current: Type.Boolean({ description: 'Whether this call came by it, or began it.' }),
});
export type SessionBody = Static<typeof SessionSchema>;

const SessionListSchema = pageOf(SessionSchema, 'Sessions that are live, newest first.');

const SessionParamsSchema = closed({
  id: textOf('The session’s id, or `current` for the one by which the call comes.', exampleId, {
    minLength: 1,
    maxLength: 64,
  }),
});

const shown = viewOf(SessionSchema);

/** `currentId`: the session by which the call came; null where it came by something else. */
const sessionView = (session: Session, currentId: string | null) =>
  shown({ ...session, current: session.id === currentId });

export interface SessionsContext {
  readonly sessions: Pick<Sessions, 'beginWithToken' | 'whyNotWithToken' | 'list' | 'end'>;
}

export function addSessions(app: App, { sessions }: SessionsContext): void {
  // Before the body is read, as every refusal of a credential.
  const refuse: onRequestHookHandler = (request, _reply, next) => {
    const whyNot = sessions.whyNotWithToken(callerOf(request));
    next(whyNot === null ? undefined : new RefusalError(whyNot.refusal));
  };
  app.post(
    '/sessions',
    {
      onRequest: refuse,
      ...operation({
        config: { optionalBody: true, budgetUse: 'writing' },
        operationId: 'createSession',
        tags: ['operators'],
        summary: 'Sign in with an API token',
        description:
          'With an API token as bearer, and no body. The session is the token’s principal, and ends with the token. Takes ' +
          'TLS, or a browser on the machine of kubepass.',
        body: ref(NothingSchema),
        response: {
          201: json(SessionSchema, {
            description: 'The session.',
            headers: {
              Location: 'The session, at the address where it can be ended.',
              'Set-Cookie': 'The session.',
              'Cache-Control': '`no-store`',
            },
          }),
        },
      }),
    },
    async (request, reply) => {
      const whyNot = whyNotHere(request);
      if (whyNot !== null) throw new ProblemError(problem('not-permitted', whyNot));
      const { session, secret } = granted(await sessions.beginWithToken(callerOf(request)));
      const { id, tokenId, name: principal } = session;
      request.log.info({ tokenId, principal, sessionId: id, remoteAddress: request.remoteAddress }, 'signed in');
      setSessionCookies(reply, secret);
      return reply
        .code(201)
        .header('location', `/v1/sessions/${encodeURIComponent(id)}`)
        .send(sessionView(session, id));
    },
  );

  app.get(
    '/sessions',
    operation({
      config: { withoutRole: true },
      operationId: 'listSessions',
      tags: ['operators'],
      summary: 'List the browsers that are signed in',
      description:
        'Lists your own sessions; with the role admin, everybody’s. Sessions that have ended are not listed.',
      querystring: ListQuerySchema,
      response: { 200: pageResponse(SessionListSchema, 'A page, newest first.') },
    }),
    async (request, reply) => {
      const caller = callerOf(request);
      const page = await sessions.list(caller, pageQuery(request.query));
      return pageBody(request, reply, page, (session) => sessionView(session, currentOf(caller)));
    },
  );

  app.delete(
    '/sessions/:id',
    operation({
      config: { withoutRole: true, whileAway: true, budgetUse: 'endingAccess' },
      operationId: 'endSession',
      tags: ['operators'],
      summary: 'End a session',
      description:
        'Ends one of your own sessions (`current`: the one of this call); with the role admin, anybody’s. Acts at once in ' +
        'this process, and within 5 s in every other one. A browser that ends its own loses its cookies.',
      params: SessionParamsSchema,
      response: { 204: empty('The session has ended, now or before.') },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const caller = callerOf(request);
      const session = granted(await sessions.end(caller, request.params.id));
      if (session.id === currentOf(caller)) clearSessionCookies(reply);
      return reply.code(204).send();
    },
  );
}

/**
 * Why no session begins by this call; null: one may. A page of another origin cannot send a bearer token, and should it
 * ever be able to, it signs nobody in.
 */
function whyNotHere(request: FastifyRequest): string | null {
  const origin = originOfPages(request, request.server.browsers);
  if (origin === null)
    return 'sessions count over TLS alone, or where the browser and kubepass are on one machine and its address is localhost or 127.0.0.1: use the token itself here';
  const { origin: told, 'sec-fetch-site': site } = request.headers;
  if (told === undefined && site === undefined) return null;
  return whyNotSameOrigin(request, origin) === null ? null : 'a page of kubepass alone signs in';
}

const currentOf = ({ method, credentialId }: Principal): string | null => (method === 'session' ? credentialId : null);
