// Tests src/store/tables/certificate-row.ts, src/store/tables/write-request.ts, src/store/writer/prepare-step.ts,
// src/store/steps/statement.ts
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import type Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { chainRecord, packEvents } from '../../../src/audit/audit-record.js';
import { genesis } from '../../../src/audit/hash-chain.js';
import type { Certificate } from '../../../src/model/certificate.js';
import type { CertificateRequest } from '../../../src/model/certificate-request.js';
import { PrismaClient } from '../../../src/store/generated/sqlite/client.js';
import type { Columns } from '../../../src/store/steps/statement.js';
import { certificateRow, issuerRow } from '../../../src/store/tables/certificate-row.js';
import { decisionText, requestRow, insertRequest } from '../../../src/store/tables/write-request.js';
import { preparedRecord } from '../../../src/store/writer/prepare-step.js';
import { sessionRow, insertSession } from '../../../src/store/tables/session-table.js';
import { insertApiToken } from '../../../src/store/tables/api-token-table.js';
import { insertIssuer } from '../../../src/store/tables/cluster-issuer-table.js';
import { insertUnknownIdentity, rememberProbe } from '../../../src/store/tables/cluster-tables.js';
import { answerIdempotencyKey, insertIdempotencyKey } from '../../../src/store/tables/idempotency-key-table.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { rememberPolicySet } from '../../../src/store/tables/policy-set-table.js';
import { enqueueWebhooks } from '../../../src/store/tables/webhook-delivery-table.js';
import {
  aCertificate,
  anAttempt,
  anEvent,
  anIdempotencyEntry,
  anIssuer,
  aProbe,
  aSession,
  aRequest,
  aToken,
  aWebhookDelivery,
  instant,
  sha256,
  testStore,
} from './records.js';

const awkward = 'a\u0000b\u202e😀é"\'`\\\n\u2028 ';
const octets = Uint8Array.from({ length: 256 }, (_, i) => i);

/** Every field is set, with values that are difficult to store. */
const fullRequest: CertificateRequest = aRequest({
  state: 'failed',
  cluster: 'x'.repeat(63),
  username: awkward,
  groups: [awkward, '', '1', 'null', 'ä'],
  keyAlgorithm: 'RSA-4096',
  certificationRequest: octets,
  publicKey: { algorithm: 'RSA-4096', spkiSha256: sha256('key') },
  expirationSeconds: 2 ** 31 - 1,
  namespace: 'team-a',
  reason: awkward.repeat(100),
  labels: { constructor: awkward, 'z-1': '' },
  requester: { name: 'jane@corp.example', groups: ['a', awkward], roles: ['admin', 'requester'] },
  collector: '007',
  createdAt: instant('1970-01-01T00:00:00.000Z'),
  waitsUntil: instant('9999-12-31T23:59:59.999Z'),
  decision: {
    outcome: 'denied',
    approval: null,
    policy: null,
    stages: [{ count: 2, approvers: { names: ['*'], roles: ['approver'] } }, { count: 1 }],
    violations: [{ source: 'built-in', reason: 'NameNotPermitted', message: awkward }],
    facts: { cluster: 'demo', allowPrivilegedGroups: ['kubeadm:cluster-admins'], nameAlphabet: 'unicode' },
    verdicts: [{ name: awkward, verdict: 'notApplicable', reasons: [awkward] }],
    policySetDigest: sha256('policies'),
    decidedAt: instant('2026-02-28T23:59:59.001Z'),
  },
  approvals: [
    { principal: 'bob', at: instant('2026-03-01T00:00:00.010Z'), comment: null },
    { principal: 'eve', at: instant('2026-03-01T00:00:00.100Z'), comment: awkward },
  ],
  attempt: anAttempt({ number: 3, intent: { signer: 'kubernetes', objectName: 'kubepass-1-3' } }),
  fingerprintSha256: sha256('certificate'),
  failure: { reason: 'SignerValidationFailure', message: '' },
});
/** Every field that may be empty is empty. */
const bareRequest = aRequest({ groups: [] });

const certificates: readonly Certificate[] = [
  aCertificate(fullRequest, { der: octets, groups: [awkward, 'a', awkward], orphan: true, subject: awkward }),
  aCertificate(fullRequest, { groups: [], issuerFingerprintSha256: null, der: Buffer.alloc(0) }),
];
const token = aToken({
  groups: ['1', awkward],
  roles: ['admin'],
  createdBy: ['root'],
  revokedAt: instant('2026-03-01T10:00:00.100Z'),
});
const entry = anIdempotencyEntry({ key: awkward });
const answer = { status: 201, headers: { location: '/ä', 'x-empty': '' }, body: awkward };
const event = anEvent({
  at: instant('2026-03-01T10:00:00.100Z'),
  principal: null,
  cluster: null,
  requestId: fullRequest.id,
  fingerprintSha256: sha256('certificate'),
  details: { text: awkward, number: 1e21, list: [null, true, { nested: -0.5 }] },
});

const secondEvent = { ...event, requestId: null, fingerprintSha256: null, principal: 'hr', cluster: 'demo' };

const probe = aProbe({ probedAt: instant('2026-03-01T10:00:00.100Z') }, { message: awkward, advice: null });
const identity = {
  cluster: 'demo',
  fingerprintSha256: sha256('unknown'),
  objectUid: awkward,
  recordedAt: instant('2026-03-01T10:00:00.100Z'),
};

const deliveries = [
  aWebhookDelivery({ payload: awkward }),
  aWebhookDelivery({
    state: 'dead',
    nextAttemptAt: null,
    attempts: 10,
    owner: awkward,
    lastFailure: awkward,
    endedAt: instant('2026-03-01T10:00:00.100Z'),
  }),
];

const session = aSession({
  groups: [awkward, 'a'],
  endedAt: instant('2026-03-01T10:00:00.100Z'),
});

const issuer = anIssuer({
  probe: {
    at: instant('2026-03-01T10:00:00.100Z'),
    addresses: [{ address: 'https://10.0.0.1:6443', accepts: 'no', acceptedAs: null, reason: awkward }],
  },
});

async function withEverything() {
  const opened = await testStore();
  const result = await opened.commit(
    [
      insertRequest(fullRequest),
      insertRequest(bareRequest),
      ...certificates.map((certificate) => insertCertificate(certificate)),
      insertApiToken({ token, secretSha256: sha256('secret') }),
      insertIdempotencyKey(entry, aRequest()),
      answerIdempotencyKey({ scope: entry, answer }),
      rememberPolicySet({ digest: sha256('set'), texts: [{ path: 'a.yaml', text: awkward }] }),
      insertIssuer(issuer),
      rememberProbe(probe),
      insertUnknownIdentity(identity),
      enqueueWebhooks(deliveries),
      insertSession({ session, secretSha256: sha256('cookie') }),
    ],
    [event, secondEvent],
  );
  expect(result).toEqual({ committed: true });
  return opened;
}

/** All rows of all tables, with the storage class of every value. */
function contents(database: Database.Database): Record<string, unknown> {
  const tables = [
    'Decision',
    'RequestRecord',
    'RequestLabel',
    'Issuer',
    'CertificateRecord',
    'GroupMembership',
    'AuditRecord',
    'ApiToken',
    'IdempotencyKey',
    'PolicySet',
    'ClusterIssuer',
    'IssuerTally',
    'ClusterProbe',
    'UnknownIdentity',
    'WebhookDelivery',
    'Session',
  ];
  return Object.fromEntries(
    tables.map((table) => {
      const columns = (database.pragma(`table_info("${table}")`) as { name: string }[]).map(({ name }) => name);
      const fields = columns.map((name) => `"${name}", typeof("${name}") AS "${name} is"`);
      const rows: unknown = database
        .prepare(
          `SELECT ${fields.join(', ')} FROM "${table}" ORDER BY ${columns.map((name) => `"${name}"`).join(', ')}`,
        )
        .all();
      return [table, rows];
    }),
  );
}

it('reads back, as the same models, what the ordered writer wrote', async () => {
  const { store } = await withEverything();
  expect(await store.requests.find(fullRequest.id)).toStrictEqual(fullRequest);
  expect(await store.requests.find(bareRequest.id)).toStrictEqual(bareRequest);
  for (const certificate of certificates)
    expect(await store.certificates.findByFingerprint(certificate.fingerprintSha256)).toStrictEqual({
      ...certificate,
      der: new Uint8Array(certificate.der),
    });
  expect(await store.apiTokens.find(token.id)).toStrictEqual(token);
  expect(await store.sessions.find(session.id)).toStrictEqual(session);
  expect(await store.idempotencyKeys.find(entry)).toStrictEqual({ ...entry, answer });
  expect(await store.clusterProbes.find('demo')).toStrictEqual(probe);
  expect(await store.issuers.ofCluster('demo')).toStrictEqual([issuer]);
  for (const delivery of deliveries) expect(await store.webhookDeliveries.find(delivery.id)).toStrictEqual(delivery);
  const [first, second] = await store.auditEvents.chunk(0, 10);
  expect(first).toMatchObject({ ...event, seq: 1 });
  expect(second).toMatchObject({ principal: 'hr', cluster: 'demo', seq: 2, previousHash: first?.hash });
});

it('writes every value as Prisma itself writes it', async () => {
  const { connect } = await withEverything();
  const other = await testStore();
  const prisma = new PrismaClient({
    adapter: new PrismaBetterSqlite3({ url: other.file }, { timestampFormat: 'unixepoch-ms' }),
  });
  // Prisma accepts the columns of a row as they are; only their types are narrower.
  const data = <Row>(columns: Columns<Row>) =>
    Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null)) as never;
  for (const request of [fullRequest, bareRequest]) {
    const decision = decisionText(request.decision);
    await prisma.decision.create({ data: data(decision) });
    const { n } = await prisma.requestRecord.create({ data: data(requestRow(request, decision)) });
    for (const [key, value] of Object.entries(request.labels))
      await prisma.requestLabel.create({ data: { label: `${key}=${value}`, requestN: n } });
  }
  const ofRequest = { requestN: 1n, requesterName: fullRequest.requester.name, collector: fullRequest.collector };
  for (const [i, certificate] of certificates.entries()) {
    const signedBy = issuerRow(certificate);
    await prisma.issuer.create({ data: data(signedBy) });
    await prisma.certificateRecord.create({ data: data({ ...certificateRow(certificate, signedBy), ...ofRequest }) });
    for (const name of new Set(certificate.groups))
      await prisma.groupMembership.create({ data: { name, certificateN: i + 1, notAfter: certificate.notAfter } });
  }
  let head = genesis;
  for (const packed of packEvents([event, secondEvent])) {
    const chained = chainRecord(head, packed);
    head = chained.head;
    await prisma.auditRecord.create({ data: data({ ...preparedRecord(packed).columns, ...chained.record }) });
  }
  await prisma.apiToken.create({ data: data({ ...token, secretSha256: sha256('secret') }) });
  const answered = { answerStatus: answer.status, answerHeaders: answer.headers, answerBody: answer.body };
  await prisma.idempotencyKey.create({ data: data({ ...entry, ...answered }) });
  await prisma.policySet.create({ data: { digest: sha256('set'), texts: [{ path: 'a.yaml', text: awkward }] } });
  await prisma.clusterIssuer.create({ data: data({ ...issuer }) });
  await prisma.clusterProbe.create({ data: data({ ...probe }) });
  await prisma.unknownIdentity.create({ data: data(identity) });
  for (const delivery of deliveries) await prisma.webhookDelivery.create({ data: data({ ...delivery }) });
  await prisma.session.create({ data: data(sessionRow(session, sha256('cookie'))) });
  await prisma.$disconnect();
  expect(contents(connect())).toEqual(contents(other.connect()));
});
