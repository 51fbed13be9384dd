import type { QuotaLimit } from '../../model/decision.js';
import { uuidOctets } from '../octets.js';
import type { ColumnValue, ReadRows, Selection, SqlDialect, Statement } from '../statement.js';
import type { RequireQuota } from '../step.js';
import type { QuotaReader } from '../store.js';

const hourMilliseconds = 3_600_000;

/**
 * Counts, as `found`, everything that stands against a quota: certificates, and requests whose certificate is on its way.
 * It leaves out `exceptRequest`, and certificates that were signed and never handed out, because nobody holds their key. It
 * stops at `stopAt`. Requests are found by their state, because few are on their way; SQLite would choose the index on
 * cluster or requester, which leads to all requests there ever were.
 */
export function quotaCount(
  limit: QuotaLimit,
  exceptRequest: string,
  now: Date,
  stopAt: number,
  dialect: SqlDialect,
): Selection {
  const { cluster } = limit;
  // A request that is not recorded yet has no id.
  const except = exceptRequest === '' ? Buffer.alloc(0) : uuidOctets(exceptRequest);
  const counted = (
    certificates: string,
    certificate: readonly ColumnValue[],
    ofRequest: string,
    value: ColumnValue,
  ) => ({
    sql: `SELECT COUNT(*) AS "found" FROM (
      SELECT 1 FROM ${certificates} AND "c"."orphan" = FALSE
        AND "c"."requestN" IS DISTINCT FROM (SELECT "n" FROM "RequestRecord" WHERE "id" = ?)
      UNION ALL
      SELECT 1 FROM "RequestRecord" AS "r"${dialect.indexedBy('RequestRecord_state_n_idx')}
        WHERE "r"."state" IN ('approved', 'issuing') AND "r"."cluster" = ? AND ${ofRequest} AND "r"."id" <> ?
      LIMIT ?) AS "counted"`,
    parameters: [...certificate, except, cluster, value, except, stopAt],
  });
  const isRequester = '"r"."requesterName" = ?';
  switch (limit.kind) {
    case 'livePerUsername':
      return counted(
        '"CertificateRecord" AS "c" WHERE "c"."cluster" = ? AND "c"."username" = ? AND "c"."notAfter" > ?',
        [cluster, limit.username, now],
        '"r"."username" = ?',
        limit.username,
      );
    case 'livePerGroup':
      return counted(
        `"GroupMembership" AS "g" JOIN "CertificateRecord" AS "c" ON "c"."n" = "g"."certificateN"
          WHERE "g"."name" = ? AND "g"."notAfter" > ? AND "c"."cluster" = ?`,
        [limit.group, now, cluster],
        dialect.jsonArrayHolds('"r"."groups"'),
        limit.group,
      );
    case 'livePerRequester':
      return counted(
        '"CertificateRecord" AS "c" WHERE "c"."cluster" = ? AND "c"."requesterName" = ? AND "c"."notAfter" > ?',
        [cluster, limit.requester, now],
        isRequester,
        limit.requester,
      );
    case 'issuancesPerHour':
      return counted(
        '"CertificateRecord" AS "c" WHERE "c"."cluster" = ? AND "c"."requesterName" = ? AND "c"."issuedAt" > ?',
        [cluster, limit.requester, new Date(now.getTime() - hourMilliseconds)],
        isRequester,
        limit.requester,
      );
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
