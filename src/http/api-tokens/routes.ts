import type { Services } from '../server/services.js';
import { ListQuerySchema, pageBody, pageQuery, pageResponse } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { empty, json, operation } from '../answers/responses.js';
import { addSchemas, ref } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import * as schemas from './schemas.js';
import { apiTokenView } from './schemas.js';

export function addApiTokens(app: App, { apiTokens }: Services): void {
  addSchemas(app, schemas);

  app.post(
    '/api-tokens',
    operation({
      config: { action: 'manage-api-tokens' },
      operationId: 'createApiToken',
      tags: ['identity'],
      summary: 'Create an API token',
      description:
        'Needs the role admin. The token is in this answer and nowhere else. A token with the role `reviewer` is for the ' +
        'API server of one cluster: it can ask for access reviews and read what is rendered for that cluster, and ' +
        'nothing else. Two may be valid side by side, so that one replaces the other.',
      body: ref(schemas.NewApiTokenSchema),
      response: {
        201: json(schemas.CreatedApiTokenSchema, {
          description: 'The token, shown once.',
          example: { revokedAt: null, cluster: null, breakGlass: false },
          headers: { Location: 'The token, at the address where it can be revoked.', 'Cache-Control': '`no-store`' },
        }),
      },
    }),
    async (request, reply) => {
      const { token, secret } = granted(await apiTokens.create(callerOf(request), request.body));
      return reply
        .code(201)
        .header('location', `/v1/api-tokens/${encodeURIComponent(token.id)}`)
        .send({ ...apiTokenView(token), token: secret });
    },
  );

  app.get(
    '/api-tokens',
    operation({
      config: { action: 'manage-api-tokens' },
      operationId: 'listApiTokens',
      tags: ['identity'],
      summary: 'List API tokens, without their secrets',
      description: 'Needs the role admin. Expired and revoked tokens are listed too.',
      querystring: ListQuerySchema,
      response: {
        200: pageResponse(schemas.ApiTokenListSchema, 'A page, newest first.', {
          revokedAt: null,
          cluster: null,
          breakGlass: false,
        }),
      },
    }),
    async (request, reply) => {
      const page = granted(await apiTokens.list(callerOf(request), pageQuery(request.query)));
      return pageBody(request, reply, page, apiTokenView);
    },
  );

  app.delete(
    '/api-tokens/:id',
    operation({
      config: { action: 'manage-api-tokens' },
      operationId: 'revokeApiToken',
      tags: ['identity'],
      summary: 'Revoke an API token',
      description: 'Needs the role admin. Acts at once in this process, and within 5 s in every other one.',
      params: schemas.ApiTokenParamsSchema,
      response: { 204: empty('The token is revoked, or was before.') },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      granted(await apiTokens.revoke(callerOf(request), request.params.id));
      return reply.code(204).send();
    },
  );
}
