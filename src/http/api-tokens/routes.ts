import type { Services } from '../../services.js';
import { linkToNext, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { ApiTokenListSchema, ApiTokenParams, CreatedApiTokenSchema, NewApiTokenSchema } from './schemas.js';
import { ListQuery } from '../clusters/schemas.js';
import { ref } from '../field-schemas.js';
import { bodyProblems, empty, json, problems } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { apiTokenView } from './api-token-view.js';

export function addApiTokens(app: App, { apiTokens }: Services): void {
  app.post(
    '/api-tokens',
    {
      schema: {
        operationId: 'createApiToken',
        tags: ['identity'],
        summary: 'Make an API token',
        description: 'The token is in this response and nowhere else.',
        body: ref(NewApiTokenSchema),
        response: {
          201: json(CreatedApiTokenSchema, {
            description: 'The token, shown once.',
            headers: { Location: 'The token, to be revoked at.', 'Cache-Control': '`no-store`' },
          }),
          ...problems(403, ...bodyProblems),
        },
      },
    },
    async (request, reply) => {
      const outcome = await apiTokens.create(callerOf(request), request.body);
      if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
      const { token, secret } = outcome.value;
      return reply
        .code(201)
        .header('location', `/v1/api-tokens/${encodeURIComponent(token.id)}`)
        .send({ ...apiTokenView(token), token: secret });
    },
  );

  app.get(
    '/api-tokens',
    {
      schema: {
        operationId: 'listApiTokens',
        tags: ['identity'],
        summary: 'List API tokens, without their secrets',
        querystring: ListQuery,
        response: {
          200: json(ApiTokenListSchema, {
            description: 'A page, newest first.',
            headers: { Link: '`rel="next"` where there is more.' },
          }),
          ...problems(403),
        },
      },
    },
    async (request, reply) => {
      const outcome = await apiTokens.list(callerOf(request), pageQuery(request.query));
      if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
      linkToNext(request, reply, outcome.value.nextCursor);
      return { items: outcome.value.items.map(apiTokenView), nextCursor: outcome.value.nextCursor };
    },
  );

  app.delete(
    '/api-tokens/:id',
    {
      schema: {
        operationId: 'revokeApiToken',
        tags: ['identity'],
        summary: 'Revoke an API token',
        params: ApiTokenParams,
        response: { 204: empty('Revoked, now or before.'), ...problems(403, 404) },
      },
    },
    async (request, reply) => {
      const outcome = await apiTokens.revoke(callerOf(request), request.params.id);
      return outcome.ok ? reply.code(204).send() : sendRefusal(reply, outcome.refusal);
    },
  );
}
