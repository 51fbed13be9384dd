import type { ApiTokenReader as ApiTokenReaderPort } from '../../identity/api-tokens.js';
import type { ApiToken } from '../../model/principal.js';
import type { Page, PageQuery } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { apiTokenColumns, apiTokenOf } from '../rows/api-token-row.js';
import { instantInCursor, invalidCursor, readPage } from './read-page.js';

export class ApiTokenReader implements ApiTokenReaderPort {
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
    return readPage(
      page,
      {
        order: 'api-tokens/newest',
        keyOf: (row: { createdAt: Date; id: string }) => [row.createdAt.toISOString(), row.id],
      },
      (after, take) =>
        this.prisma.apiToken.findMany({
          where: after ? olderThan(after) : {},
          orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
          take,
          select: apiTokenColumns,
        }),
      apiTokenOf,
    );
  }

  async hasLiveAdmin(now: Date): Promise<boolean> {
    const rows = await this.prisma.apiToken.findMany({
      where: { revokedAt: null, expiresAt: { gt: now } },
      select: apiTokenColumns,
    });
    return rows.map(apiTokenOf).some((token) => token.roles.includes('admin'));
  }
}

function olderThan([instant, id]: readonly string[]): Prisma.ApiTokenWhereInput {
  if (id === undefined) throw invalidCursor();
  const createdAt = instantInCursor(instant);
  // Beyond the pair, in two conditions, of which the first lets the index be entered at the cursor.
  return { createdAt: { lte: createdAt }, OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] };
}
