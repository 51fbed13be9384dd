import type { QuotaLimit } from '../../model/decision.js';
import { octetsOf, uuidOctets, type ColumnValue, type ReadStatement, type SqlDialect } from '../steps/statement.js';
import type { KeyReads } from '../lists/list.js';
import type { Write } from '../steps/step.js';

const hourMilliseconds = 3_600_000;

/**
 * Counts everything that stands against a quota: certificates, and requests whose certificate is on its
 * way. It leaves out `exceptRequest` and its lineage, superseded and revoked certificates, and those that were signed
 * and never handed out, because nobody holds their key. A rate and a lineage count superseded ones too. It stops at
 * `stopAt`. Certificates are found by username, group or requester, and requests by their state, because few are on
 * their way. No index serves a column in COALESCE: one on clusters leads to nearly all rows there ever were.
 *
 * `selected` is taken from the rows that count. `instant` is the end of a certificate; for a rate, when it was issued.
 */
export function quotaCount(
  limit: QuotaLimit,
  { exceptRequest, exceptLineage }: Pick<RequiredQuota, 'exceptRequest' | 'exceptLineage'>,
  now: Date,
  stopAt: number,
  dialect: SqlDialect,
  selected = 'COUNT(*) AS "found"',
): ReadStatement {
  // A request that is not recorded yet has no id.
  const except = exceptRequest === '' ? Buffer.alloc(0) : uuidOctets(exceptRequest);
  const { from, column, value, instant, after, ofRequest, leavesOut } = counted(limit, now, dialect);
  // The certificate that is to be renewed, and whatever else of its lineage, is the same person's on the same cluster.
  const lineage =
    exceptLineage === undefined || !leavesOut.includes(superseded)
      ? { sql: '', parameters: [] }
      : {
          sql: ` AND NOT EXISTS (SELECT 1 FROM "LineageMember" AS "m" WHERE "m"."certificateN" = "c"."n" AND "m"."lineage" = ?)
            AND "c"."fingerprintSha256" <> ?`,
          parameters: [octetsOf(exceptLineage), octetsOf(exceptLineage)],
        };
  // Until its first renewal is issued, a certificate is no member of its lineage.
  const first =
    limit.kind === 'livePerLineage'
      ? {
          sql: ` UNION ALL SELECT "c"."notAfter" FROM "CertificateRecord" AS "c" WHERE "c"."fingerprintSha256" = ?
            AND COALESCE("c"."notAfter", "c"."notAfter") > ?${revoked}
            AND NOT EXISTS (SELECT 1 FROM "LineageMember" AS "m" WHERE "m"."certificateN" = "c"."n")`,
          parameters: [value, after],
        }
      : { sql: '', parameters: [] };
  const range = dialect.indexRange({ column, parameter: value }, [instant], '>', [after]);
  return {
    sql: `SELECT ${selected} FROM (
      SELECT "instant" FROM (SELECT ${instant} AS "instant" FROM ${from} WHERE ${range.sql}
        AND COALESCE("c"."cluster", "c"."cluster") = ? AND "c"."orphan" = FALSE${leavesOut.join('')}${lineage.sql}
        AND "c"."requestN" IS DISTINCT FROM (SELECT "n" FROM "RequestRecord" WHERE "id" = ?)
        ORDER BY ${column}, ${instant} LIMIT ?) AS "certificates"
      UNION ALL
      SELECT NULL FROM "RequestRecord" AS "r"${dialect.indexedBy('RequestRecord_state_n_idx')}
        WHERE "r"."state" IN ('approved', 'issuing') AND COALESCE("r"."cluster", "r"."cluster") = ? AND ${ofRequest}
        AND "r"."id" <> ?${first.sql}
      LIMIT ?) AS "counted"`,
    parameters: [
      ...range.parameters,
      limit.cluster,
      ...lineage.parameters,
      except,
      stopAt,
      limit.cluster,
      value,
      except,
      ...first.parameters,
      stopAt,
    ],
  };
}

/** The index that leads to the certificates, and the condition on requests. */
interface Counting {
  readonly from: string;
  readonly column: string;
  readonly value: ColumnValue;
  readonly instant: string;
  readonly after: Date;
  readonly ofRequest: string;
  /** Conditions on the certificates. */
  readonly leavesOut: readonly string[];
}

const revoked = ` AND NOT EXISTS (SELECT 1 FROM "Revocation" AS "v" WHERE "v"."certificateN" = "c"."n")`;
const superseded = ` AND NOT EXISTS (SELECT 1 FROM "Supersession" AS "s" WHERE "s"."certificateN" = "c"."n")`;

function counted(limit: QuotaLimit, now: Date, dialect: SqlDialect): Counting {
  const live = {
    from: '"CertificateRecord" AS "c"',
    instant: '"c"."notAfter"',
    after: now,
    leavesOut: [revoked, superseded],
  };
  const by = (column: 'username' | 'requesterName') => ({
    column: `"c"."${column}"`,
    ofRequest: `COALESCE("r"."${column}", "r"."${column}") = ?`,
  });
  switch (limit.kind) {
    case 'livePerUsername':
      return { ...live, ...by('username'), value: limit.username };
    case 'livePerGroup':
      return {
        ...live,
        from: '"GroupMembership" AS "g" JOIN "CertificateRecord" AS "c" ON "c"."n" = "g"."certificateN"',
        column: '"g"."name"',
        value: limit.group,
        instant: '"g"."notAfter"',
        ofRequest: dialect.jsonArrayHolds('"r"."groups"'),
      };
    case 'livePerRequester':
      return { ...live, ...by('requesterName'), value: limit.requester };
    case 'livePerLineage':
      return {
        ...live,
        from: '"LineageMember" AS "l" JOIN "CertificateRecord" AS "c" ON "c"."n" = "l"."certificateN"',
        column: '"l"."lineage"',
        value: octetsOf(limit.lineage),
        instant: '"l"."notAfter"',
        ofRequest: 'COALESCE("r"."lineage", "r"."lineage") = ?',
        leavesOut: [revoked],
      };
    case 'issuancesPerHour':
      return {
        ...live,
        leavesOut: [],
        ...by('requesterName'),
        value: limit.requester,
        instant: '"c"."issuedAt"',
        after: new Date(now.getTime() - hourMilliseconds),
      };
  }
}

interface RequiredQuota {
  readonly limit: QuotaLimit;
  readonly atMost: number;
  /** The id of the request that asks; its own certificate does not count. */
  readonly exceptRequest: string;
  /** The lineage that the request renews, whose certificates do not count; absent where it renews none. */
  readonly exceptLineage?: string;
  readonly now: Date;
}

/**
 * Conflicts where the certificates that count have reached the quota; those of earlier steps in the same transaction
 * count too. It stands before the operation that adds a certificate.
 */
export const requireQuota = ({ limit, atMost, now, ...except }: RequiredQuota): Write => ({
  statements: (dialect) => ({
    ...quotaCount(limit, except, now, atMost, dialect),
    ifReached: { limit: atMost, conflict: (found) => ({ kind: 'quota', limit, found }) },
  }),
});

/** What stands against a limit. */
interface Counted {
  readonly count: number;
  /** When the next certificate among them stops to count; null: they are all on their way. */
  readonly nextEnd: Date | null;
}

/** The reader counts no further, because it would cost too much; the writer counts up to the quota itself. */
const enough = 10_000;

/** Counts everything that stands against quotas; one decision may need several counts. */
export class QuotaCounts {
  constructor(private readonly reads: KeyReads) {}

  /**
   * Counts against each of these limits, in their order; exceptions as in `requireQuota`. 10,000 means 10,000 or more.
   */
  found(
    limits: readonly QuotaLimit[],
    exceptRequest: string,
    now: Date,
    exceptLineage?: string,
  ): Promise<readonly Counted[]> {
    const except = { exceptRequest, ...(exceptLineage !== undefined && { exceptLineage }) };
    return Promise.all(
      limits.map(async (limit) => {
        const selected = 'COUNT(*) AS "found", MIN("instant") AS "first"';
        const [row] = await this.reads.readRows(quotaCount(limit, except, now, enough, this.reads.dialect, selected));
        const { found, first } = row as { readonly found: unknown; readonly first: number | Date | null };
        const passes = limit.kind === 'issuancesPerHour' ? hourMilliseconds : 0;
        return { count: Number(found), nextEnd: first === null ? null : new Date(Number(first) + passes) };
      }),
    );
  }
}
