import type { ApiTokenReader } from '../../identity/api-tokens.js';
import type { ApiToken, Role } from '../../model/principal.js';
import type { Page, PageQuery } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, storedJson, type Columns, type Statement } from '../statement.js';
import type { ListKey, ListOrder } from './list-keys.js';
import { readPage } from './read-page.js';

/** All columns but the secret's hash: tokens are found by it, and it is never read. */
const apiTokenColumns = {
  id: true,
  name: true,
  groups: true,
  roles: true,
  createdBy: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  cluster: true,
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
    cluster: token.cluster,
  };
}

export const insertApiToken = (token: ApiToken, secretSha256: string): Statement =>
  insertUnique('ApiToken', { ...apiTokenRow(token), secretSha256 }, { kind: 'apiToken', id: token.id });

export const revokeApiToken = (id: string, at: Date): Statement => ({
  sql: 'UPDATE "ApiToken" SET "revokedAt" = ? WHERE "id" = ? AND "revokedAt" IS NULL',
  parameters: [at, id],
  unlessChanged: { kind: 'apiToken', id },
});

const newestFirst: ListOrder = {
  name: 'api-tokens/newest',
  columns: [
    { name: 'createdAt', holds: 'instants' },
    { name: 'id', holds: 'texts' },
  ],
  direction: 'descending',
};

/** Reads the table of API tokens. */
export class ApiTokenTable implements ApiTokenReader {
  constructor(private readonly prisma: PrismaClient) {}

  async findBySecretSha256(secretSha256: string): Promise<ApiToken | null> {
    const row = await this.prisma.apiToken.findUnique({ where: { secretSha256 }, select: apiTokenColumns });
    return row && apiTokenOf(row);
  }

  async find(id: string): Promise<ApiToken | null> {
    const row = await this.prisma.apiToken.findUnique({ where: { id }, select: apiTokenColumns });
    return row && apiTokenOf(row);
  }

  list(page: PageQuery): Promise<Page<ApiToken>> {
    return readPage(page, newestFirst, async (after, take) => {
      const rows = await this.prisma.apiToken.findMany({
        where: after ? olderThan(after) : {},
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take,
        select: apiTokenColumns,
      });
      const records = rows.map((row) => ({ key: [row.createdAt, row.id], item: apiTokenOf(row) }));
      return { records, goesOnBehind: null };
    });
  }

  async hasLiveAdmin(now: Date): Promise<boolean> {
    const rows = await this.prisma.apiToken.findMany({
      where: { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
      select: apiTokenColumns,
    });
    return rows.map(apiTokenOf).some((token) => token.roles.includes('admin'));
  }
}

function olderThan([createdAt, id]: ListKey): Prisma.ApiTokenWhereInput {
  // Rows beyond a pair of values take two conditions; the first one lets the database enter the index at the cursor.
  return {
    createdAt: { lte: createdAt as Date },
    OR: [{ createdAt: { lt: createdAt as Date } }, { id: { lt: id as string } }],
  };
}

function apiTokenOf(row: ApiTokenRow): ApiToken {
  return {
    id: row.id,
    name: row.name,
    groups: storedJson<string[]>(row.groups),
    roles: storedJson<Role[]>(row.roles),
    createdBy: storedJson<string[]>(row.createdBy),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt,
    cluster: row.cluster,
  };
}
