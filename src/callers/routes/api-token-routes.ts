import { ListQuerySchema, pageBody, pageQuery, pageResponse, pageOf } from '../../http/answers/page-schemas.js';
import { callerOf } from '../../http/hooks/authentication.js';
import { granted } from '../../http/problems/refusal-to-problem.js';
import { empty, json, operation } from '../../http/answers/responses.js';
import {
  ref,
  closed,
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  namedObject,
  nullable,
  oneOf,
  principalNameOf,
  textOf,
  viewOf,
} from '../../http/schemas/schema-parts.js';
import type { App } from '../../http/server/types.js';
import { Type, type Static } from 'typebox';
import { roles } from '../../model/principal.js';
import type { ApiTokens } from '../api-tokens.js';

const groups = Type.Array(principalNameOf('One group.', 'onboarding'), { maxItems: 32, uniqueItems: true });
const roleList = Type.Array(oneOf(roles), {
  minItems: 1,
  maxItems: roles.length,
  uniqueItems: true,
  description: 'What the principal may do.',
  examples: [['requester']],
});

const ApiTokenSpecSchema = namedObject('ApiTokenSpec', 'An API token to create.', {
  name: principalNameOf('The principal’s name; several tokens may have the same name.', 'hr-system'),
  groups: Type.Optional(groups),
  roles: roleList,
  expiresInSeconds: Type.Optional(
    // One type, not a union: a caller gets one error.
    Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      minimum: 60,
      maximum: 31536000,
      description:
        'How long it is valid: by default 90 days, at most a year. Null: until it is revoked, for the role reviewer alone.',
      examples: [7776000],
    }),
  ),
  cluster: Type.Optional(
    dnsLabelOf('For the role reviewer: the cluster whose API server will hold the token.', 'demo'),
  ),
});

const tokenProperties = {
  id: idOf('UUID.'),
  name: principalNameOf('The principal’s name.', 'hr-system'),
  groups,
  roles: roleList,
  createdBy: Type.Array(principalNameOf('A principal.', 'admin'), {
    maxItems: 1000,
    description: 'Who created it, who created the token that was used for this, and so on; oldest first.',
  }),
  createdAt: instantOf('When it was created.'),
  expiresAt: nullable(instantOf('An instant.'), 'When it expires; null if it lives until it is revoked.'),
  revokedAt: nullable(instantOf('An instant.'), 'When it was revoked; null if it was not.'),
  cluster: nullable(dnsLabelOf('A cluster.', 'demo'), 'The cluster of a reviewer; null for every other token.'),
  lastUsedAt: nullable(
    instantOf('An instant.'),
    'When its secret was last used, to the hour; null if it was not. Uses of a session that began with it are the session’s.',
  ),
  breakGlass: Type.Boolean({
    description: 'Whether it is for emergencies: `kubepass admin-token` made it, although tokens are no admins here.',
  }),
};

export const ApiTokenSchema = namedObject('ApiToken', 'An API token without its secret.', tokenProperties);
export type ApiTokenBody = Static<typeof ApiTokenSchema>;

const CreatedApiTokenSchema = namedObject('CreatedApiToken', 'A new API token with its secret.', {
  ...tokenProperties,
  token: textOf('The secret. It is in this answer and nowhere else.', 'kubepass_…', { maxLength: 128 }),
});

const ApiTokenListSchema = pageOf(ApiTokenSchema, 'API tokens, newest first.');

const ApiTokenParamsSchema = closed({
  id: textOf('The token’s id.', exampleId, { minLength: 1, maxLength: 64 }),
});

const apiTokenView = viewOf(ApiTokenSchema);

export interface ApiTokensContext {
  readonly apiTokens: Pick<ApiTokens, 'create' | 'list' | 'revoke'>;
}

export function addApiTokens(app: App, { apiTokens }: ApiTokensContext): void {
  app.post(
    '/api-tokens',
    operation({
      config: { action: 'manage-api-tokens', budgetUse: 'writing' },
      operationId: 'createApiToken',
      tags: ['tokens'],
      summary: 'Create an API token',
      description:
        'Needs the role admin. The token is in this answer and nowhere else. A token with the role `reviewer` is for the ' +
        'API server of one cluster: it can ask for access reviews and read what is rendered for that cluster, and ' +
        'nothing else. Two may be valid side by side, so that one replaces the other.',
      body: ref(ApiTokenSpecSchema),
      response: {
        201: json(CreatedApiTokenSchema, {
          description: 'The token, shown once.',
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
      tags: ['tokens'],
      summary: 'List API tokens, without their secrets',
      description: 'Needs the role admin. Expired and revoked tokens are listed too.',
      querystring: ListQuerySchema,
      response: {
        200: pageResponse(ApiTokenListSchema, 'A page, newest first.'),
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
      config: { action: 'manage-api-tokens', budgetUse: 'endingAccess' },
      operationId: 'revokeApiToken',
      tags: ['tokens'],
      summary: 'Revoke an API token',
      description: 'Needs the role admin. Acts at once in this process, and within 5 s in every other one.',
      params: ApiTokenParamsSchema,
      response: { 204: empty('The token is revoked, or was before.') },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      granted(await apiTokens.revoke(callerOf(request), request.params.id));
      return reply.code(204).send();
    },
  );
}
