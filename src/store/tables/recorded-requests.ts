import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import { idBound } from '../../model/new-id.js';
import type { RecordedRequest, RecordedRequestRange } from '../../model/replay.js';
import type { ReadRows } from '../statement.js';
import type { RecordedRequestReader } from '../store.js';
import { decisionOf } from './certificate-request-table.js';

const columns = [
  'id',
  'cluster',
  'username',
  'groups',
  'keyAlgorithm',
  'expirationSeconds',
  'namespace',
  'reason',
  'requesterName',
  'requesterGroups',
  'requesterRoles',
  'collector',
  'decision',
] as const;

type Json = 'groups' | 'requesterGroups' | 'requesterRoles' | 'decision';

/** JSON columns arrive as text from SQLite and parsed from PostgreSQL. */
interface Row
  extends
    Record<Exclude<(typeof columns)[number], Json | 'expirationSeconds' | 'namespace' | 'reason'>, string>,
    Record<Json, unknown> {
  readonly expirationSeconds: number;
  readonly namespace: string | null;
  readonly reason: string | null;
}

const select = `SELECT ${columns.map((column) => `"${column}"`).join(', ')} FROM "CertificateRequest"`;
/** Ids begin with the time of creation, so a period is a range of the primary key and of the cluster's index. */
const period = '"id" > ? AND "id" < ? ORDER BY "id" LIMIT ?';

/** Reads requests in order to decide them again: in chunks, and without anything that happened to them later. */
export class RecordedRequests implements RecordedRequestReader {
  constructor(private readonly readRows: ReadRows) {}

  async chunk(
    { cluster, after, before }: RecordedRequestRange,
    afterId: string | null,
    limit: number,
  ): Promise<readonly RecordedRequest[]> {
    // No request has a bound as its id, so `>` finds everything that was created then or later.
    const from = afterId ?? (after === undefined ? '' : idBound(after));
    const bounds = [from, idBound(before), limit];
    const rows = await this.readRows(
      cluster === undefined
        ? { sql: `${select} WHERE ${period}`, parameters: bounds }
        : { sql: `${select} WHERE "cluster" = ? AND ${period}`, parameters: [cluster, ...bounds] },
    );
    return rows.map((row) => recordedRequestOf(row as Row));
  }
}

function recordedRequestOf({ requesterName, requesterGroups, requesterRoles, ...row }: Row): RecordedRequest {
  return {
    ...row,
    groups: jsonOf(row.groups) as string[],
    keyAlgorithm: row.keyAlgorithm as KeyAlgorithm,
    requester: {
      name: requesterName,
      groups: jsonOf(requesterGroups) as string[],
      roles: jsonOf(requesterRoles) as RecordedRequest['requester']['roles'],
    },
    decision: decisionOf(jsonOf(row.decision) as Parameters<typeof decisionOf>[0]),
  };
}

const jsonOf = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);
