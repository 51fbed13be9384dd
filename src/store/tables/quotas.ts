import type { QuotaLimit } from '../../model/decision.js';
import { uuidOctets } from '../octets.js';
import type { ReadRows, Selection, SqlDialect, Statement } from '../statement.js';
import type { RequireQuota } from '../step.js';
import type { QuotaReader } from '../store.js';

const hourMilliseconds = 3_600_000;

/**
 * Counts, as `found`, everything that stands against a quota: certificates, and requests whose certificate is on its way.
 * It leaves out `exceptRequest`, and certificates that were signed and never handed out, because nobody holds their key. It
 * stops at `stopAt`. Certificates are found by username, group or requester, and requests by their state, because few are on
 * their way. No index serves a column in COALESCE: one on clusters leads to nearly all rows there ever were.
 */
export function quotaCount(
  limit: QuotaLimit,
  exceptRequest: string,
  now: Date,
  stopAt: number,
  dialect: SqlDialect,
): Selection {
  // A request that is not recorded yet has no id.
  const except = exceptRequest === '' ? Buffer.alloc(0) : uuidOctets(exceptRequest);
  const { from, column, value, instant, after, ofRequest } = counted(limit, now, dialect);
  const range = dialect.indexRange({ column, parameter: value }, [instant], '>', [after]);
  return {
    sql: `SELECT COUNT(*) AS "found" FROM (
      SELECT "one" FROM (SELECT 1 AS "one" FROM ${from} WHERE ${range.sql}
        AND COALESCE("c"."cluster", "c"."cluster") = ? AND "c"."orphan" = FALSE
        AND "c"."requestN" IS DISTINCT FROM (SELECT "n" FROM "RequestRecord" WHERE "id" = ?)
        ORDER BY ${column}, ${instant} LIMIT ?) AS "certificates"
      UNION ALL
      SELECT 1 FROM "RequestRecord" AS "r"${dialect.indexedBy('RequestRecord_state_n_idx')}
        WHERE "r"."state" IN ('approved', 'issuing') AND COALESCE("r"."cluster", "r"."cluster") = ? AND ${ofRequest}
        AND "r"."id" <> ?
      LIMIT ?) AS "counted"`,
    parameters: [...range.parameters, limit.cluster, except, stopAt, limit.cluster, value, except, stopAt],
  };
}

/** The index that leads to the certificates, and the condition on requests. */
interface Counted {
  readonly from: string;
  readonly column: string;
  readonly value: string;
  readonly instant: string;
  readonly after: Date;
  readonly ofRequest: string;
}

function counted(limit: QuotaLimit, now: Date, dialect: SqlDialect): Counted {
  const live = { from: '"CertificateRecord" AS "c"', instant: '"c"."notAfter"', after: now };
  const byRequester = {
    column: '"c"."requesterName"',
    ofRequest: 'COALESCE("r"."requesterName", "r"."requesterName") = ?',
  };
  switch (limit.kind) {
    case 'livePerUsername':
      return {
        ...live,
        column: '"c"."username"',
        value: limit.username,
        ofRequest: 'COALESCE("r"."username", "r"."username") = ?',
      };
    case 'livePerGroup':
      return {
        from: '"GroupMembership" AS "g" JOIN "CertificateRecord" AS "c" ON "c"."n" = "g"."certificateN"',
        column: '"g"."name"',
        value: limit.group,
        instant: '"g"."notAfter"',
        after: now,
        ofRequest: dialect.jsonArrayHolds('"r"."groups"'),
      };
    case 'livePerRequester':
      return { ...live, ...byRequester, value: limit.requester };
    case 'issuancesPerHour':
      return {
        ...live,
        ...byRequester,
        value: limit.requester,
        instant: '"c"."issuedAt"',
        after: new Date(now.getTime() - hourMilliseconds),
      };
  }
}

export const requireQuota = ({ limit, atMost, exceptRequest, now }: RequireQuota, dialect: SqlDialect): Statement => ({
  ...quotaCount(limit, exceptRequest, now, atMost, dialect),
  ifReached: { limit: atMost, conflict: (found) => ({ kind: 'quota', limit, found }) },
});

/** The reader stops counting here: a larger count costs more than it is worth, and the writer counts up to the quota itself. */
const enough = 10_000;

/** Counts everything that stands against quotas; one decision may need several counts. */
export class QuotaCounts implements QuotaReader {
  constructor(
    private readonly dialect: SqlDialect,
    private readonly readRows: ReadRows,
  ) {}

  found(limits: readonly QuotaLimit[], exceptRequest: string, now: Date): Promise<readonly number[]> {
    return Promise.all(
      limits.map(async (limit) => {
        const [row] = await this.readRows(quotaCount(limit, exceptRequest, now, enough, this.dialect));
        return Number((row as { readonly found: unknown }).found);
      }),
    );
  }
}
