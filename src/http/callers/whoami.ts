import { Type, type Static } from 'typebox';
import { actions, permissionsOf } from '../../identity/permissions.js';
import { authenticationMethods, roles, rolesLost } from '../../model/principal.js';
import { callerOf } from '../plugins/authentication.js';
import { json, problems } from '../answers/responses.js';
import {
  credentialIdOf,
  dnsLabelOf,
  instantOf,
  namedObject,
  nullable,
  oneOf,
  principalGroupsOf,
  principalNameOf,
} from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';

const WhoamiSchema = namedObject('Whoami', 'The calling principal.', {
  name: principalNameOf('The principal’s name.', 'hr-system'),
  groups: principalGroupsOf('The groups that count.'),
  roles: Type.Array(oneOf(roles), { maxItems: roles.length }),
  rolesLost: Type.Optional(
    oneOf(
      rolesLost,
      'Why the caller has none of their roles: the directory says that they left, or gave their name to somebody else since (`succeeded`), or the name is blocked on every cluster. Absent if nothing took them.',
    ),
  ),
  method: oneOf(authenticationMethods, 'How the caller got in.'),
  credentialId: credentialIdOf('Identifies the caller’s credential, as the audit log does. It is no secret.'),
  createdBy: Type.Array(principalNameOf('A principal.', 'admin'), {
    maxItems: 1000,
    description:
      'The principals behind the credential, oldest first: its creator, the creator of that one’s credential, and so on. Empty if nobody made it.',
  }),
  expiresAt: nullable(
    instantOf('When the credential ends, unless it is revoked before.'),
    'When the credential ends, unless it is revoked before; null if it lives until it is revoked.',
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
      config: { forReviewers: true, forDirectory: true, withoutRole: true },
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
        ...(caller.rolesLost && { rolesLost: caller.rolesLost }),
        method: caller.method,
        credentialId: caller.credentialId,
        createdBy: [...caller.createdBy],
        expiresAt: caller.expiresAt?.toISOString() ?? null,
        cluster: caller.cluster,
        permissions: [...permissionsOf(caller)],
      };
    },
  );
}
