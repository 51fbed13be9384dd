import type { QuotaLimit } from '../../model/quota.js';
import type { ColumnValue } from '../columns.js';
import type { SqlDialect, Statement } from '../statement.js';

const hourMilliseconds = 3_600_000;

/**
 * Counts, as `found`, what a quota counts: certificates, and requests whose certificate is on its way. What belongs to
 * `exceptRequest` is left out, and so is what was signed and never handed out: nobody holds its key. Stops at `stopAt`.
 * Requests are found by their state: few are on their way, while an index on cluster or requester leads to all there
 * ever were, and is what SQLite would choose.
 */
export function quotaCount(
  limit: QuotaLimit,
  exceptRequest: string,
  now: Date,
  stopAt: number,
  dialect: SqlDialect,
): Statement {
  const { cluster } = limit;
  const counted = (certificates: string, certificate: readonly ColumnValue[], of: string, value: ColumnValue) => ({
    sql: `SELECT COUNT(*) AS "found" FROM (
      SELECT 1 FROM ${certificates} AND "c"."orphan" = FALSE AND "c"."requestId" <> ?
      UNION ALL
      SELECT 1 FROM "CertificateRequest" AS "r"${dialect.indexedBy('CertificateRequest_state_id_idx')}
        WHERE "r"."state" IN ('approved', 'issuing') AND "r"."cluster" = ? AND ${of} AND "r"."id" <> ?
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
