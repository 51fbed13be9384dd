import type { Principal } from '../../model/principal.js';
import type { Services } from '../server/services.js';
import { ListQuerySchema, pageBody, pageQuery, pageResponse, pageOf } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { clearSessionCookies } from '../plugins/session-cookies.js';
import { granted } from '../problems/refusal-to-problem.js';
import { empty, operation } from '../answers/responses.js';
import {
  closed,
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  namedObject,
  principalGroupsOf,
  principalNameOf,
  textOf,
  viewOf,
} from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import { Type, type Static } from 'typebox';
import type { Session } from '../../model/session.js';

const SessionSchema = namedObject('Session', 'A browser that signed in.', {
  id: idOf('UUID.'),
  name: principalNameOf('The principal’s name.', 'jane@example.com'),
  groups: principalGroupsOf('The principal’s groups, as the identity provider told them at the sign-in.'),
  issuer: dnsLabelOf('The issuer by which the person signed in, as the configuration names it.', 'corp'),
  createdAt: instantOf('When the person signed in.'),
  usedAt: instantOf('When it was last used, to the minute. It ends an hour after that.'),
  expiresAt: instantOf('When it ends even if it is used.'),
  current: Type.Boolean({ description: 'Whether this call came by it.' }),
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

export function addSessions(app: App, { sessions }: Services): void {
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
      config: { withoutRole: true },
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

const currentOf = ({ method, credentialId }: Principal): string | null => (method === 'session' ? credentialId : null);
