import Database from 'better-sqlite3';
import type { KeyAlgorithm } from '../../model/key-algorithm.js';
import { idBound } from '../../model/new-id.js';
import type { RecordedRequest } from '../../model/recorded-request.js';
import { decisionOf } from '../rows/certificate-request-row.js';
import type { RecordedRequestRange, RecordedRequestReader } from '../store.js';

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

/** Lists and the decision as JSON. */
interface Row extends Record<Exclude<(typeof columns)[number], 'expirationSeconds'>, string> {
  readonly expirationSeconds: number;
}

type Nullable<T, Key extends keyof T> = Omit<T, Key> & Readonly<Record<Key, string | null>>;
type StoredRow = Nullable<Row, 'namespace' | 'reason'>;

const select = `SELECT ${columns.map((column) => `"${column}"`).join(', ')} FROM "CertificateRequest"`;
/** Ids begin with the time of creation, so a period is a range of the primary key, and of the cluster's index. */
const period = '"id" > ? AND "id" < ? ORDER BY "id" LIMIT ?';

/**
 * Reads requests for being decided again: a chunk at a time, and nothing of what became of them later. With prepared
 * statements: a replay reads them by the hundred thousand beside everything else, and Prisma takes more than twice the
 * time of the event loop for each, and leaves far more behind to be collected.
 */
export class SqliteRecordedRequestReader implements RecordedRequestReader {
  readonly #database: Database.Database;
  readonly #all: Database.Statement<[string, string, number], StoredRow>;
  readonly #ofCluster: Database.Statement<[string, string, string, number], StoredRow>;

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    this.#all = this.#database.prepare(`${select} WHERE ${period}`);
    this.#ofCluster = this.#database.prepare(`${select} WHERE "cluster" = ? AND ${period}`);
  }

  async chunk(
    { cluster, after, before }: RecordedRequestRange,
    afterId: string | null,
    limit: number,
  ): Promise<readonly RecordedRequest[]> {
    // No id is a bound itself: what is behind the bound is what was created then or later.
    const from = afterId ?? (after === undefined ? '' : idBound(after));
    const to = idBound(before);
    const rows = cluster === undefined ? this.#all.all(from, to, limit) : this.#ofCluster.all(cluster, from, to, limit);
    return rows.map(recordedRequestOf);
  }

  close(): void {
    this.#database.close();
  }
}

function recordedRequestOf({ requesterName, requesterGroups, requesterRoles, ...row }: StoredRow): RecordedRequest {
  return {
    ...row,
    groups: JSON.parse(row.groups) as string[],
    keyAlgorithm: row.keyAlgorithm as KeyAlgorithm,
    requester: {
      name: requesterName,
      groups: JSON.parse(requesterGroups) as string[],
      roles: JSON.parse(requesterRoles) as RecordedRequest['requester']['roles'],
    },
    decision: decisionOf(JSON.parse(row.decision) as Parameters<typeof decisionOf>[0]),
  };
}
