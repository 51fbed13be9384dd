import type { Services } from '../server/services.js';
import { pageBody, pageQuery, pageResponse } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { json, operation } from '../answers/responses.js';
import { addSchemas } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import * as schemas from './schemas.js';
import { directoryUserDetailsView, directoryUserView } from './schemas.js';

const here = { inactiveSince: null, deletedAt: null, reuse: null, whyNoUsername: null };

export function addDirectoryUsers(app: App, { directoryUsers, clock }: Services): void {
  addSchemas(app, schemas);

  app.get(
    '/directory-users',
    operation({
      config: { action: 'read-directory' },
      operationId: 'listDirectoryUsers',
      tags: ['directory'],
      summary: 'List the people in the directory',
      description:
        'Needs the role provisioner, auditor or admin. Lists the people whom an identity provider manages over SCIM. SCIM is ' +
        'served at `/scim/v2`, and describes itself there. Filters are combined with AND.',
      querystring: schemas.DirectoryUserQuerySchema,
      response: { 200: pageResponse(schemas.DirectoryUserListSchema, 'In the order in which they came.', here) },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, active, ...plain } = request.query;
      const filter = { ...plain, ...(active !== undefined && { active: active === 'true' }) };
      const page = granted(await directoryUsers.list(callerOf(request), filter, pageQuery(request.query)));
      return pageBody(request, reply, page, directoryUserView);
    },
  );

  app.get(
    '/directory-users/:id',
    operation({
      config: { action: 'read-directory' },
      operationId: 'getDirectoryUser',
      tags: ['directory'],
      summary: 'Read a person in the directory',
      description:
        'Needs the role provisioner, auditor or admin. The answer says what ended when the person left, ' +
        'and what goes on all the same.',
      params: schemas.DirectoryUserParamsSchema,
      response: { 200: json(schemas.DirectoryUserDetailsSchema, { description: 'The person.', example: here }) },
      problems: ['not-found'],
    }),
    async (request) =>
      directoryUserDetailsView(granted(await directoryUsers.find(callerOf(request), request.params.id)), clock()),
  );

  app.post(
    '/directory-users/:id/confirm',
    operation({
      config: { action: 'confirm-directory-users' },
      operationId: 'confirmDirectoryUser',
      tags: ['directory'],
      summary: 'Confirm that a name is this person’s now',
      description:
        'Needs the role admin. For a person whose name was somebody else’s before (`reuse`). From the answer on they may ' +
        'ask for certificates, although those of the other person may still work; a block of the other person’s leaving ends.',
      params: schemas.DirectoryUserParamsSchema,
      response: {
        200: json(schemas.DirectoryUserDetailsSchema, { description: 'The person is confirmed.', example: here }),
      },
      problems: ['not-found'],
    }),
    async (request) =>
      directoryUserDetailsView(granted(await directoryUsers.confirm(callerOf(request), request.params.id)), clock()),
  );
}
