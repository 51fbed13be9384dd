import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import type { ListedCertificate, Revocation, RevokedCertificate } from '../model/certificate.js';
import type { IdentityBlock } from '../model/identity.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import type { IssuanceContext } from '../context/context.js';
import { announce } from '../context/request-steps.js';

/**
 * The step that revokes these certificates: in one commit, with an audit event for each and the announcements to webhooks.
 * It conflicts where one of them is revoked already. Other operations of the same commit may be put before or behind.
 */
export function revocationSteps(
  context: IssuanceContext,
  certificates: readonly ListedCertificate[],
  revocation: Revocation,
): Step {
  return {
    operations: certificates.flatMap((certificate) => [
      { op: 'insertRevocation' as const, revoked: revokedCertificate(certificate, revocation) },
      ...announce(context, { event: 'certificate.revoked', at: revocation.revokedAt, certificate, revocation }),
    ]),
    events: certificates.map((certificate) =>
      revokedEvent(revokedCertificate(certificate, revocation), certificate.requestId, false),
    ),
  };
}

/** The revocation of a certificate because of a block. */
export const revocationBy = ({ reason, comment, blockedBy }: IdentityBlock, now: Date): Revocation => ({
  reason,
  comment,
  revokedAt: now,
  revokedBy: blockedBy,
});

/** A revocation with the members of its certificate. */
export function revokedCertificate(certificate: ListedCertificate, revocation: Revocation): RevokedCertificate {
  const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = certificate;
  const { reason, comment, revokedAt, revokedBy } = revocation;
  return {
    fingerprintSha256,
    cluster,
    serialNumber,
    issuer,
    issuerFingerprintSha256,
    username,
    notAfter,
    reason,
    comment,
    revokedAt,
    revokedBy,
  };
}

/** `restored`: whether a list beside the database knew of the revocation, and the database did not. */
export function revokedEvent(
  revoked: RevokedCertificate,
  requestId: string | null,
  restored: boolean,
  at: Date = revoked.revokedAt,
): AuditEventDraft {
  const { username, serialNumber, notAfter, reason, comment, revokedBy, cluster, fingerprintSha256 } = revoked;
  return auditEvent(
    'CertificateRevoked',
    at,
    restored ? null : revokedBy,
    { username, serialNumber, notAfter: notAfter.toISOString(), reason, comment, restored },
    { cluster, requestId, fingerprintSha256 },
  );
}

/** How many revocations share a commit. */
const atOnce = 100;

/**
 * Revokes again what a list knows and the database does not, because the database was restored from a backup. Certificates that
 * have expired are left out. Answers how many there were.
 */
export async function restoreRevocations(
  { writer, revocations, certificates }: Pick<Store, 'writer' | 'revocations' | 'certificates'>,
  listed: readonly RevokedCertificate[],
  now: Date,
): Promise<number> {
  const live = new Map(
    listed.filter(({ notAfter }) => notAfter > now).map((revoked) => [revoked.fingerprintSha256, revoked]),
  );
  const known = await revocations.known([...live.keys()]);
  const unknown = [...live.values()].filter(({ fingerprintSha256 }) => !known.has(fingerprintSha256));
  for (let begin = 0; begin < unknown.length; begin += atOnce) {
    const some = unknown.slice(begin, begin + atOnce);
    const found = await certificates.findByFingerprints(some.map(({ fingerprintSha256 }) => fingerprintSha256));
    const requestIds = new Map(found.map(({ fingerprintSha256, requestId }) => [fingerprintSha256, requestId]));
    const result = await writer.commit({
      operations: some.map((revoked) => ({ op: 'insertRevocation', revoked })),
      events: some.map((revoked) =>
        revokedEvent(revoked, requestIds.get(revoked.fingerprintSha256) ?? null, true, now),
      ),
    });
    if (!result.committed) throw new Error('revocations that a list knows could not be recorded again');
  }
  return unknown.length;
}
