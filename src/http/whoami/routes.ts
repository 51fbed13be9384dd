import { Type, type Static } from 'typebox';
import { actions, permissionsOf } from '../../identity/permissions.js';
import { roles } from '../../model/principal.js';
import { callerOf } from '../plugins/authentication.js';
import { json, problems } from '../responses.js';
import { dnsLabelOf, idOf, instantOf, namedObject, nameOf, nullable, oneOf } from '../schema-parts.js';
import type { App } from '../types.js';

const WhoamiSchema = namedObject('Whoami', 'The calling principal.', {
  name: nameOf('The principal’s name.', 'hr-system'),
  groups: Type.Array(nameOf('One group.', 'onboarding'), { maxItems: 32 }),
  roles: Type.Array(oneOf(roles), { maxItems: roles.length }),
  apiTokenId: idOf('The API token that the caller uses.'),
  expiresAt: nullable(
    instantOf('When that token ends, unless it is revoked before.'),
    'When that token ends, unless it is revoked before; null if it lives until it is revoked.',
  ),
  cluster: nullable(dnsLabelOf('A cluster.', 'demo'), 'The cluster of a reviewer; null for every other caller.'),
  permissions: Type.Array(oneOf(actions), { maxItems: 100, description: 'What the roles allow.' }),
});
export type WhoamiBody = Static<typeof WhoamiSchema>;

export function addWhoami(app: App): void {
  app.addSchema(WhoamiSchema);

  app.get(
    '/whoami',
    {
      config: { forReviewers: true },
      schema: {
        operationId: 'whoami',
        tags: ['identity'],
        summary: 'Read who you are and what you may do',
        description: 'For every caller. It is the simplest way to try out a token.',
        response: {
          200: json(WhoamiSchema, { description: 'The caller.', example: { cluster: null } }),
          ...problems(),
        },
      },
    },
    async (request): Promise<WhoamiBody> => {
      const caller = callerOf(request);
      return {
        name: caller.name,
        groups: [...caller.groups],
        roles: [...caller.roles],
        apiTokenId: caller.tokenId,
        expiresAt: caller.expiresAt?.toISOString() ?? null,
        cluster: caller.cluster,
        permissions: [...permissionsOf(caller)],
      };
    },
  );
}
