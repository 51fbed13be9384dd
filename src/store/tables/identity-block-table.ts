import type { IdentityBlock, LeavingPart, StoredIdentityBlock } from '../../model/identity.js';
import type { RevocationReason } from '@kubepass/x509';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import {
  insertUnique,
  jsonRead,
  storedJson,
  type Columns,
  type ReadRows,
  type SqlDialect,
  type Statement,
} from '../steps/statement.js';
import type { InsertIdentityBlock, RequireUnblocked } from '../steps/step.js';
import { inBatches } from '../lists/read-page.js';

type IdentityBlockRow = Prisma.IdentityBlockGetPayload<object>;

/** The row without the number that the database gives it. */
export function identityBlockRow(
  block: IdentityBlock,
  folded: string,
  leaving: LeavingPart | null = null,
): Columns<Omit<IdentityBlockRow, 'n'>> {
  return {
    folded,
    username: block.username,
    clusters: block.clusters,
    reason: block.reason,
    comment: block.comment,
    until: block.until,
    blockedAt: block.blockedAt,
    blockedBy: block.blockedBy,
    leaving,
  };
}

/** The folded names that are blocked. Each certificate asks for some of them, and they rarely change. */
const blockedNames = 'SELECT "folded" FROM "IdentityBlock"';

export const insertIdentityBlock = ({ block, folded, leaving }: InsertIdentityBlock): Statement => ({
  ...insertUnique('IdentityBlock', identityBlockRow(block, folded, leaving), { kind: 'identityBlock' }),
  changesKeys: blockedNames,
});

export const removeIdentityBlock = (folded: string, n: bigint): Statement => ({
  changesKeys: blockedNames,
  sql: 'DELETE FROM "IdentityBlock" WHERE "folded" = ? AND "n" = ?',
  parameters: [folded, n],
  unlessChanged: { kind: 'identityBlock' },
});

/** Finds the blocks that hold for one of the names. */
export function requireUnblocked({ cluster, folded, now }: RequireUnblocked, dialect: SqlDialect): Statement {
  const [username, requester, collector] = folded;
  return {
    sql: unblockedText(dialect),
    parameters: [username, requester, collector, cluster, now],
    onlyAmong,
    ifReached,
    many: { sql: unblockedMany, row: { columns: { username, requester, collector, cluster, now } } },
  };
}

// Each certificate has two of these statements, so whatever is the same in all of them is made once.
const onlyAmong: NonNullable<Statement['onlyAmong']> = { keys: blockedNames, count: 3 };
const ifReached: NonNullable<Statement['ifReached']> = { limit: 1, conflict: () => ({ kind: 'blocked' }) };
const unblockedByDialect = new Map<SqlDialect, string>();
function unblockedText(dialect: SqlDialect): string {
  let text = unblockedByDialect.get(dialect);
  if (text === undefined)
    unblockedByDialect.set(
      dialect,
      (text = `SELECT COUNT(*) AS "found" FROM "IdentityBlock" WHERE "folded" IN (?, ?, ?)
        AND ("clusters" IS NULL OR ${dialect.jsonArrayHolds('"clusters"')}) AND ("until" IS NULL OR "until" > ?)`),
    );
  return text;
}
const unblockedMany = `SELECT COUNT(*) AS "found" FROM json_array_elements(?::json) AS "e" JOIN "IdentityBlock" AS "b"
  ON "b"."folded" IN ("e" ->> 'username', "e" ->> 'requester', "e" ->> 'collector')
  AND ("b"."clusters" IS NULL OR "b"."clusters" @> to_jsonb("e" ->> 'cluster'))
  AND ("b"."until" IS NULL OR "b"."until" > ("e" ->> 'now')::timestamp(3))`;

/** Reads the table of blocks. */
export class IdentityBlockTable {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly readRows: ReadRows,
  ) {}

  /** Each dry run asks, so it is read without Prisma. */
  async find(folded: readonly string[]): Promise<readonly StoredIdentityBlock[]> {
    const rows = await inBatches(folded, (batch) =>
      this.readRows({
        sql: `SELECT * FROM "IdentityBlock" WHERE "folded" IN (${batch.map(() => '?').join(', ')})`,
        parameters: batch,
      }),
    );
    return rows.map((row) => identityBlockOf(rowRead(row as RowRead)));
  }

  /** The number of the last block; 0: there is none. */
  async lastN(): Promise<bigint> {
    const [row] = await this.readRows({ sql: 'SELECT MAX("n") AS "n" FROM "IdentityBlock"', parameters: [] });
    return BigInt((row as { readonly n: number | string | null }).n ?? 0);
  }

  /** The folded names of the blocks behind this number, in the order of the numbers, at most `limit`. */
  async namesBehind(n: bigint, limit: number): Promise<readonly { readonly n: bigint; readonly folded: string }[]> {
    const rows = await this.readRows({
      sql: 'SELECT "n", "folded" FROM "IdentityBlock" WHERE "n" > ? ORDER BY "n" LIMIT ?',
      parameters: [n, limit],
    });
    return (rows as readonly Pick<RowRead, 'n' | 'folded'>[]).map((row) => ({ ...row, n: BigInt(row.n) }));
  }

  /** All blocks behind this name, in the order of the folded names, at most `limit`. */
  async chunk(
    afterFolded: string,
    limit: number,
  ): Promise<readonly (StoredIdentityBlock & { readonly folded: string })[]> {
    const rows = await this.prisma.identityBlock.findMany({
      where: { folded: { gt: afterFolded } },
      orderBy: { folded: 'asc' },
      take: limit,
    });
    return rows.map((row) => ({ ...identityBlockOf(row), folded: row.folded }));
  }
}

/** A row as `ReadRows` answers it: each database has its own forms of numbers, instants and JSON. */
type RowRead = Omit<IdentityBlockRow, 'n' | 'until' | 'blockedAt'> & {
  readonly n: number | string;
  readonly until: number | Date | null;
  readonly blockedAt: number | Date;
};

const rowRead = ({ n, clusters, until, blockedAt, leaving, ...same }: RowRead): IdentityBlockRow => ({
  ...same,
  n: BigInt(n),
  clusters: clusters === null ? null : (jsonRead(clusters) as IdentityBlockRow['clusters']),
  until: until === null ? null : new Date(until),
  blockedAt: new Date(blockedAt),
  leaving: leaving === null ? null : (jsonRead(leaving) as IdentityBlockRow['leaving']),
});

function identityBlockOf({ folded: _, clusters, reason, leaving, ...row }: IdentityBlockRow): StoredIdentityBlock {
  return {
    ...row,
    clusters: clusters === null ? null : storedJson<string[]>(clusters),
    reason: reason as RevocationReason,
    leaving: leaving === null ? null : leavingOf(storedJson<LeavingInJson>(leaving)),
  };
}

/** Instants are texts in JSON. */
interface LeavingInJson {
  readonly at: string;
  readonly besides:
    (Omit<IdentityBlock, 'until' | 'blockedAt'> & { readonly until: string | null; readonly blockedAt: string }) | null;
}

const leavingOf = ({ at, besides }: LeavingInJson): LeavingPart => ({
  at: new Date(at),
  besides: besides && {
    ...besides,
    until: besides.until === null ? null : new Date(besides.until),
    blockedAt: new Date(besides.blockedAt),
  },
});
