import type { QuotaLimit } from '../../model/decision.js';
import type { ColumnValue, ReadRows, SqlDialect, Statement } from '../statement.js';
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
): Statement {
  const { cluster } = limit;
  const counted = (
    certificates: string,
    certificate: readonly ColumnValue[],
    ofRequest: string,
    value: ColumnValue,
  ) => ({
    sql: `SELECT COUNT(*) AS "found" FROM (
      SELECT 1 FROM ${certificates} AND "c"."orphan" = FALSE AND "c"."requestId" <> ?
      UNION ALL
      SELECT 1 FROM "CertificateRequest" AS "r"${dialect.indexedBy('CertificateRequest_state_id_idx')}
        WHERE "r"."state" IN ('approved', 'issuing') AND "r"."cluster" = ? AND ${ofRequest} AND "r"."id" <> ?
      LIMIT ?) AS "counted"`,
    parameters: [...certificate, exceptRequest, cluster, value, exceptRequest, stopAt],
  });
  const isRequester = '"r"."requesterName" = ?';
  switch (limit.kind) {
    case 'livePerUsername':
      return counted(
        '"Certificate" AS "c" WHERE "c"."cluster" = ? AND "c"."username" = ? AND "c"."notAfter" > ?',
        [cluster, limit.username, now],
        '"r"."username" = ?',
        limit.username,
      );
    case 'livePerGroup':
      return counted(
        `"CertificateGroup" AS "g" JOIN "Certificate" AS "c" ON "c"."fingerprintSha256" = "g"."fingerprintSha256"
          WHERE "g"."cluster" = ? AND "g"."name" = ? AND "g"."notAfter" > ?`,
        [cluster, limit.group, now],
        dialect.jsonArrayHolds('"r"."groups"'),
        limit.group,
      );
    case 'livePerRequester':
      return counted(
        '"Certificate" AS "c" WHERE "c"."cluster" = ? AND "c"."requesterName" = ? AND "c"."notAfter" > ?',
        [cluster, limit.requester, now],
        isRequester,
        limit.requester,
      );
    case 'issuancesPerHour':
      return counted(
        '"Certificate" AS "c" WHERE "c"."cluster" = ? AND "c"."requesterName" = ? AND "c"."issuedAt" > ?',
        [cluster, limit.requester, new Date(now.getTime() - hourMilliseconds)],
        isRequester,
        limit.requester,
      );
  }
}

export function requireQuota({ limit, atMost, exceptRequest, now }: RequireQuota, dialect: SqlDialect): Statement {
  return {
    ...quotaCount(limit, exceptRequest, now, atMost, dialect),
    ifFound(row) {
      const found = Number(row['found']);
      return found >= atMost ? { kind: 'quota', limit, found } : null;
    },
  };
}

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
