import { mayReadCertificate, mayRevoke } from '../identity/permissions.js';
import type { Certificate } from '../model/certificate.js';
import type { Enforcement } from '../model/enforcement.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { RevocationReason } from '@kubepass/x509';
import type { IssuanceContext } from '../context/context.js';
import { enforcementOn } from './enforcement-on.js';
import { revocationSteps } from './revocation-steps.js';

export interface RevocationAsk {
  readonly reason: RevocationReason;
  readonly comment: string | null;
}

/** A revoked certificate, and how its cluster refuses it. */
export interface RevokedView {
  readonly certificate: Certificate;
  readonly enforcement: Enforcement;
}

/**
 * Revokes a certificate, also an orphan, for its requester, its collector, a provisioner or an admin. One that is revoked
 * already is answered as it is, expired or not.
 */
export async function revokeCertificate(
  context: IssuanceContext,
  principal: Principal,
  fingerprintSha256: string,
  { reason, comment }: RevocationAsk,
): Promise<Outcome<RevokedView>> {
  const found = await revocable(context, principal, fingerprintSha256);
  if (!found.ok) return found;
  const certificate = found.value;
  const { revocation, notAfter, requestId, cluster } = certificate;
  const enforcement = enforcementOn(context, cluster);
  if (revocation !== null) return done({ certificate, enforcement });
  const revokedAt = context.clock();
  if (notAfter <= revokedAt)
    return refused({
      kind: 'certificate-conflict',
      requestId,
      message: `the certificate expired at ${notAfter.toISOString()}`,
    });
  const revoked = { reason, comment, revokedAt, revokedBy: principal.name };
  const result = await context.store.writer.commit(revocationSteps(context, [certificate], revoked));
  if (result.committed) return done({ certificate: { ...certificate, revocation: revoked }, enforcement });
  // Somebody else revoked it at the same moment, and theirs counts.
  const again = await context.store.certificates.findByFingerprint(fingerprintSha256);
  if (!again?.revocation) throw new Error(`certificate ${fingerprintSha256} could not be revoked`);
  return done({ certificate: again, enforcement });
}

/** The certificate, if the principal may revoke it. */
async function revocable(
  { store }: IssuanceContext,
  principal: Principal,
  fingerprintSha256: string,
): Promise<Outcome<Certificate>> {
  const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
  const request = certificate && (await store.requests.find(certificate.requestId));
  if (certificate === null || request === null) return refused({ kind: 'not-found' });
  if (mayRevoke(principal, request)) return done(certificate);
  if (!mayReadCertificate(principal, request)) return refused({ kind: 'not-found' });
  const message = 'revoking the certificate of somebody else takes the role provisioner or admin';
  return refused({ kind: 'not-permitted', message });
}
