import type { ApiToken, Role } from '../../model/principal.js';
import { type Columns, storedJson } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';

/** Without the secret's hash, which is looked up by and never read. */
export const apiTokenColumns = {
  id: true,
  name: true,
  groups: true,
  roles: true,
  createdBy: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
} as const satisfies Prisma.ApiTokenSelect;

type ApiTokenRow = Prisma.ApiTokenGetPayload<{ select: typeof apiTokenColumns }>;

export function apiTokenRow(token: ApiToken): Columns<ApiTokenRow> {
  return {
    id: token.id,
    name: token.name,
    groups: token.groups,
    roles: token.roles,
    createdBy: token.createdBy,
    createdAt: token.createdAt,
    expiresAt: token.expiresAt,
    revokedAt: token.revokedAt,
  };
}

export function apiTokenOf(row: ApiTokenRow): ApiToken {
  return {
    id: row.id,
    name: row.name,
    groups: storedJson<string[]>(row.groups),
    roles: storedJson<Role[]>(row.roles),
    createdBy: storedJson<string[]>(row.createdBy),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt,
  };
}
