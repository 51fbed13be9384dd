import { foldedName } from '@kubepass/inspect/formats';
import type { Page, PageQuery } from '../../model/outcome.js';
import { sessionLimits, type Session } from '../../model/session.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { forgetBefore, quoted, rowOf, storedJson, type Columns } from '../steps/statement.js';
import type { Write } from '../steps/step.js';
import { byCreation, olderThan } from '../lists/list.js';
import { readPage } from '../lists/read-page.js';

/** Sessions are found by the secret's hash. */
const omit = { secretSha256: true, foldedName: true } as const satisfies Prisma.SessionOmit;

type SessionRow = Prisma.SessionGetPayload<{ omit: typeof omit }>;

export const sessionRow = (session: Session, secretSha256: string): Columns<Prisma.SessionGetPayload<object>> =>
  rowOf(Prisma.SessionScalarFieldEnum, { ...session, secretSha256, foldedName: foldedName(session.name) });

interface InsertedSession {
  readonly session: Session;
  readonly secretSha256: string;
}

/**
 * Conflicts where the name of the session is blocked on every cluster when it begins. It deletes the oldest session of
 * a name that has too many, so no commit that ends the sessions of a name has to end more.
 */
export const insertSession = ({ session, secretSha256 }: InsertedSession): Write => ({
  statements() {
    const row = sessionRow(session, secretSha256);
    const columns = Object.keys(row);
    const most = String(sessionLimits.ofOneName);
    return [
      {
        sql: `INSERT INTO "Session" (${columns.map(quoted).join(', ')}) SELECT ${columns.map(() => '?').join(', ')}
          WHERE NOT EXISTS (SELECT 1 FROM "IdentityBlock"
            WHERE "folded" = ? AND "clusters" IS NULL AND ("until" IS NULL OR "until" > ?))`,
        parameters: [...Object.values(row), foldedName(session.name), session.usedAt],
        unlessChanged: { kind: 'blocked' },
        ifTaken: () => ({ kind: 'session', id: session.id }),
      },
      {
        sql: `DELETE FROM "Session" WHERE "id" IN (SELECT "id" FROM "Session" WHERE "name" = ?
          ORDER BY "createdAt" DESC, "id" DESC LIMIT ${most} OFFSET ${most})`,
        parameters: [session.name],
      },
    ];
  },
});

interface SessionAt {
  readonly id: string;
  readonly at: Date;
}

/**
 * Records a use; does nothing where a later one is recorded, or where the session was ended. Uses may be recorded in
 * another order than they happened.
 */
export const touchSession = ({ id, at }: SessionAt): Write => ({
  statements: () => ({
    sql: 'UPDATE "Session" SET "usedAt" = ? WHERE "id" = ? AND "usedAt" < ? AND "endedAt" IS NULL',
    parameters: [at, id, at],
  }),
});

/** Conflicts where it was ended already. */
export const endSession = ({ id, at }: SessionAt): Write => ({
  statements: () => ({
    sql: 'UPDATE "Session" SET "endedAt" = ? WHERE "id" = ? AND "endedAt" IS NULL',
    parameters: [at, id],
    unlessChanged: { kind: 'session', id },
  }),
  tells: { endedSession: id },
});

/** Deletes at most 1,000 sessions. */
export const forgetSessions = (expiredBefore: Date): Write => ({
  statements: () => forgetBefore('Session', '"id"', 'expiresAt', expiredBefore, 1000),
});

const newestFirst = byCreation('sessions');

/** Reads the table of sessions. */
export class SessionTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** By the SHA-256 of their secrets, lower-case hex, on a unique index; ended and expired ones too. */
  async findBySecretSha256s(secretSha256s: readonly string[]): Promise<ReadonlyMap<string, Session>> {
    const where = { secretSha256: { in: [...secretSha256s] } };
    const rows = await this.prisma.session.findMany({ where, omit: { foldedName: true } });
    return new Map(rows.map(({ secretSha256, ...row }) => [secretSha256, sessionOf(row)]));
  }

  async find(id: string): Promise<Session | null> {
    const row = await this.prisma.session.findUnique({ where: { id }, omit });
    return row && sessionOf(row);
  }

  /** The live sessions of this name, or (null) of everybody; newest first. */
  list(name: string | null, now: Date, page: PageQuery): Promise<Page<Session>> {
    return readPage(page, newestFirst, async (after, take) => {
      const rows = await this.prisma.session.findMany({
        where: { AND: [liveAt(now), name === null ? {} : { name }, olderThan(after)] },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take,
        omit,
      });
      return { records: rows.map((row) => ({ key: [row.createdAt, row.id], item: sessionOf(row) })) };
    });
  }

  /**
   * Sessions of a name, in the form in which names are compared, that have neither been ended nor reached their end:
   * those that began no later than `begunUntil`, or (null) all. In no particular order, at most `limit`.
   */
  async openOf(folded: string, now: Date, begunUntil: Date | null, limit: number): Promise<readonly Session[]> {
    const rows = await this.prisma.session.findMany({
      where: {
        foldedName: folded,
        endedAt: null,
        expiresAt: { gt: now },
        ...(begunUntil !== null && { createdAt: { lte: begunUntil } }),
      },
      take: limit,
      omit,
    });
    return rows.map(sessionOf);
  }
}

/** As `isSessionLive`. */
const liveAt = (now: Date) =>
  ({
    endedAt: null,
    expiresAt: { gt: now },
    usedAt: { gt: new Date(now.getTime() - sessionLimits.idleSeconds * 1000) },
  }) satisfies Prisma.SessionWhereInput;

const sessionOf = (row: SessionRow): Session => ({ ...row, groups: storedJson<string[]>(row.groups) });
