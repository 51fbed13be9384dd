import type { ApiToken } from '../../model/principal.js';
import type { ApiTokenBody } from '../schemas/api-token.js';

export function apiTokenView(token: ApiToken): ApiTokenBody {
  return {
    id: token.id,
    name: token.name,
    groups: [...token.groups],
    roles: [...token.roles],
    createdBy: [...token.createdBy],
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt.toISOString(),
    revokedAt: token.revokedAt?.toISOString() ?? null,
  };
}
