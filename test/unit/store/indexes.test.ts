import { describe, expect, it } from 'vitest';
import { onPostgresql } from '../../helpers/test-store.js';
import { testStore } from './records.js';

/** What the readers ask, and the index that leads to it. PostgreSQL chooses by how many rows there are: here, none. */
const queries: readonly (readonly [what: string, sql: string, index: string])[] = [
  [
    'certificates by serial number',
    `SELECT "der" FROM "Certificate" WHERE "serialNumber" = 'aa' ORDER BY "issuedAt" DESC LIMIT 50`,
    'Certificate_serialNumber_issuerIdentity_key',
  ],
  [
    'requests that have lapsed',
    `SELECT "id" FROM "CertificateRequest" WHERE "state" IN ('pending', 'approved') AND "expiresAt" <= '2026'
      ORDER BY "expiresAt", "id" LIMIT 500`,
    'CertificateRequest_state_expiresAt_idx',
  ],
  [
    'events by principal',
    `SELECT "seq" FROM "AuditEvent" WHERE "principal" = 'jane' AND "seq" > 5 ORDER BY "seq" LIMIT 50`,
    'AuditEvent_principal_seq_idx',
  ],
  [
    'events by certificate',
    `SELECT "seq" FROM "AuditEvent" WHERE "fingerprintSha256" = 'aa' AND "seq" > 5 ORDER BY "seq" LIMIT 50`,
    'AuditEvent_fingerprintSha256_seq_idx',
  ],
];

/** The same, where the index has the rows in the order that is asked for: nothing is sorted. */
const ordered: typeof queries = [
  ...(['cluster', 'username', 'requesterName', 'collector'] as const).map(
    (column) =>
      [
        `certificates by ${column} that expire soon`,
        `SELECT "der" FROM "Certificate" WHERE "${column}" = 'a' AND "notAfter" < '2027' ORDER BY "notAfter", "fingerprintSha256" LIMIT 50`,
        `Certificate_${column}_notAfter_fingerprintSha256_idx`,
      ] as const,
  ),
  [
    'members of a group whose certificates expire soon',
    `SELECT "issuedAt" FROM "CertificateGroup" WHERE "name" = 'a' AND "notAfter" < '2027' ORDER BY "notAfter", "fingerprintSha256" LIMIT 50`,
    'CertificateGroup_name_notAfter_fingerprintSha256_idx',
  ],
];

describe.skipIf(onPostgresql)('an index leads to', () => {
  it.each(queries)('%s', async (_what, sql, index) => {
    const { explain } = await testStore();
    expect(await explain(sql)).toContain(index);
  });

  it.each(ordered)('%s, in order', async (_what, sql, index) => {
    const { explain } = await testStore();
    const plan = await explain(sql);
    expect(plan).toContain(index);
    expect(plan).not.toContain('TEMP B-TREE');
  });
});
