import { createHash } from 'node:crypto';
import { appendToChain, genesis, type ChainHead } from '../../../src/audit/chain.js';
import type { AuditEvent, UnchainedEvent } from '../../../src/model/audit-event.js';
import type { Certificate } from '../../../src/model/certificate.js';
import type { CertificateRequest } from '../../../src/model/certificate-request.js';
import { newId } from '../../../src/model/new-id.js';
import { auditEventRow } from '../../../src/store/tables/audit-event-table.js';
import { certificateRequestRow } from '../../../src/store/tables/certificate-request-table.js';
import { certificateGroupRows, certificateRow } from '../../../src/store/tables/certificate-table.js';
import type { Row } from '../../../src/store/statement.js';

/** Tables with their rows, in an order in which they can be inserted. */
export type Rows = Readonly<Record<'CertificateRequest' | 'Certificate' | 'CertificateGroup' | 'AuditEvent', Row[]>>;

/** The number of requests that wait for a person; it does not depend on the number of certificates. */
const pending = 2_000;
/** The number of rare records of each kind; it does not depend on the total either. */
const rare = 20;
const yearSeconds = 365 * 86_400;

/**
 * The rows that issuing `count` certificates in the year before `now` would leave, in portions. One in ten is for
 * `busy`, the others are for one of 50,000 users. Nearly all are on cluster `demo` in group `team-a`, and `hr` asked
 * for them. The events form a whole chain, three for each certificate.
 */
export function* seedRows(count: number, now: Date, atOnce: number): Generator<Rows> {
  let head: ChainHead = genesis;
  let rows = noRows();
  const begin = now.getTime() - yearSeconds * 1000;
  const step = (yearSeconds * 1000) / count;
  const append = (draft: UnchainedEvent): void => {
    const event: AuditEvent = appendToChain(head, draft);
    rows.AuditEvent.push(auditEventRow(event));
    head = event;
  };
  for (let i = 0; i < count; i++) {
    const at = new Date(Math.floor(begin + i * step));
    // These are spread over the year, so that no index stores them together.
    const isRare = i % Math.ceil(count / rare) === 7;
    const request = aRequest(i, at, isRare);
    const certificate = aCertificate(i, at, request, isRare);
    rows.CertificateRequest.push(certificateRequestRow(request));
    rows.Certificate.push({
      ...certificateRow(certificate),
      requesterName: request.requester.name,
      collector: request.collector,
    });
    rows.CertificateGroup.push(...certificateGroupRows(certificate));
    const { id: requestId, cluster, username } = request;
    const { fingerprintSha256, serialNumber } = certificate;
    const event = { at, cluster, requestId, principal: request.requester.name, fingerprintSha256: null };
    append({ ...event, type: 'CertificateRequested', details: { username, groups: request.groups } });
    append({ ...event, type: isRare ? 'IssuanceResumed' : 'IssuanceStarted', details: { serialNumber } });
    append({ ...event, type: 'CertificateIssued', fingerprintSha256, details: { serialNumber } });
    if (rows.CertificateRequest.length < atOnce) continue;
    yield rows;
    rows = noRows();
  }
  for (let i = 0; i < pending; i++)
    rows.CertificateRequest.push(certificateRequestRow(aPendingRequest(count + i, new Date(now.getTime() - i * 1000))));
  yield rows;
}

const noRows = (): Rows => ({ CertificateRequest: [], Certificate: [], CertificateGroup: [], AuditEvent: [] });

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

function aRequest(i: number, at: Date, isRare: boolean): CertificateRequest {
  return {
    id: newId(at, (octets) => hash(`id ${i}`).subarray(0, octets)),
    state: 'issued',
    cluster: isRare ? 'rare' : 'demo',
    username: i % 10 === 0 ? 'busy' : `user-${String((i * 7919) % 50_000)}`,
    groups: isRare ? ['team-a', 'rare'] : ['team-a'],
    keyAlgorithm: 'ECDSA-P256',
    certificationRequest: null,
    publicKey: { algorithm: 'ECDSA-P256', spkiSha256: hash(`key ${i}`).toString('hex') },
    expirationSeconds: 86_400,
    namespace: null,
    reason: null,
    requester: { name: isRare ? 'rare' : 'hr', groups: [], roles: ['requester'] },
    collector: isRare ? 'rare' : 'hr',
    createdAt: at,
    expiresAt: null,
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
  };
}

function aPendingRequest(i: number, at: Date): CertificateRequest {
  const request = aRequest(i, at, false);
  return {
    ...request,
    state: 'pending',
    publicKey: null,
    fingerprintSha256: null,
    expiresAt: new Date(at.getTime() + 72 * 3_600_000),
    decision: { ...request.decision, approval: 'manual', stages: [{ count: 1 }] },
  };
}

/** The size is that of a real certificate. Nobody parses this one. */
const der = Buffer.alloc(700, 0x30);

function aCertificate(i: number, at: Date, request: CertificateRequest, isRare: boolean): Certificate {
  return {
    fingerprintSha256: request.fingerprintSha256 ?? '',
    serialNumber: hash(`serial ${i}`).subarray(0, 16).toString('hex'),
    subject: `CN=${request.username},O=team-a`,
    issuer: 'CN=kubepass-demo-ca',
    username: request.username,
    groups: request.groups,
    notBefore: at,
    notAfter: new Date(at.getTime() + 86_400_000),
    publicKey: request.publicKey ?? { algorithm: 'ECDSA-P256', spkiSha256: '' },
    cluster: isRare ? 'rare' : 'demo',
    requestId: request.id,
    der,
    issuerFingerprintSha256: '1'.repeat(64),
    orphan: false,
    issuedAt: at,
  };
}
