import type { KeyAlgorithm } from '@kubepass/x509';
import { idBound } from '../../model/new-id.js';
import type { RecordedRequest, RecordedRequestRange } from '../../model/replay.js';
import { jsonRead, type ReadRows, uuidOctets, uuidOf } from '../steps/statement.js';
import { decisionOf, labelsInColumn } from './request-table.js';

const columns = [
  'id',
  'cluster',
  'username',
  'groups',
  'keyAlgorithm',
  'expirationSeconds',
  'namespace',
  'reason',
  'labels',
  'requesterName',
  'requesterGroups',
  'requesterRoles',
  'collector',
  'decidedAt',
] as const;

type Json = 'groups' | 'requesterGroups' | 'requesterRoles';

interface Row
  extends
    Record<
      Exclude<
        (typeof columns)[number],
        Json | 'id' | 'expirationSeconds' | 'namespace' | 'reason' | 'labels' | 'decidedAt'
      >,
      string
    >,
    Record<Json, unknown> {
  readonly id: Uint8Array;
  readonly expirationSeconds: number;
  readonly namespace: string | null;
  readonly reason: string | null;
  readonly labels: string | null;
  readonly decidedAt: number | Date;
  readonly decision: string;
}

const select = `SELECT ${columns.map((column) => `"r"."${column}"`).join(', ')}, "d"."text" AS "decision"
  FROM "RequestRecord" AS "r" JOIN "Decision" AS "d" ON "d"."sha256" = "r"."decisionSha256"`;

/**
 * Ids begin with the time of creation, and numbers are given when requests are committed. No more requests come between
 * than wait for the writer, so a period of time is a range of numbers, give or take as many.
 */
const slack = 10_000;
const firstWithin = `SELECT "n" FROM "RequestRecord" WHERE "id" > ? ORDER BY "id" LIMIT 1`;
const period = `"r"."n" > COALESCE((SELECT "n" FROM "RequestRecord" WHERE "id" = ?), (${firstWithin}) - ${String(slack)}, 0)
  AND "r"."n" < COALESCE((${firstWithin}) + ${String(slack)}, 9223372036854775807)
  AND "r"."id" > ? AND "r"."id" < ? ORDER BY "r"."n" LIMIT ?`;

/** Reads requests in order to decide them again: in chunks, and without anything that happened to them later. */
export class RecordedRequests {
  constructor(private readonly readRows: ReadRows) {}

  /** The requests behind `afterId` (null: from the first on), in the order of their creation, at most `limit`. */
  async chunk(
    { cluster, after, before }: RecordedRequestRange,
    afterId: string | null,
    limit: number,
  ): Promise<readonly RecordedRequest[]> {
    // No request has a bound as its id, so `>` finds everything that was created then or later.
    const from = after === undefined ? Buffer.alloc(0) : boundOctets(after);
    const to = boundOctets(before);
    const last = afterId === null ? Buffer.alloc(0) : uuidOctets(afterId);
    const bounds = [last, from, to, from, to, limit];
    const rows = await this.readRows(
      cluster === undefined
        ? { sql: `${select} WHERE ${period}`, parameters: bounds }
        : { sql: `${select} WHERE "r"."cluster" = ? AND ${period}`, parameters: [cluster, ...bounds] },
    );
    return rows.map((row) => recordedRequestOf(row as Row));
  }
}

/** The first octets of ids of the instant: they sort before all of these. */
const boundOctets = (instant: Date): Buffer => Buffer.from(idBound(instant).replaceAll('-', ''), 'hex');

function recordedRequestOf({
  requesterName,
  requesterGroups,
  requesterRoles,
  decidedAt,
  ...row
}: Row): RecordedRequest {
  return {
    ...row,
    id: uuidOf(row.id),
    groups: jsonRead(row.groups) as string[],
    keyAlgorithm: row.keyAlgorithm as KeyAlgorithm,
    labels: labelsInColumn(row.labels),
    requester: {
      name: requesterName,
      groups: jsonRead(requesterGroups) as string[],
      roles: jsonRead(requesterRoles) as RecordedRequest['requester']['roles'],
    },
    decision: decisionOf(row.decision, new Date(decidedAt)),
  };
}
