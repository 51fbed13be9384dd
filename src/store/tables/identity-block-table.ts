import type { IdentityBlock, LeavingPart, StoredIdentityBlock } from '../../model/identity.js';
import type { RevocationReason } from '@kubepass/x509';
import { Prisma } from '../generated/sqlite/browser.js';
import {
  columnsFrom,
  insertUnique,
  jsonOctets,
  jsonRead,
  rowOf,
  type Columns,
  type ReadRows,
  type SqlDialect,
  type Statement,
} from '../steps/statement.js';
import type { Write } from '../steps/step.js';
import { inBatches } from '../lists/read-page.js';

type IdentityBlockRow = Prisma.IdentityBlockGetPayload<object>;

const blockColumns = columnsFrom(Prisma.IdentityBlockScalarFieldEnum, 'b');

/** The row without the number that the database gives it. */
export const identityBlockRow = (
  block: IdentityBlock,
  folded: string,
  leaving: LeavingPart | null = null,
): Columns<Omit<IdentityBlockRow, 'n'>> => rowOf(Prisma.IdentityBlockScalarFieldEnum, { ...block, folded, leaving });

/** The folded names that are blocked. Each certificate asks for some of them, and they rarely change. */
const blockedNames = 'SELECT "folded" FROM "IdentityBlock"';

interface InsertedBlock {
  readonly block: IdentityBlock;
  /** The username as names are compared. */
  readonly folded: string;
  /** Left out: the directory has no part in it. */
  readonly leaving?: LeavingPart | null;
}

/** Conflicts where the username has a block already. */
export const insertIdentityBlock = ({ block, folded, leaving }: InsertedBlock): Write => ({
  statements: () => ({
    ...insertUnique('IdentityBlock', identityBlockRow(block, folded, leaving), { kind: 'identityBlock' }),
    changesKeys: blockedNames,
  }),
  // The block also stands in the list beside the database.
  octets: () => 2 * jsonOctets(block),
  tells: { withdrawn: { folded, block } },
});

/** Conflicts where the username has another block than this one, or none. */
export const removeIdentityBlock = ({ folded, n }: { readonly folded: string; readonly n: bigint }): Write => ({
  statements: () => ({
    changesKeys: blockedNames,
    sql: 'DELETE FROM "IdentityBlock" WHERE "folded" = ? AND "n" = ?',
    parameters: [folded, n],
    unlessChanged: { kind: 'identityBlock' },
  }),
  tells: { withdrawn: { folded, block: null } },
});

interface UnblockedNames {
  readonly cluster: string;
  /** Requested username, requester, collector. */
  readonly folded: readonly [string, string, string];
  readonly now: Date;
}

/**
 * Conflicts where one of these names is blocked on the cluster. The names are in the form in which names are compared.
 * It stands in each step that records a request or begins an attempt: so nothing is begun once a block is committed.
 */
export const requireUnblocked = ({
  cluster,
  folded: [username, requester, collector],
  now,
}: UnblockedNames): Write => ({
  statements: (dialect) => ({
    sql: unblockedText(dialect),
    parameters: [username, requester, collector, cluster, now],
    onlyAmong,
    ifReached,
    many: { sql: unblockedMany, row: { columns: { username, requester, collector, cluster, now } } },
  }),
});

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
  constructor(private readonly readRows: ReadRows) {}

  async find(folded: readonly string[]): Promise<readonly StoredIdentityBlock[]> {
    const rows = await inBatches(folded, (batch) =>
      this.readRows({
        sql: `SELECT ${blockColumns} FROM "IdentityBlock" AS "b" WHERE "folded" IN (${batch.map(() => '?').join(', ')})`,
        parameters: batch,
      }),
    );
    return rows.map((row) => blockIn(row as RowRead));
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
    const rows = await this.readRows({
      sql: `SELECT ${blockColumns} FROM "IdentityBlock" AS "b" WHERE "folded" > ? ORDER BY "folded" LIMIT ?`,
      parameters: [afterFolded, limit],
    });
    return (rows as readonly RowRead[]).map((row) => ({ ...blockIn(row), folded: row.folded }));
  }
}

/** A row as `ReadRows` answers it: each database has its own forms of numbers, instants and JSON. */
type RowRead = Omit<IdentityBlockRow, 'n' | 'until' | 'blockedAt'> & {
  readonly n: number | string;
  readonly until: number | Date | null;
  readonly blockedAt: number | Date;
};

const blockIn = ({ folded: _, ...row }: RowRead): StoredIdentityBlock => ({
  ...row,
  n: BigInt(row.n),
  clusters: row.clusters === null ? null : (jsonRead(row.clusters) as string[]),
  reason: row.reason as RevocationReason,
  until: row.until === null ? null : new Date(row.until),
  blockedAt: new Date(row.blockedAt),
  leaving: row.leaving === null ? null : leavingOf(jsonRead(row.leaving) as LeavingInJson),
});

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
