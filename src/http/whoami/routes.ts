import { permissionsOf } from '../../identity/permissions.js';
import { callerOf } from '../plugins/authentication.js';
import { json, problems } from '../responses.js';
import { WhoamiSchema, type WhoamiBody } from './schemas.js';
import type { App } from '../types.js';

export function addWhoami(app: App): void {
  app.get(
    '/whoami',
    {
      schema: {
        operationId: 'whoami',
        tags: ['identity'],
        summary: 'See who is calling, and what they may do',
        response: { 200: json(WhoamiSchema, { description: 'The caller.' }), ...problems() },
      },
    },
    async (request): Promise<WhoamiBody> => {
      const caller = callerOf(request);
      return {
        name: caller.name,
        groups: [...caller.groups],
        roles: [...caller.roles],
        apiTokenId: caller.tokenId,
        permissions: [...permissionsOf(caller)],
      };
    },
  );
}
