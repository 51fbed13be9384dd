import { describe, expect, it } from 'vitest';
import { auditEventTypes } from '../../../src/model/audit-event.js';
import { requestStates } from '../../../src/model/certificate-request.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { testStore } from './records.js';

/** The readers' queries and the index of each. Only SQLite is tested: PostgreSQL chooses by the number of rows. */
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
  [
    'a certificate by serial number, of a cluster',
    `SELECT "der" FROM "Certificate" WHERE "serialNumber" = 'aa' AND "cluster" = 'a' ORDER BY "issuedAt" DESC LIMIT 50`,
    'Certificate_serialNumber_issuerIdentity_key',
  ],
  [
    'a certificate by serial number, for its requester',
    `SELECT "der" FROM "Certificate" WHERE "serialNumber" = 'aa' AND "requesterName" = 'hr' ORDER BY "issuedAt" DESC LIMIT 50`,
    'Certificate_serialNumber_issuerIdentity_key',
  ],
  [
    'requests of a username on a cluster',
    `SELECT "id" FROM "CertificateRequest" WHERE "cluster" = 'a' AND "username" = 'jane' ORDER BY "id" DESC LIMIT 50`,
    'CertificateRequest_username_id_idx',
  ],
  ...['pending', 'approved', 'issuing', 'failed', 'denied'].map(
    (state) =>
      [
        `${state} requests of a requester`,
        `SELECT "id" FROM "CertificateRequest" WHERE "requesterName" = 'hr' AND "state" = '${state}' ORDER BY "id" DESC LIMIT 50`,
        'CertificateRequest_state_id_idx',
      ] as const,
  ),
  [
    'issued requests of a requester',
    `SELECT "id" FROM "CertificateRequest" WHERE "requesterName" = 'hr' AND "state" = 'issued' ORDER BY "id" DESC LIMIT 50`,
    'CertificateRequest_requesterName_id_idx',
  ],
  [
    'events of a request by a principal',
    `SELECT "seq" FROM "AuditEvent" WHERE "principal" = 'hr' AND "requestId" = 'a' AND "cluster" = 'a' ORDER BY "seq" LIMIT 50`,
    'AuditEvent_requestId_seq_idx',
  ],
  [
    'failures by a principal',
    `SELECT "seq" FROM "AuditEvent" WHERE "principal" = 'hr' AND "type" = 'IssuanceFailed' ORDER BY "seq" LIMIT 50`,
    'AuditEvent_type_seq_idx',
  ],
  [
    'issuances by a principal',
    `SELECT "seq" FROM "AuditEvent" WHERE "principal" = 'hr' AND "type" = 'CertificateIssued' ORDER BY "seq" LIMIT 50`,
    'AuditEvent_principal_seq_idx',
  ],
];

/** Queries whose index has the rows in the order of the list, so that nothing is sorted. */
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
  it('what is asked for by a parameter, as by a value', async () => {
    const { connect } = await testStore();
    const plan = connect().prepare<[string, string], { detail: string }>(
      'EXPLAIN QUERY PLAN SELECT "id" FROM "CertificateRequest" WHERE "requesterName" = ? AND "state" = ? ORDER BY "id" DESC',
    );
    const indexFor = (state: string) => plan.all('hr', state)[0]?.detail;
    expect(indexFor('pending')).toContain('CertificateRequest_state_id_idx');
    expect(indexFor('issued')).toContain('CertificateRequest_requesterName_id_idx');
  });

  it('each state and each type that there is: how many rows it has is known', async () => {
    const { connect } = await testStore();
    const samples = connect()
      .prepare<[string], string>('SELECT CAST("sample" AS TEXT) FROM sqlite_stat4 WHERE "idx" = ?')
      .pluck();
    const known = (index: string) => samples.all(index).map((sample) => /[A-Za-z]{3,}/.exec(sample)?.[0]);
    expect(known('CertificateRequest_state_id_idx').toSorted()).toEqual([...requestStates].toSorted());
    expect(known('AuditEvent_type_seq_idx').toSorted()).toEqual([...auditEventTypes].toSorted());
  });

  it('what statistics are of: none is of an index that is not there', async () => {
    const { connect } = await testStore();
    const database = connect();
    const names = (sql: string) => database.prepare<[], string>(sql).pluck().all();
    const indexes = names(`SELECT "name" FROM sqlite_schema WHERE "type" = 'index'`);
    expect(indexes).toEqual(expect.arrayContaining(names('SELECT DISTINCT "idx" FROM sqlite_stat1')));
    expect(indexes).toEqual(expect.arrayContaining(names('SELECT DISTINCT "idx" FROM sqlite_stat4')));
  });

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
