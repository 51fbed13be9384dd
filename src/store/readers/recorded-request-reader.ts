import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import { idBound } from '../../model/new-id.js';
import type { RecordedRequest } from '../../model/replay.js';
import type { ReadRows } from '../read-rows.js';
import { decisionOf } from '../rows/certificate-request-row.js';
import type { RecordedRequestRange, RecordedRequestReader as RecordedRequestReaderPort } from '../store.js';

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

/** What is JSON comes as its text from one database, and read from another. */
interface Row
  extends
    Record<Exclude<(typeof columns)[number], Json | 'expirationSeconds' | 'namespace' | 'reason'>, string>,
    Record<Json, unknown> {
  readonly expirationSeconds: number;
  readonly namespace: string | null;
  readonly reason: string | null;
}

const select = `SELECT ${columns.map((column) => `"${column}"`).join(', ')} FROM "CertificateRequest"`;
/** Ids begin with the time of creation, so a period is a range of the primary key, and of the cluster's index. */
const period = '"id" > ? AND "id" < ? ORDER BY "id" LIMIT ?';

/** Reads requests for being decided again: a chunk at a time, and nothing of what became of them later. */
export class RecordedRequestReader implements RecordedRequestReaderPort {
  constructor(private readonly readRows: ReadRows) {}

  async chunk(
    { cluster, after, before }: RecordedRequestRange,
    afterId: string | null,
    limit: number,
  ): Promise<readonly RecordedRequest[]> {
    // No id is a bound itself: what is behind the bound is what was created then or later.
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
