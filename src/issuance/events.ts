import type { AuditEventDraft, AuditEventType, Json } from '../model/audit-event.js';
import type { Certificate } from '../model/certificate.js';
import type { CertificateRequest, IssuanceAttempt } from '../model/certificate-request.js';
import type { Violation } from '../model/decision.js';

/** The decision on what a probe asks for: built in, and known by this name. Policies are named without a slash. */
export const probeDecider = 'built-in/probe';

/** An event about a request: who caused it (null: the service itself), and what an auditor wants to know of it. */
export function requestEvent(
  type: AuditEventType,
  at: Date,
  principal: string | null,
  request: Pick<CertificateRequest, 'id' | 'cluster' | 'decision'>,
  details: { readonly [key: string]: Json },
  fingerprintSha256: string | null = null,
): AuditEventDraft {
  return {
    type,
    at,
    principal,
    cluster: request.cluster,
    requestId: request.id,
    fingerprintSha256,
    // Whoever reads the log can leave out what kubepass did to find out about a cluster.
    details: request.decision.policy === probeDecider ? { ...details, probe: true } : details,
  };
}

/** The whole ask, as it was fixed when it was recorded. */
export function requestedDetails(request: CertificateRequest): { readonly [key: string]: Json } {
  return {
    username: request.username,
    groups: request.groups,
    keyAlgorithm: request.keyAlgorithm,
    spkiSha256: request.publicKey?.spkiSha256 ?? null,
    expirationSeconds: request.expirationSeconds,
    namespace: request.namespace,
    reason: request.reason,
    collector: request.collector,
    requesterGroups: request.requester.groups,
    requesterRoles: request.requester.roles,
  };
}

export function attemptDetails(attempt: IssuanceAttempt): { readonly [key: string]: Json } {
  return { attempt: attempt.number, spkiSha256: attempt.spkiSha256, ...attempt.intent };
}

export function issuedDetails(
  certificate: Certificate,
  attempt: IssuanceAttempt,
  lifetimeClamped: boolean,
): { readonly [key: string]: Json } {
  return {
    attempt: attempt.number,
    serialNumber: certificate.serialNumber,
    subject: certificate.subject,
    issuer: certificate.issuer,
    username: certificate.username,
    groups: certificate.groups,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    spkiSha256: certificate.publicKey.spkiSha256,
    orphan: certificate.orphan,
    lifetimeClamped,
  };
}

export function violationDetails(violations: readonly Violation[]): Json {
  return violations.map(({ source, reason, message }) => ({ source, reason, message }));
}
