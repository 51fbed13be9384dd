import type { ReviewerToken } from '../../callers/api-tokens.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { ApiToken, Role } from '../../model/principal.js';
import { sessionLimits } from '../../model/session.js';
import type { Page, PageQuery } from '../../model/outcome.js';
import { Prisma } from '../generated/sqlite/browser.js';
import { jsonRead, quoted, rowOf, storedJson } from '../steps/statement.js';
import type { Write } from '../steps/step.js';
import { byCreation, olderThan, type Reads } from '../lists/list.js';
import { readPage } from '../lists/read-page.js';

/** Tokens are found by the secret's hash, and it leaves the table only without the rest. */
const omit = { secretSha256: true } as const satisfies Prisma.ApiTokenOmit;

type ApiTokenRow = Prisma.ApiTokenGetPayload<{ omit: typeof omit }>;

interface InsertedToken {
  readonly token: ApiToken;
  readonly secretSha256: string;
}

/**
 * Conflicts where the name is new and a token, even one that ended, has another name that folds to the same. A name
 * that has had a token goes on. Names are ASCII. Nobody who is blocked on every cluster gets one or makes one: it would
 * have no role.
 */
export const insertApiToken = ({ token, secretSha256 }: InsertedToken): Write => ({
  statements(dialect) {
    const row = rowOf(Prisma.ApiTokenScalarFieldEnum, { ...token, secretSha256 });
    const columns = Object.keys(row);
    const people = [...new Set([token.name, ...token.createdBy].map(foldedName))];
    return [
      {
        sql: `SELECT COUNT(*) AS "found" FROM "IdentityBlock" WHERE "folded" IN (${people.map(() => '?').join(', ')})
          AND "clusters" IS NULL AND ("until" IS NULL OR "until" > ?)`,
        parameters: [...people, token.createdAt],
        ifReached: { limit: 1, conflict: () => ({ kind: 'blocked' }) },
      },
      {
        sql: `INSERT INTO "ApiToken" (${columns.map(quoted).join(', ')}) SELECT ${columns.map(() => '?').join(', ')}
          WHERE NOT EXISTS (SELECT 1 FROM "ApiToken" WHERE ${dialect.asciiLowerCase('"name"')} = ?)
            OR EXISTS (SELECT 1 FROM "ApiToken" WHERE "name" = ?)`,
        parameters: [...Object.values(row), foldedName(token.name), token.name],
        unlessChanged: { kind: 'principalName', name: token.name },
        ifTaken: () => ({ kind: 'apiToken', id: token.id }),
      },
    ];
  },
});

interface TokenAt {
  readonly id: string;
  readonly at: Date;
}

/** Records a use. Uses may be recorded in another order than they happened, so an earlier one does nothing. */
export const touchApiToken = ({ id, at }: TokenAt): Write => ({
  statements: () => ({
    sql: 'UPDATE "ApiToken" SET "lastUsedAt" = ? WHERE "id" = ? AND ("lastUsedAt" IS NULL OR "lastUsedAt" < ?)',
    parameters: [at, id, at],
  }),
});

/**
 * The sessions of the token end with it. An older version may have kept more sessions than a name may have now. The
 * further sessions let nobody in either, because their token is revoked.
 */
export const revokeApiToken = ({ id, at }: TokenAt): Write => ({
  statements: () => [
    {
      sql: 'UPDATE "ApiToken" SET "revokedAt" = ? WHERE "id" = ? AND "revokedAt" IS NULL',
      parameters: [at, id],
      unlessChanged: { kind: 'apiToken', id },
    },
    {
      sql: `UPDATE "Session" SET "endedAt" = ? WHERE "id" IN (SELECT "id" FROM "Session"
        WHERE "tokenId" = ? AND "endedAt" IS NULL LIMIT ${String(sessionLimits.ofOneName)})`,
      parameters: [at, id],
    },
  ],
  tells: { withdrawn: { token: id, at } },
});

/**
 * Revokes a token of somebody who left. Conflicts where the token was revoked already, or no other admin's token would
 * be left. The condition is looked at when it is written, so two admins who leave at once do not take each other's
 * place.
 */
export const revokeTokenOfLeaver = ({ id, at }: TokenAt): Write => ({
  statements(dialect) {
    const isAdmin = dialect.jsonArrayHolds('"t"."roles"');
    return {
      sql: `UPDATE "ApiToken" SET "revokedAt" = ? WHERE "id" = ? AND "revokedAt" IS NULL AND (
        NOT EXISTS (SELECT 1 FROM "ApiToken" AS "t" WHERE "t"."id" = ? AND ${isAdmin})
        OR EXISTS (SELECT 1 FROM "ApiToken" AS "t" WHERE "t"."id" <> ? AND "t"."revokedAt" IS NULL
          AND ("t"."expiresAt" IS NULL OR "t"."expiresAt" > ?) AND "t"."breakGlass" = FALSE AND ${isAdmin}))`,
      parameters: [at, id, id, 'admin', id, at, 'admin'],
      unlessChanged: { kind: 'apiToken', id },
    };
  },
  tells: { withdrawn: { token: id, at }, leaversToken: id },
});

const newestFirst = byCreation('api-tokens');

interface RevokedApiToken {
  readonly id: string;
  readonly revokedAt: Date;
}

/** Reads the table of API tokens. */
export class ApiTokenTable {
  constructor(private readonly reads: Reads) {}

  /** By the SHA-256 of their secrets, lower-case hex, on a unique index; revoked and expired ones too. */
  async findBySecretSha256s(secretSha256s: readonly string[]): Promise<ReadonlyMap<string, ApiToken>> {
    const where = { secretSha256: { in: [...secretSha256s] } };
    const rows = await this.reads.prisma.apiToken.findMany({ where });
    return new Map(rows.map(({ secretSha256, ...row }) => [secretSha256, apiTokenOf(row)]));
  }

  /** By their ids; revoked and expired ones too. */
  async findByIds(ids: readonly string[]): Promise<ReadonlyMap<string, ApiToken>> {
    const rows = await this.reads.prisma.apiToken.findMany({ where: { id: { in: [...ids] } }, omit });
    return new Map(rows.map((row) => [row.id, apiTokenOf(row)]));
  }

  /** The reviewers' tokens that are neither revoked nor expired; there are a few for each cluster. */
  async liveReviewers(now: Date): Promise<readonly ReviewerToken[]> {
    const rows = await this.reads.prisma.apiToken.findMany({
      where: { ...liveAt(now), cluster: { not: null } },
    });
    return rows.map(({ secretSha256, ...row }) => ({ token: apiTokenOf(row), secretSha256 }));
  }

  async find(id: string): Promise<ApiToken | null> {
    const row = await this.reads.prisma.apiToken.findUnique({ where: { id }, omit });
    return row && apiTokenOf(row);
  }

  /** Newest first. */
  list(page: PageQuery): Promise<Page<ApiToken>> {
    return readPage(page, newestFirst, async (after, take) => {
      const rows = await this.reads.prisma.apiToken.findMany({
        where: olderThan(after),
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take,
        omit,
      });
      return { records: rows.map((row) => ({ key: [row.createdAt, row.id], item: apiTokenOf(row) })) };
    });
  }

  /**
   * The principals behind the tokens whose names fold to this one: behind those that are valid at the instant; null:
   * behind all that there ever were.
   */
  async makersOf(name: string, validAt: Date | null): Promise<readonly string[]> {
    const valid = validAt === null ? '' : ' AND "revokedAt" IS NULL AND ("expiresAt" IS NULL OR "expiresAt" > ?)';
    const rows = await this.reads.readRows({
      sql: `SELECT "createdBy" FROM "ApiToken" WHERE ${this.reads.dialect.asciiLowerCase('"name"')} = ?${valid}`,
      parameters: [foldedName(name), ...(validAt === null ? [] : [validAt])],
    });
    return [...new Set(rows.flatMap((row) => jsonRead((row as { createdBy: unknown }).createdBy) as string[]))];
  }

  /**
   * The roles of all tokens that this very name has or had. `since`: only the tokens that were made then or later;
   * null: all tokens.
   */
  async rolesOf(name: string, since: Date | null): Promise<readonly Role[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "roles" FROM "ApiToken" WHERE "name" = ?${since === null ? '' : ' AND "createdAt" >= ?'}`,
      parameters: [name, ...(since === null ? [] : [since])],
    });
    return [...new Set(rows.flatMap((row) => jsonRead((row as { roles: unknown }).roles) as Role[]))];
  }

  /** The tokens that are neither revoked nor expired and whose name folds to one of these. */
  async liveOf(folded: readonly string[], now: Date): Promise<readonly ApiToken[]> {
    const [tokens, names] = [await this.#live(now), new Set(folded)];
    return tokens.filter(({ name }) => names.has(foldedName(name)));
  }

  /** Live tokens that one of these principals created, directly or through others. */
  async liveMadeBy(folded: readonly string[], now: Date): Promise<readonly ApiToken[]> {
    const [tokens, names] = [await this.#live(now), new Set(folded)];
    return tokens.filter(({ createdBy }) => createdBy.some((maker) => names.has(foldedName(maker))));
  }

  /** Tokens that were revoked before they expired, with the instants of their revocation. */
  async revokedBeforeTheirEnd(now: Date): Promise<readonly RevokedApiToken[]> {
    const rows = await this.reads.prisma.apiToken.findMany({
      where: { revokedAt: { not: null }, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
      select: { id: true, revokedAt: true },
    });
    return rows.flatMap(({ id, revokedAt }) => (revokedAt === null ? [] : [{ id, revokedAt }]));
  }

  /** The tokens with role admin that are neither revoked nor expired, nor for an emergency alone. */
  async liveAdmins(now: Date): Promise<readonly ApiToken[]> {
    return (await this.#live(now)).filter(({ roles, breakGlass }) => roles.includes('admin') && !breakGlass);
  }

  /** The break-glass tokens that are neither revoked nor expired. */
  async liveBreakGlass(now: Date): Promise<readonly ApiToken[]> {
    return this.#live(now, { breakGlass: true });
  }

  async #live(now: Date, where: Prisma.ApiTokenWhereInput = {}): Promise<readonly ApiToken[]> {
    const rows = await this.reads.prisma.apiToken.findMany({ where: { ...liveAt(now), ...where }, omit });
    return rows.map(apiTokenOf);
  }
}

const liveAt = (now: Date) =>
  ({ revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }) satisfies Prisma.ApiTokenWhereInput;

const apiTokenOf = (row: ApiTokenRow): ApiToken => ({
  ...row,
  groups: storedJson<string[]>(row.groups),
  roles: storedJson<Role[]>(row.roles),
  createdBy: storedJson<string[]>(row.createdBy),
});
