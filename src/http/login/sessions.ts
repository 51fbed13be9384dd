import type { Principal } from '../../model/principal.js';
import type { Services } from '../server/services.js';
import { ListQuerySchema, pageBody, pageQuery, pageResponse } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { clearSessionCookies } from '../plugins/session-cookies.js';
import { granted } from '../problems/refusal-to-problem.js';
import { empty, problems } from '../answers/responses.js';
import { addSchemas } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import * as schemas from './session-schemas.js';
import { sessionView } from './session-schemas.js';

export function addSessions(app: App, { sessions }: Services): void {
  addSchemas(app, schemas);

  app.get(
    '/sessions',
    {
      config: { withoutRole: true },
      schema: {
        operationId: 'listSessions',
        tags: ['identity'],
        summary: 'List the browsers that are signed in',
        description:
          'Lists your own sessions; with the role admin, everybody’s. Sessions that have ended are not listed.',
        querystring: ListQuerySchema,
        response: {
          200: pageResponse(schemas.SessionListSchema, 'A page, newest first.'),
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const page = await sessions.list(caller, pageQuery(request.query));
      return pageBody(request, reply, page, (session) => sessionView(session, currentOf(caller)));
    },
  );

  app.delete(
    '/sessions/:id',
    {
      config: { withoutRole: true },
      schema: {
        operationId: 'endSession',
        tags: ['identity'],
        summary: 'End a session',
        description:
          'Ends one of your own sessions (`current`: the one of this call); with the role admin, anybody’s. Acts at once in ' +
          'this process, and within 5 s in every other one. A browser that ends its own loses its cookies.',
        params: schemas.SessionParamsSchema,
        response: { 204: empty('The session has ended, now or before.'), ...problems('not-found') },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const session = granted(await sessions.end(caller, request.params.id));
      if (session.id === currentOf(caller)) clearSessionCookies(reply);
      return reply.code(204).send();
    },
  );
}

const currentOf = ({ method, credentialId }: Principal): string | null => (method === 'session' ? credentialId : null);
