// Tests src/store/lists/read-page.ts, src/store/lists/select-keys.ts, src/store/tables/figures.ts,
// src/store/tables/identity-table.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { AuditEventFilter } from '../../../src/model/audit-event.js';
import type { CertificateRequest, RequestFilter } from '../../../src/model/certificate-request.js';
import type { CertificateFilter } from '../../../src/model/certificate.js';
import { newId } from '../../../src/model/new-id.js';
import type { Visibility } from '../../../src/model/outcome.js';
import type { ColumnValue, ReadStatement } from '../../../src/store/steps/statement.js';
import { AuditEventTable } from '../../../src/store/tables/audit-event-table.js';
import { FigureCounts } from '../../../src/store/tables/figures.js';
import { IdentityBlockTable } from '../../../src/store/tables/identity-block-table.js';
import { IdentityTable } from '../../../src/store/tables/identity-table.js';
import type { IdentityFilter } from '../../../src/model/identity.js';
import { mostOfIdentity, TimelineTable } from '../../../src/store/tables/timeline-table.js';
import { cursorOf } from '../../../src/store/lists/read-page.js';
import { CertificateTable } from '../../../src/store/tables/certificate-table.js';
import { RequestTable } from '../../../src/store/tables/request-table.js';
import type { PrismaClient } from '../../../src/store/generated/sqlite/client.js';
import { postgresqlDialect } from '../../../src/store/postgresql/query.js';
import { sqliteDialect } from '../../../src/store/sqlite/sqlite-statements.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { aRequest, instant, testStore } from './records.js';

const none = () => Promise.resolve([]);
/** Reads no rows; the keys of lists are read without it. */
const prisma = {
  requestRecord: { findMany: none },
  certificateRecord: { findMany: none, findUnique: () => Promise.resolve({ request: { id: randomBytes(16) } }) },
  auditRecord: { findMany: none, findFirst: () => Promise.resolve(null) },
  auditEventRange: { findFirst: () => Promise.resolve(null) },
} as unknown as PrismaClient;

const dialect = onPostgresql ? postgresqlDialect : sqliteDialect;
const page = { limit: 50, cursor: null };

type Read = (readRows: (selection: ReadStatement) => Promise<readonly unknown[]>) => Promise<unknown>;
const requests =
  (filter: RequestFilter & Visibility): Read =>
  (readRows) =>
    new RequestTable({ prisma, readRows, dialect }).list(filter, page);
const certificates =
  (filter: CertificateFilter & Visibility): Read =>
  (readRows) =>
    new CertificateTable({ prisma, readRows, dialect }).list({ ...filter, now }, page);
const events =
  (filter: AuditEventFilter): Read =>
  (readRows) =>
    new AuditEventTable({ prisma, readRows, dialect }).list(filter, page);
/** Identities by username, where many or few live certificates match the filter. One username `a` is found. */
const identities =
  (filter: IdentityFilter, matches: 'many' | 'few'): Read =>
  (readRows) => {
    const answering = async (selection: ReadStatement): Promise<readonly unknown[]> => {
      await readRows(selection);
      if (selection.sql.includes('OFFSET')) return matches === 'many' ? [{}] : [];
      if (selection.sql.includes('string_agg')) return [{ live: '1' }];
      return selection.sql.includes('AS "name" FROM') || selection.sql.includes('RECURSIVE') ? [{ name: 'a' }] : [];
    };
    return new IdentityTable({ readRows: answering, dialect }, new IdentityBlockTable(readRows)).list(
      filter,
      now,
      page,
    );
  };
/** More certificates of one username than a page shows, so that those behind are counted. */
const timeline =
  (cursor: string | null): Read =>
  (readRows) => {
    const row = {
      username: 'a',
      cluster: 'b',
      groups: '[]',
      notBefore: now,
      notAfter: now,
      fingerprintSha256: '',
      n: 1,
    };
    const answering = async (selection: ReadStatement): Promise<readonly unknown[]> => {
      await readRows(selection);
      if (selection.sql.includes('COUNT(*)')) return [{ count: 1 }];
      return selection.sql.includes('"c"') ? Array.from({ length: mostOfIdentity + 1 }, () => row) : [];
    };
    return new TimelineTable({ readRows: answering, dialect }, new IdentityBlockTable(readRows)).list(
      { username: 'a' },
      now,
      { limit: 50, cursor },
      () => true,
    );
  };
const furtherOn = cursorOf({ name: 'timeline/certificates', columns: [], direction: 'ascending' }, [
  'a',
  instant('2026-03-01T11:00:00.000Z'),
  1n,
]);
const unexpired =
  (revoked: boolean): Read =>
  (readRows) =>
    new CertificateTable({ prisma, readRows, dialect }).unexpiredOf('a', { revoked, clusters: ['a'], now, limit: 50 });
const exposed: Read = (readRows) => {
  const answering = async (selection: ReadStatement): Promise<readonly unknown[]> => {
    await readRows(selection);
    return selection.sql.includes('string_agg') ? [{ live: '1', revoked: '2' }] : [];
  };
  return new IdentityTable({ readRows: answering, dialect }, new IdentityBlockTable(readRows)).unexpiredOf(
    ['a'],
    now,
    50,
  );
};
const forOthers =
  (revokedToo: boolean): Read =>
  (readRows) =>
    new CertificateTable({ prisma, readRows, dialect }).requestedForOthers(['a', 'A'], { revokedToo, now, limit: 50 });

const now = instant('2026-03-01T10:00:00.000Z');

/** The lists and the index that the first page of each is read along. */
const lists: readonly (readonly [what: string, read: Read, index: string])[] = [
  ['requests of a state', requests({ state: 'failed' }), 'RequestRecord_state_n_idx'],
  ['requests of one of several states', requests({ state: ['failed', 'denied'] }), 'RequestRecord_state_n_idx'],
  ['requests that somebody decided on', requests({ decidedBy: 'a' }), 'RequestDecision_principal_at_requestN_idx'],
  [
    'requests of a state that somebody decided on',
    requests({ decidedBy: 'a', state: ['denied'], visibleTo: 'a', usernamePrefix: 'b' }),
    'RequestDecision_principal_at_requestN_idx',
  ],
  ['requests of a cluster', requests({ cluster: 'a' }), 'RequestRecord_cluster_n_idx'],
  ['requests for a username', requests({ username: 'a' }), 'RequestRecord_username_n_idx'],
  ['requests by a requester', requests({ requester: 'a' }), 'RequestRecord_requesterName_n_idx'],
  [
    'requests with a label',
    requests({ labels: [{ key: 'a', value: 'b' }] }),
    onPostgresql ? 'RequestLabel_pkey' : 'PRIMARY KEY (label=?',
  ],
  ['requests for usernames', requests({ usernamePrefix: 'a' }), 'RequestRecord_username_n_idx'],
  [
    'requests of a cluster for usernames',
    requests({ usernamePrefix: 'a', cluster: 'a' }),
    'RequestRecord_cluster_n_idx',
  ],
  ['requests for a collector', requests({ visibleTo: 'a' }), 'RequestRecord_collector_n_idx'],
  [
    'lapsed requests',
    (readRows) => new RequestTable({ prisma, readRows, dialect }).lapsed(now),
    'RequestRecord_expiresAt_n_idx',
  ],
  [
    'waiting requests of a name',
    (readRows) => new RequestTable({ prisma, readRows, dialect }).waitingOf(['a', 'A'], ['b'], 200),
    'RequestRecord_state_n_idx',
  ],
  ['certificates of a cluster', certificates({ cluster: 'a' }), 'CertificateRecord_cluster_n_idx'],
  ['certificates of a username', certificates({ username: 'a' }), 'CertificateRecord_username_n_idx'],
  ['certificates of usernames', certificates({ usernamePrefix: 'a' }), 'CertificateRecord_username_n_idx'],
  [
    'certificates of usernames that expire',
    certificates({ usernamePrefix: 'a', notAfterAfter: now }),
    'CertificateRecord_username_n',
  ],
  ['certificates that somebody requested', certificates({ requester: 'a' }), 'CertificateRecord_requesterName_n_idx'],
  ['certificates of a requester', certificates({ visibleTo: 'a' }), 'CertificateRecord_requesterName_n_idx'],
  ['certificates of a collector', certificates({ visibleTo: 'a' }), 'CertificateRecord_collector_n_idx'],
  ['certificates that somebody collects', certificates({ collector: 'a' }), 'CertificateRecord_collector_n_idx'],
  [
    'certificates by serial number',
    certificates({ serialNumber: 'aa', cluster: 'a' }),
    'CertificateRecord_serialNumber_issuerSha256_key',
  ],
  ['certificates that expire', certificates({ notAfterBefore: now }), 'CertificateRecord_notAfter_n_idx'],
  [
    'certificates of a cluster that expire',
    certificates({ cluster: 'a', notAfterAfter: now, notAfterBefore: now }),
    'CertificateRecord_cluster_notAfter_n_idx',
  ],
  [
    'certificates of a username that expire',
    certificates({ username: 'a', notAfterAfter: now }),
    'CertificateRecord_username_notAfter_n_idx',
  ],
  [
    'certificates of a requester that expire',
    certificates({ visibleTo: 'a', notAfterAfter: now }),
    'CertificateRecord_requesterName_notAfter_n_idx',
  ],
  [
    'certificates of a collector that expire',
    certificates({ visibleTo: 'a', notAfterAfter: now }),
    'CertificateRecord_collector_notAfter_n_idx',
  ],
  [
    'certificates of a group that expire',
    certificates({ group: 'a', notAfterBefore: now }),
    'GroupMembership_name_notAfter_certificateN_idx',
  ],
  [
    'certificates whose end is to be told',
    (readRows) =>
      new CertificateTable({ prisma, readRows, dialect }).expiring(600, { notAfter: now, n: 2n ** 63n - 1n }, now),
    'CertificateRecord_notAfter_n_idx',
  ],
  [
    'live certificates, to count them',
    (readRows) => new FigureCounts({ readRows, dialect }).certificates(now, () => Promise.resolve('go on')),
    'CertificateRecord_notAfter_n_idx',
  ],
  [
    'requests and deliveries of a state, to count them',
    (readRows) => new FigureCounts({ readRows, dialect }).records(now),
    'WebhookDelivery_state_id_idx',
  ],
  ['revoked certificates', certificates({ status: 'revoked' }), 'Revocation_certificateN_key'],
  [
    'revoked certificates that expire',
    certificates({ status: 'revoked', notAfterAfter: now }),
    'Revocation_notAfter_certificateN_idx',
  ],
  ['superseded certificates', certificates({ status: 'superseded' }), 'Supersession_notAfter_certificateN_idx'],
  ['valid certificates', certificates({ status: 'valid' }), 'CertificateRecord_notAfter_n_idx'],
  [
    'live certificates of a cluster',
    certificates({ status: 'live', cluster: 'a' }),
    'CertificateRecord_cluster_notAfter_n_idx',
  ],
  [
    'expired certificates of a username',
    certificates({ status: 'expired', username: 'a' }),
    'CertificateRecord_username_notAfter_n_idx',
  ],
  ['the timeline of a username', timeline(null), 'CertificateRecord_username_notAfter_n_idx'],
  ['the timeline of a username, further on', timeline(furtherOn), 'CertificateRecord_username_notAfter_n_idx'],
  ['identities', identities({}, 'many'), 'CertificateRecord_username_n'],
  ['identities whose names begin alike', identities({ usernamePrefix: 'a' }, 'many'), 'CertificateRecord_username_n'],
  ['the live certificates of identities', identities({}, 'many'), 'CertificateRecord_username_notAfter_n_idx'],
  ['the blocks of identities', identities({}, 'many'), onPostgresql ? 'IdentityBlock' : 'IdentityBlock_folded_key'],
  ['identities of a rare group', identities({ group: 'a' }, 'few'), 'GroupMembership_name_notAfter_certificateN_idx'],
  ['identities of a rare cluster', identities({ cluster: 'a' }, 'few'), 'CertificateRecord_cluster_notAfter_n_idx'],
  [
    'identities of which many end soon',
    identities({ notAfterBefore: now }, 'many'),
    'CertificateRecord_username_notAfter_n_idx',
  ],
  ['identities that end soon', identities({ notAfterBefore: now }, 'few'), 'CertificateRecord_notAfter_n_idx'],
  [
    'the spellings of a name',
    (readRows) => new IdentityTable({ readRows, dialect }, new IdentityBlockTable(readRows)).spellings(['a']),
    onPostgresql ? 'NameSpelling_pkey' : 'sqlite_autoindex_NameSpelling_1',
  ],
  ['unexpired certificates of a username', unexpired(false), 'CertificateRecord_username_notAfter_n_idx'],
  ['revoked certificates of a username', unexpired(true), 'Revocation_username_notAfter_certificateN_idx'],
  ['unexpired certificates of usernames', exposed, 'CertificateRecord_username_notAfter_n_idx'],
  ['revoked certificates of usernames', exposed, 'Revocation_username_notAfter_certificateN_idx'],
  [
    'live certificates that somebody requested for others',
    forOthers(false),
    'CertificateRecord_requesterName_notAfter_n_idx',
  ],
  [
    'live certificates that somebody collects for others',
    forOthers(false),
    'CertificateRecord_collector_notAfter_n_idx',
  ],
  ['unexpired certificates that somebody collects', forOthers(true), 'CertificateRecord_collector_notAfter_n_idx'],
  ['events by principal', events({ principal: 'a' }), 'AuditRecord_principal_lastSeq_idx'],
  ['the newest events by principal', events({ principal: 'a', order: 'newest' }), 'AuditRecord_principal_lastSeq_idx'],
  [
    'the newest events before an instant',
    events({ order: 'newest', before: now }),
    onPostgresql ? 'AuditRecord_pkey' : 'SEARCH r USING INTEGER PRIMARY KEY',
  ],
  [
    'events about a username',
    events({ username: 'a' }),
    onPostgresql ? 'AuditSubject_pkey' : 'PRIMARY KEY (username=? AND lastSeq>?)',
  ],
  [
    'the newest events about a username',
    events({ username: 'a', order: 'newest', principal: 'b' }),
    onPostgresql ? 'AuditSubject_pkey' : 'PRIMARY KEY (username=? AND lastSeq<?)',
  ],
  ['events of a cluster', events({ cluster: 'a', before: now }), 'AuditRecord_cluster_lastSeq_idx'],
  ['events of a type', events({ type: 'IssuanceFailed' }), 'AuditRecord_types_lastSeq_idx'],
  [
    'events of a request',
    events({ requestId: newId(now, randomBytes), principal: 'a' }),
    'AuditRecord_requestId_lastSeq_idx',
  ],
  ['events about a certificate', events({ fingerprintSha256: 'aa' }), 'AuditRecord_fingerprintSha256_lastSeq_idx'],
  ['the issuance of a certificate', events({ fingerprintSha256: 'aa' }), 'AuditRecord_requestId_lastSeq_idx'],
];

function literal(value: ColumnValue): string {
  if (value === null) return 'NULL';
  if (value instanceof Date) return onPostgresql ? `'${value.toISOString().slice(0, -1)}'` : String(value.getTime());
  if (value instanceof Uint8Array) {
    const hex = Buffer.from(value).toString('hex');
    return onPostgresql ? `'\\x${hex}'` : `x'${hex}'`;
  }
  if (Array.isArray(value)) return `'${JSON.stringify(value)}'`;
  if (typeof value === 'object') throw new TypeError('no list has such a parameter');
  return typeof value === 'string' ? `'${value}'` : String(value);
}

describe('an index leads to', () => {
  it.each(lists)('%s', async (_, read, index) => {
    const { explain } = await testStore();
    const plans: string[] = [];
    await read(async ({ sql, parameters }) => {
      const values = parameters.map(literal);
      plans.push(await explain(sql.replaceAll('?', () => values.shift() ?? '')));
      return [];
    });
    expect(plans.join('\n')).toContain(index);
    for (const plan of plans) {
      // Rows come in the order of the index, and no table is looked through. Rows of one serial number are few.
      if (!plan.includes('serialNumber')) expect(plan).not.toMatch(/TEMP B-TREE|\bSort\b/);
      expect(plan).not.toMatch(/SCAN (r|t)$|Seq Scan/m);
    }
  });
});

describe('a list with two filters', () => {
  const byUsername = onPostgresql ? '("r"."username", "r"."n") <' : '"r"."username" = ?';
  const byCluster = onPostgresql ? '("r"."cluster", "r"."n") <' : '"r"."cluster" = ?';
  /** The last query of a list by cluster and username, whose thousandth rows have these numbers. */
  async function lastRead(thousandthOfCluster: number | null, thousandthOfUsername: number | null): Promise<string> {
    let last = '';
    await requests({ cluster: 'a', username: 'b' })(({ sql }) => {
      last = sql;
      const n = sql.includes(byCluster) ? thousandthOfCluster : thousandthOfUsername;
      return Promise.resolve(n === null ? [] : [{ n }]);
    });
    return last;
  }

  it.each([
    [null, 8000, byCluster, 'username'],
    [8000, null, byUsername, 'cluster'],
    [3000, 8000, byCluster, 'username'],
    [8000, 3000, byUsername, 'cluster'],
  ] as const)('goes along the index of the rarer one: %s, %s', async (cluster, username, along, other) => {
    const sql = await lastRead(cluster, username);
    expect(sql).toContain(along);
    expect(sql).toContain(`COALESCE("r"."${other}", "r"."${other}") = ?`);
  });
});

describe('a list without rows', () => {
  it.each([
    ['requests', requests({ username: 'nobody' })],
    ['certificates', certificates({ username: 'nobody' })],
    ['unexpired certificates', unexpired(false)],
  ] as const)('ends with the look at its index: %s', async (_, read) => {
    const reading = vi.spyOn(prisma.requestRecord, 'findMany');
    const readingCertificates = vi.spyOn(prisma.certificateRecord, 'findMany');
    await read(() => Promise.resolve([]));
    expect([...reading.mock.calls, ...readingCertificates.mock.calls]).toEqual([]);
    vi.restoreAllMocks();
  });
});

describe('a list with two filters that are both common', () => {
  it('ends a page after so many rows, and goes on there until it has each row that has both', async () => {
    const { store, commit } = await testStore();
    const requestsOf = (from: number, to: number, overrides: (i: number) => Partial<CertificateRequest>) =>
      Array.from({ length: to - from }, (_, i) => aRequest({ ...overrides(from + i) }));
    // Each has more rows than are examined at once, and nearly none has both.
    const all = requestsOf(0, 5_200, (i) =>
      i % 2400 === 1 ? { cluster: 'a', username: 'b' } : i % 2 ? { cluster: 'a' } : { username: 'b' },
    );
    for (let i = 0; i < all.length; i += 1000)
      await commit(all.slice(i, i + 1000).map((request) => insertRequest(request)));
    const found: string[] = [];
    let pages = 0;
    for (let cursor: string | null = null; pages === 0 || cursor !== null; pages++) {
      const read = await store.requests.list({ cluster: 'a', username: 'b' }, { limit: 50, cursor });
      found.push(...read.items.map(({ id }) => id));
      cursor = read.nextCursor;
    }
    expect(found).toEqual([4801, 2401, 1].map((i) => all[i]?.id));
    expect(pages).toBe(3);
  });
});
