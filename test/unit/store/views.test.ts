// Tests prisma/
import { expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/model/audit-event.js';
import { newId } from '../../../src/model/new-id.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { aCertificate, anAttempt, anEvent, aRequest, instant, sha256, testStore } from './records.js';

const awkward = 'a\u0001b\u202e😀é"\'`\\\n\u2028,"principal":null,"type":"X"}';
/** PostgreSQL shows no text with U+0000; the JSON of events has it as an escape. */
const escaped = `${awkward}\u0000`;

const instantText = (at: Date): string => (onPostgresql ? at.toISOString() : `${at.toISOString().slice(0, -1)}+00:00`);
const shown = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

async function withRecords() {
  const opened = await testStore();
  const request = aRequest({
    id: newId(instant('2026-03-01T10:00:00.010Z'), () => Buffer.alloc(10, 0xab)),
    state: 'failed',
    username: awkward,
    groups: ['dev', awkward],
    createdAt: instant('2026-03-01T10:00:00.010Z'),
    waitsUntil: instant('1970-01-01T00:00:00.001Z'),
    publicKey: { algorithm: 'ECDSA-P256', spkiSha256: sha256('key') },
    attempt: anAttempt({ intent: { signer: 'kubernetes', objectName: 'kubepass-1-1' } }),
    fingerprintSha256: sha256('der'),
    failure: { reason: 'IssuedCertificateMismatch', message: awkward },
    labels: { constructor: '', team: `=a=${awkward}` },
  });
  const certificates = [
    aCertificate(request, { fingerprintSha256: sha256('der'), serialNumber: '0a0b' }),
    aCertificate(request, { serialNumber: '-0a', issuerFingerprintSha256: null, orphan: true, subject: awkward }),
  ];
  const about = { requestId: request.id, at: instant('2026-03-01T10:00:00.100Z') };
  await opened.commit(
    [insertRequest(request), ...certificates.map((certificate) => insertCertificate(certificate))],
    [
      anEvent({ ...about, details: { text: escaped } }),
      anEvent({ ...about, type: 'RequestApproved', principal: null, details: { nested: { principal: 'x' }, n: 1e21 } }),
      anEvent({ ...about, type: 'CertificateIssued', fingerprintSha256: sha256('der') }),
      anEvent({ type: 'ServiceStarted', principal: awkward, cluster: null, at: instant('2026-03-01T10:00:00.999Z') }),
    ],
  );
  await opened.commit([], [anEvent({ principal: null, cluster: awkward })]);
  return { ...opened, request, certificates };
}

it('show requests as people read them', async () => {
  const { query, request } = await withRecords();
  const [row] = await query('SELECT * FROM "CertificateRequest"');
  const { requester, decision, attempt } = request;
  expect(row).toMatchObject({
    id: request.id,
    state: 'failed',
    username: awkward,
    spkiSha256: sha256('key'),
    requesterName: requester.name,
    attemptSpkiSha256: attempt?.spkiSha256,
    fingerprintSha256: request.fingerprintSha256,
    failureMessage: awkward,
  });
  expect(shown(row?.['createdAt'])).toBe(instantText(request.createdAt));
  expect(shown(row?.['expiresAt'])).toBe(instantText(request.waitsUntil as Date));
  const stored = row?.['decision'];
  expect(typeof stored === 'string' ? JSON.parse(stored) : stored).toEqual(JSON.parse(JSON.stringify(decision)));
});

it('show labels as people read them', async () => {
  const { query, request } = await withRecords();
  const rows = await query('SELECT * FROM "CertificateRequestLabel" ORDER BY "key"');
  expect(rows).toEqual([
    { requestId: request.id, key: 'constructor', value: '' },
    { requestId: request.id, key: 'team', value: `=a=${awkward}` },
  ]);
});

it('show certificates as people read them', async () => {
  const { query, request, certificates } = await withRecords();
  const rows = await query('SELECT * FROM "Certificate" ORDER BY "orphan"');
  expect(rows).toHaveLength(2);
  for (const [
    i,
    { fingerprintSha256, serialNumber, issuerFingerprintSha256, subject, issuer },
  ] of certificates.entries())
    expect(rows[i]).toMatchObject({
      fingerprintSha256,
      serialNumber,
      issuerFingerprintSha256,
      issuer,
      subject,
      requestId: request.id,
      requesterName: request.requester.name,
      issuerIdentity: issuerFingerprintSha256 ?? `demo ${issuer}`,
    });
});

it('show one row for each audit event, with the text that was hashed', async () => {
  const { query, store } = await withRecords();
  const rows = await query('SELECT * FROM "AuditEvent" ORDER BY "seq"');
  const events = await store.auditEvents.chunk(0, 10);
  const columnsOf = ({ details: _, at, ...event }: AuditEvent) => ({ ...event, at: instantText(at) });
  expect(rows.map((row) => ({ ...row, seq: Number(row['seq']), at: shown(row['at']) }))).toEqual(events.map(columnsOf));
});

it('show the text of a damaged record as it is', async () => {
  const { query, execute } = await withRecords();
  await execute(
    onPostgresql ? 'DROP TRIGGER "AuditRecord_no_change" ON "AuditRecord"' : 'DROP TRIGGER "AuditRecord_no_update"',
  );
  await execute(`UPDATE "AuditRecord" SET "events" = '{"details":[' WHERE "lastSeq" = 3`);
  const rows = await query('SELECT "canonical" FROM "AuditEvent" ORDER BY "seq"');
  expect(rows).toHaveLength(5);
  expect(rows[2]).toEqual({ canonical: '{"details":[' });
});
