import { createHash } from 'node:crypto';
import { chainRecord, packEvents } from '../../src/audit/audit-record.js';
import { genesis, type ChainHead } from '../../src/audit/hash-chain.js';
import type { UnchainedEvent } from '../../src/model/audit-event.js';
import type { Certificate, RevokedCertificate } from '../../src/model/certificate.js';
import { type CertificateRequest, labelText, type Labels } from '../../src/model/certificate-request.js';
import { newId } from '../../src/model/new-id.js';
import { preparedRecord } from '../../src/store/writer/prepare-step.js';
import { certificateRow, issuerRow } from '../../src/store/tables/certificate-row.js';
import { revocationRow } from '../../src/store/tables/revocation-table.js';
import { identityBlockRow } from '../../src/store/tables/identity-block-table.js';
import { decisionText, requestRow } from '../../src/store/tables/write-request.js';
import type { Row } from '../../src/store/steps/statement.js';

const tables = [
  'Decision',
  'RequestRecord',
  'RequestLabel',
  'RequestDecision',
  'Issuer',
  'CertificateRecord',
  'GroupMembership',
  'Revocation',
  'Supersession',
  'IdentityBlock',
  'AuditRecord',
] as const;

/** Tables with their rows, in an order in which they can be inserted. */
export type Rows = Readonly<Record<(typeof tables)[number], Row[]>>;

/** The number of requests that wait for a person; it does not depend on the number of certificates. */
const pending = 2_000;
/** The number of rare records of each kind; it does not depend on the total either. */
const rare = 20;
/** The number of names that are blocked, which nobody uses. */
const blocked = 2_000;
const daySeconds = 86_400;
const yearSeconds = 365 * daySeconds;

/**
 * The rows that issuing `count` certificates in the year before `now` would leave, in portions. One in ten is for
 * `busy`, the others are for one of 50,000 users. Nearly all are on cluster `demo` or `second` in group `team-a`, and
 * `hr` asked for them; `approver` decided on every other one. One certificate in five lives for more than a year, so
 * that many are live; the others for a day. The events form a whole chain, three for each certificate.
 */
export function* seedRows(count: number, now: Date, atOnce: number): Generator<Rows> {
  let head: ChainHead = genesis;
  let rows = noRows();
  const begin = now.getTime() - yearSeconds * 1000;
  const step = (yearSeconds * 1000) / count;
  const append = (events: readonly UnchainedEvent[]): void => {
    for (const packed of packEvents(events)) {
      const chained = chainRecord(head, packed);
      rows.AuditRecord.push({ ...preparedRecord(packed).columns, ...chained.record });
      head = chained.head;
    }
  };
  const inserted = new Set<string>();
  const once = (table: 'Decision' | 'Issuer', row: Row & { readonly sha256: Buffer }): void => {
    const key = row.sha256.toString('hex');
    if (!inserted.has(key)) rows[table].push(row);
    inserted.add(key);
  };
  const insertRequest = (request: CertificateRequest, n: number): void => {
    const { sha256, text } = decisionText(request.decision);
    once('Decision', { sha256, text });
    rows.RequestRecord.push({ n, ...requestRow(request, { sha256, text }) });
    for (const [key, value] of Object.entries(request.labels))
      rows.RequestLabel.push({ label: labelText({ key, value }), requestN: n });
  };
  for (let i = 0; i < count; i++) {
    const at = new Date(Math.floor(begin + i * step));
    // These are spread over the year, so that no index stores them together.
    const isRare = i % Math.ceil(count / rare) === 7;
    const request = aRequest(i, at, isRare);
    // An old CA has three certificates that work.
    const isOld = i % Math.ceil(count / 3) === oldPlace;
    const certificate = { ...aCertificate(i, at, request, isRare), ...(isOld && ofOldCa(now, i)) };
    const n = i + 1;
    insertRequest(request, n);
    if (i % 2 === 0) rows.RequestDecision.push({ principal: 'approver', requestN: n, at });
    const issuer = issuerRow(certificate);
    once('Issuer', { ...issuer });
    rows.CertificateRecord.push({
      n,
      ...certificateRow(certificate, issuer),
      requestN: n,
      requesterName: request.requester.name,
      collector: request.collector,
    });
    // One in a hundred is revoked; one in fifty is superseded by the one before it.
    if (i % 100 === 3) rows.Revocation.push({ ...revocationRow(revocationOf(certificate, at)), certificateN: n });
    if (i % 50 === 4) rows.Supersession.push({ certificateN: n, supersededByN: n - 1, notAfter: certificate.notAfter });
    for (const name of certificate.groups)
      rows.GroupMembership.push({ name, certificateN: n, notAfter: certificate.notAfter });
    const { id: requestId, cluster, username } = request;
    const { fingerprintSha256, serialNumber } = certificate;
    const event = { at, cluster, requestId, principal: request.requester.name, fingerprintSha256: null };
    append([
      { ...event, type: 'CertificateRequested', details: { username, groups: request.groups } },
      { ...event, type: isRare ? 'IssuanceResumed' : 'IssuanceStarted', details: { serialNumber } },
    ]);
    append([{ ...event, type: 'CertificateIssued', fingerprintSha256, details: { serialNumber } }]);
    if (rows.RequestRecord.length < atOnce) continue;
    yield rows;
    rows = noRows();
  }
  for (let i = 0; i < blocked; i++) {
    const username = `blocked-${String(i).padStart(4, '0')}`;
    const block = { username, clusters: null, reason: 'superseded', comment: null, until: null } as const;
    rows.IdentityBlock.push(identityBlockRow({ ...block, blockedAt: now, blockedBy: 'hr' }, username));
  }
  for (let i = 0; i < pending; i++)
    insertRequest(aPendingRequest(count + i, new Date(now.getTime() - i * 1000)), count + 1 + i);
  yield rows;
}

/** Fingerprints of CAs: of the one that signed nearly all, and of the one that signed three. */
export const [presentCa, oldCa] = ['1'.repeat(64), '2'.repeat(64)] as const;
/** None of its certificates is rare, revoked or superseded. */
const oldPlace = 21;
const ofOldCa = (now: Date, i: number): Pick<Certificate, 'issuerFingerprintSha256' | 'cluster' | 'notAfter'> => ({
  issuerFingerprintSha256: oldCa,
  cluster: 'demo',
  notAfter: new Date(now.getTime() + 40 * daySeconds * 1000 + 1000 * i),
});

const noRows = (): Rows => Object.fromEntries(tables.map((table) => [table, [] as Row[]])) as unknown as Rows;

const revocationOf = (certificate: Certificate, revokedAt: Date): RevokedCertificate => {
  const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = certificate;
  return {
    ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
    ...{ reason: 'superseded', comment: null, revokedAt, revokedBy: 'hr' },
  };
};

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A third is on `second`, where `busy` has nothing: both are common, and no row has both. */
export const clusters = ['demo', 'second', 'rare'] as const;
const clusterOf = (i: number, isRare: boolean): (typeof clusters)[number] =>
  isRare ? 'rare' : i % 10 !== 0 && i % 3 === 0 ? 'second' : 'demo';

/** The users are spread over both kinds. */
const livesLong = (i: number): boolean => Math.floor(i / 7) % 5 === 0;

/** The request number `i`. */
export function aRequest(i: number, at: Date, isRare: boolean): CertificateRequest {
  return {
    id: newId(at, (octets) => hash(`id ${i}`).subarray(0, octets)),
    state: 'issued',
    cluster: clusterOf(i, isRare),
    username: i % 10 === 0 ? 'busy' : `user-${String((i * 7919) % 50_000)}`,
    groups: isRare ? ['team-a', 'rare'] : ['team-a'],
    keyAlgorithm: 'ECDSA-P256',
    certificationRequest: null,
    publicKey: { algorithm: 'ECDSA-P256', spkiSha256: hash(`key ${i}`).toString('hex') },
    expirationSeconds: 86_400,
    namespace: null,
    reason: null,
    labels: labelsOf(i, isRare),
    requester: { name: isRare ? 'rare' : 'hr', groups: [], roles: ['requester'] },
    collector: isRare ? 'rare' : 'hr',
    createdAt: at,
    waitsUntil: null,
    decision: {
      outcome: 'permitted',
      approval: 'auto',
      policy: 'bench',
      stages: [],
      violations: [],
      facts: { cluster: 'demo', allowPrivilegedGroups: [], nameAlphabet: 'ascii' },
      verdicts: [{ name: 'bench', verdict: 'permits', reasons: [] }],
      policySetDigest: '0'.repeat(64),
      decidedAt: at,
    },
    approvals: [],
    attempt: null,
    fingerprintSha256: hash(`der ${i}`).toString('hex'),
    failure: null,
    renewal: null,
  };
}

function aPendingRequest(i: number, at: Date): CertificateRequest {
  const request = aRequest(i, at, false);
  return {
    ...request,
    state: 'pending',
    publicKey: null,
    fingerprintSha256: null,
    waitsUntil: new Date(at.getTime() + 72 * 3_600_000),
    decision: { ...request.decision, approval: 'manual', stages: [{ count: 1 }] },
  };
}

/** Most requests have no label, as in a service whose callers do not use them; one in ten has a common one. */
const labelsOf = (i: number, isRare: boolean): Labels =>
  isRare ? { ticket: 'rare', team: 'payments' } : i % 10 === 1 ? { team: 'payments' } : {};

/** The size is that of a real certificate. Nobody parses this one. */
const der = Buffer.alloc(700, 0x30);

/** Its certificate. */
export function aCertificate(i: number, at: Date, request: CertificateRequest, isRare: boolean): Certificate {
  return {
    fingerprintSha256: request.fingerprintSha256 ?? '',
    serialNumber: hash(`serial ${i}`).subarray(0, 16).toString('hex'),
    subject: `CN=${request.username},O=team-a`,
    issuer: 'CN=kubepass-demo-ca',
    username: request.username,
    groups: request.groups,
    notBefore: at,
    notAfter: new Date(at.getTime() + 1000 * (livesLong(i) ? yearSeconds + 30 * daySeconds : daySeconds)),
    publicKey: request.publicKey ?? { algorithm: 'ECDSA-P256', spkiSha256: '' },
    cluster: clusterOf(i, isRare),
    requestId: request.id,
    requester: request.requester.name,
    collector: request.collector,
    der,
    issuerFingerprintSha256: presentCa,
    orphan: false,
    issuedAt: at,
    renewal: null,
    supersededBy: null,
    revocation: null,
  };
}
