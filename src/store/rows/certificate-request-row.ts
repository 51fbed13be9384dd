import type { Approval, CertificateRequest, IssuanceAttempt, RequestState } from '../../model/certificate-request.js';
import type { RecordedDecision } from '../../model/decision.js';
import type { Role } from '../../model/principal.js';
import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import { type Columns, storedJson } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';

export const certificateRequestColumns = {
  id: true,
  state: true,
  cluster: true,
  username: true,
  groups: true,
  keyAlgorithm: true,
  certificationRequest: true,
  publicKeyAlgorithm: true,
  spkiSha256: true,
  expirationSeconds: true,
  namespace: true,
  reason: true,
  requesterName: true,
  requesterGroups: true,
  requesterRoles: true,
  collector: true,
  createdAt: true,
  expiresAt: true,
  decision: true,
  approvals: true,
  attemptNumber: true,
  attemptOwner: true,
  attemptLeaseUntil: true,
  attemptStartedAt: true,
  attemptSpkiSha256: true,
  attemptIntent: true,
  fingerprintSha256: true,
  failureReason: true,
  failureMessage: true,
} as const satisfies Prisma.CertificateRequestSelect;

type CertificateRequestRow = Prisma.CertificateRequestGetPayload<{ select: typeof certificateRequestColumns }>;
type AttemptColumns = Columns<Pick<CertificateRequestRow, Extract<keyof CertificateRequestRow, `attempt${string}`>>>;
type PublicKeyColumns = Columns<Pick<CertificateRequestRow, 'publicKeyAlgorithm' | 'spkiSha256'>>;
type FailureColumns = Columns<Pick<CertificateRequestRow, 'failureReason' | 'failureMessage'>>;

/** Instants inside JSON are RFC 3339 text. */
type InJson<T> = { [Key in keyof T]: T[Key] extends Date ? string : T[Key] };

export function certificateRequestRow(request: CertificateRequest): Columns<CertificateRequestRow> {
  return {
    id: request.id,
    state: request.state,
    cluster: request.cluster,
    username: request.username,
    groups: request.groups,
    keyAlgorithm: request.keyAlgorithm,
    certificationRequest: request.certificationRequest,
    ...publicKeyColumns(request.publicKey),
    expirationSeconds: request.expirationSeconds,
    namespace: request.namespace,
    reason: request.reason,
    requesterName: request.requester.name,
    requesterGroups: request.requester.groups,
    requesterRoles: request.requester.roles,
    collector: request.collector,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    decision: request.decision,
    approvals: request.approvals,
    ...attemptColumns(request.attempt),
    fingerprintSha256: request.fingerprintSha256,
    ...failureColumns(request.failure),
  };
}

export function attemptColumns(attempt: IssuanceAttempt | null): AttemptColumns {
  return {
    attemptNumber: attempt?.number ?? null,
    attemptOwner: attempt?.owner ?? null,
    attemptLeaseUntil: attempt?.leaseUntil ?? null,
    attemptStartedAt: attempt?.startedAt ?? null,
    attemptSpkiSha256: attempt?.spkiSha256 ?? null,
    attemptIntent: attempt?.intent ?? null,
  };
}

export function publicKeyColumns(publicKey: CertificateRequest['publicKey']): PublicKeyColumns {
  return { publicKeyAlgorithm: publicKey?.algorithm ?? null, spkiSha256: publicKey?.spkiSha256 ?? null };
}

export function failureColumns(failure: CertificateRequest['failure']): FailureColumns {
  return { failureReason: failure?.reason ?? null, failureMessage: failure?.message ?? null };
}

export function certificateRequestOf(row: CertificateRequestRow): CertificateRequest {
  return {
    id: row.id,
    state: row.state as RequestState,
    cluster: row.cluster,
    username: row.username,
    groups: storedJson<string[]>(row.groups),
    keyAlgorithm: row.keyAlgorithm as KeyAlgorithm,
    certificationRequest: row.certificationRequest,
    publicKey: publicKeyOf(row),
    expirationSeconds: row.expirationSeconds,
    namespace: row.namespace,
    reason: row.reason,
    requester: {
      name: row.requesterName,
      groups: storedJson<string[]>(row.requesterGroups),
      roles: storedJson<Role[]>(row.requesterRoles),
    },
    collector: row.collector,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    decision: decisionOf(row.decision),
    approvals: storedJson<InJson<Approval>[]>(row.approvals).map((a) => ({ ...a, at: new Date(a.at) })),
    attempt: attemptOf(row),
    fingerprintSha256: row.fingerprintSha256,
    failure: row.failureReason === null ? null : { reason: row.failureReason, message: row.failureMessage ?? '' },
  };
}

function publicKeyOf(row: CertificateRequestRow): CertificateRequest['publicKey'] {
  if (row.publicKeyAlgorithm === null || row.spkiSha256 === null) return null;
  return { algorithm: row.publicKeyAlgorithm as KeyAlgorithm, spkiSha256: row.spkiSha256 };
}

export function decisionOf(value: Prisma.JsonValue): RecordedDecision {
  const stored = storedJson<InJson<RecordedDecision>>(value);
  return { ...stored, decidedAt: new Date(stored.decidedAt) };
}

/** All columns of an attempt are set together; the number alone says whether there is one. */
function attemptOf(row: CertificateRequestRow): IssuanceAttempt | null {
  const { attemptNumber, attemptOwner, attemptLeaseUntil, attemptStartedAt, attemptSpkiSha256, attemptIntent } = row;
  if (
    attemptNumber === null ||
    attemptOwner === null ||
    attemptLeaseUntil === null ||
    attemptStartedAt === null ||
    attemptSpkiSha256 === null
  )
    return null;
  return {
    number: attemptNumber,
    owner: attemptOwner,
    leaseUntil: attemptLeaseUntil,
    startedAt: attemptStartedAt,
    spkiSha256: attemptSpkiSha256,
    intent: storedJson<IssuanceAttempt['intent']>(attemptIntent),
  };
}
