// Tests src/store/postgresql/query.ts, src/store/lists/select-keys.ts, src/store/tables/quotas.ts
import type pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { statusFilters } from '../../src/model/certificate.js';
import type { QuotaLimit } from '../../src/model/decision.js';
import type { PrismaClient } from '../../src/store/generated/sqlite/client.js';
import { alongIndexes } from '../../src/store/postgresql/open-postgresql-store.js';
import { postgresqlDialect, queryOf } from '../../src/store/postgresql/query.js';
import type { ReadStatement } from '../../src/store/steps/statement.js';
import { AuditEventTable } from '../../src/store/tables/audit-event-table.js';
import { ClusterIssuerTable } from '../../src/store/tables/cluster-issuer-table.js';
import { CertificateTable } from '../../src/store/tables/certificate-table.js';
import { quotaCount } from '../../src/store/tables/quotas.js';
import { RequestTable } from '../../src/store/tables/request-table.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { instant, sha256 } from '../unit/store/records.js';

const rows = 5000;
const at = `timestamp '2026-03-01' + i * interval '1 second'`;
/** Nearly all rows have the same cluster, requester and group, and a third has the same username. */
const names = `CASE WHEN i % 500 = 7 THEN 'rare' ELSE 'demo' END, CASE WHEN i % 3 = 0 THEN 'busy' ELSE 'user-' || i END`;
const parties = `CASE WHEN i % 500 = 7 THEN 'rare' ELSE 'hr' END, CASE WHEN i % 500 = 7 THEN 'rare' ELSE 'hr' END`;
const issuers = [sha256('present'), sha256('rare')] as const;
const [present, rare] = issuers.map((fingerprint) => `'\\x${sha256(fingerprint)}'::bytea`) as [string, string];
const seed = `
  INSERT INTO "Decision" VALUES ('', '{}');
  INSERT INTO "Issuer" VALUES (${present}, 'a', 'a', NULL), (${rare}, 'b', 'b', NULL);
  INSERT INTO "RequestRecord" ("cluster", "username", "requesterName", "collector", "id", "state", "groups", "keyAlgorithm",
      "expirationSeconds", "requesterGroups", "requesterRoles", "createdAt", "decisionSha256", "decidedAt", "approvals")
    SELECT ${names}, ${parties}, sha256(i::text::bytea), CASE WHEN i % 500 = 7 THEN 'pending' ELSE 'issued' END, '[]', 'x', 1,
      '[]', '[]', ${at}, '', ${at}, '[]' FROM generate_series(1, ${String(rows)}) i;
  INSERT INTO "CertificateRecord" ("cluster", "username", "requesterName", "collector", "fingerprintSha256", "serialNumber",
      "issuerSha256", "subject", "groups", "notBefore", "notAfter", "publicKeyAlgorithm", "spkiSha256", "requestN", "der",
      "orphan", "issuedAt")
    SELECT ${names}, ${parties}, sha256(i::text::bytea), sha256(i::text::bytea),
      CASE WHEN i % 500 = 7 THEN ${rare} ELSE ${present} END, 'x', '[]', ${at}, ${at}, 'x', '', i, '',
      false, ${at} FROM generate_series(1, ${String(rows)}) i;
  INSERT INTO "RequestLabel" SELECT CASE WHEN i % 500 = 7 THEN 'a=rare' ELSE 'a=team' END, i FROM generate_series(1, ${String(rows)}) i;
  INSERT INTO "RequestDecision" SELECT CASE WHEN i % 500 = 7 THEN 'rare' ELSE 'bob' END, i, ${at}
    FROM generate_series(1, ${String(rows)}) i;
  INSERT INTO "GroupMembership" SELECT CASE WHEN i % 500 = 7 THEN 'rare' ELSE 'team' END, i, ${at}
    FROM generate_series(1, ${String(rows)}) i;
  INSERT INTO "Revocation" ("certificateN", "fingerprintSha256", "cluster", "serialNumber", "issuer", "username", "notAfter",
      "reason", "revokedAt")
    SELECT i, sha256(i::text::bytea), 'demo', '', 'a', 'a', ${at}, 'unspecified', ${at} FROM generate_series(3, ${String(rows)}, 3) i;
  INSERT INTO "Supersession" SELECT i, i - 1, ${at} FROM generate_series(4, ${String(rows)}, 4) i;
  ALTER TABLE "AuditRecord" DISABLE TRIGGER USER;
  INSERT INTO "AuditRecord" ("cluster", "principal", "lastSeq", "firstSeq", "at", "types", "requestId", "events",
      "previousHash", "hashes")
    SELECT ${names}, i, i, ${at}, CASE WHEN i % 500 = 7 THEN 2048 ELSE 1024 END, sha256(i::text::bytea), '', '', ''
    FROM generate_series(1, ${String(rows)}) i;`;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase(inject('databases'));
  await query(database.ownerUrl, async (client) => {
    for (const table of [
      'RequestRecord',
      'RequestLabel',
      'RequestDecision',
      'IssuerTally',
      'CertificateRecord',
      'GroupMembership',
      'Revocation',
      'Supersession',
      'AuditRecord',
    ])
      await client.query(`ALTER TABLE "${table}" SET (autovacuum_enabled = off)`);
    await client.query(seed);
  });
});
afterAll(() => database.drop());

const none = () => Promise.resolve([]);
/** Reads no rows; keys and counts are read without it. */
const prisma = {
  requestRecord: { findMany: none },
  certificateRecord: { findMany: none },
  auditRecord: { findMany: none },
} as unknown as PrismaClient;
const now = instant('2026-03-01T00:30:00.000Z');
const limits: readonly QuotaLimit[] = [
  { kind: 'livePerUsername', cluster: 'demo', username: 'user-5' },
  { kind: 'livePerGroup', cluster: 'demo', group: 'rare' },
  { kind: 'livePerRequester', cluster: 'demo', requester: 'rare' },
  { kind: 'issuancesPerHour', cluster: 'demo', requester: 'rare' },
];

/** Each filter alone, and all pairs of them, with a common and a rare value. */
function combinations(filters: Readonly<Record<string, readonly unknown[]>>): readonly object[] {
  const each = Object.entries(filters).map(([name, values]) => values.map((value) => ({ [name]: value })));
  const pairs = each.flatMap((ones, i) =>
    each.slice(i + 1).flatMap((others) => ones.flatMap((one) => others.map((other) => ({ ...one, ...other })))),
  );
  return [{}, ...each.flat(), ...pairs];
}

/** Makes every read that goes along an index. */
async function readAll(readRows: (selection: ReadStatement) => Promise<readonly unknown[]>): Promise<void> {
  const reads = { readRows, dialect: postgresqlDialect };
  const page = { limit: 50, cursor: null };
  const [demo, hr] = [
    ['demo', 'rare'],
    ['hr', 'rare'],
  ];
  const prefixes = ['user-', 'user-5', 'none'];
  const shared = {
    cluster: demo,
    username: ['busy', 'user-5'],
    usernamePrefix: prefixes,
    requester: hr,
    visibleTo: hr,
  };
  const labels = ['team', 'rare'].map((value) => [{ key: 'a', value }]);
  const requests = new RequestTable({ prisma, ...reads });
  for (const filter of combinations({ ...shared, state: ['issued', 'pending'], labels }))
    await requests.list(filter, page);
  for (const filter of combinations({ ...shared, state: [['issued', 'pending']] }))
    for (const decidedBy of ['bob', 'rare']) await requests.list({ ...filter, decidedBy }, page);
  await requests.lapsed(now);
  for (const clusters of [null, demo]) await requests.waitingOf(['busy', 'rare'], clusters, 200);
  const expiry = { notAfterAfter: [now], notAfterBefore: [now] };
  const certificates = new CertificateTable({ prisma, ...reads });
  for (const filter of combinations({ ...shared, ...expiry, status: statusFilters, group: ['team', 'rare'] }))
    await certificates.list({ ...filter, now }, page);
  for (const filter of combinations({ ...expiry, collector: hr, username: ['busy'] }))
    await certificates.list({ ...filter, now }, page);
  const ofIssuers = { issuer: issuers.map((issuer) => [issuer]), cluster: demo, status: statusFilters };
  for (const filter of combinations({ ...ofIssuers, username: ['busy'], group: ['rare'], notAfterAfter: [now] }))
    await certificates.list({ ...filter, now }, page);
  const served = new ClusterIssuerTable(reads);
  for (const fingerprints of [[issuers[0]], issuers]) await served.served('demo', fingerprints, now);
  await served.attemptsUnderWay('demo', 'default');
  await certificates.expiring(600, { notAfter: now, n: 2n ** 63n - 1n }, new Date(now.getTime() + 60_000));
  const events = new AuditEventTable({ prisma, ...reads });
  for (const filter of combinations({ cluster: demo, principal: ['busy'], type: ['CertificateIssued'] }))
    for (const order of [{}, { order: 'newest', afterSeq: 5 } as const])
      await events.list({ ...filter, ...order }, page);
  for (const limit of limits) await readRows(quotaCount(limit, { exceptRequest: '' }, now, 100, postgresqlDialect));
}

/** The plan of a statement that is prepared, and its rows. */
async function explained(client: pg.Client, selection: ReadStatement) {
  const { text, values } = queryOf(selection);
  const literals = values.map((value) =>
    value instanceof Buffer ? `'\\x${value.toString('hex')}'` : `'${String(value)}'`,
  );
  const execute = `EXECUTE "explained"(${literals.join(', ')})`.replace('()', '');
  await client.query(`PREPARE "explained" AS ${text}`);
  const { rows: lines } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${execute}`);
  const { rows: found } = await client.query<Record<string, unknown>>(execute);
  await client.query('DEALLOCATE "explained"');
  return { plan: `${text}\n${lines.map((line) => line['QUERY PLAN']).join('\n')}`, found };
}

it.each([
  ['without statistics, planned for its values', 'force_custom_plan', ''],
  ['without statistics, planned for any values', 'force_generic_plan', ''],
  ['with statistics, planned for its values', 'force_custom_plan', 'ANALYZE'],
  ['with statistics, planned for any values', 'force_generic_plan', 'ANALYZE'],
])('reads every list and quota along an index in its order: %s', async (_, mode, before) => {
  await query(database.ownerUrl, async (client) => {
    await client.query(before);
    for (const [name, value] of Object.entries({ ...alongIndexes, plan_cache_mode: mode }))
      await client.query(`SET ${name} = ${value}`);
    let last: Promise<unknown> = Promise.resolve();
    let count = 0;
    const read = async (selection: ReadStatement) => {
      const { plan, found } = await explained(client, selection);
      expect(plan).not.toMatch(/Seq Scan|Bitmap|\bSort\b|\bHash\b|Merge Join/);
      count++;
      return found;
    };
    // Some reads are made at once, and a connection prepares one after the other.
    await readAll((selection) => {
      const next = last.then(() => read(selection));
      last = next.catch(() => undefined);
      return next;
    });
    expect(count).toBeGreaterThan(200);
  });
});
