import { mayReadCertificate, mayRevoke } from '../callers/permissions.js';
import type { Certificate, ListedCertificate, Revocation, RevokedCertificate } from '../model/certificate.js';
import { type Enforcement, enforcementOf, noEnforcement } from '../model/revocation-enforcement.js';
import { type Cluster, clustersSharingTrust } from '../model/cluster.js';
import { type Outcome, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Context } from '../context/context.js';
import { type AuditEventDraft, auditEvent } from '../model/audit-event.js';
import type { IdentityBlock, ResidualExposure } from '../model/identity.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { insertRevocation } from '../store/tables/revocation-table.js';
import { announce } from '../context/request-steps.js';

/** A revoked certificate, and how its cluster refuses it. */
interface RevokedView {
  readonly certificate: Certificate;
  readonly enforcement: Enforcement;
}

/**
 * Revokes a certificate, also an orphan, for its requester, its collector, a provisioner or an admin. One that is
 * revoked already is answered as it is, expired or not.
 */
export async function revokeCertificate(
  context: Context,
  principal: Principal,
  fingerprintSha256: string,
  { reason, comment }: Pick<Revocation, 'reason' | 'comment'>,
): Promise<Outcome<RevokedView>> {
  const { store } = context;
  const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
  if (certificate === null) return refused({ kind: 'not-found' });
  if (!mayRevoke(principal, certificate)) {
    const message = 'revoking the certificate of somebody else takes the role provisioner or admin';
    return refused(
      mayReadCertificate(principal, certificate) ? { kind: 'not-permitted', message } : { kind: 'not-found' },
    );
  }
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
  const result = await store.writer.commit(revocationStep(context, [certificate], revoked));
  if (result.committed) return done({ certificate: { ...certificate, revocation: revoked }, enforcement });
  // Somebody else revoked the certificate at the same moment, and that revocation counts.
  const again = await store.certificates.findByFingerprint(fingerprintSha256);
  if (!again?.revocation) throw new Error(`certificate ${fingerprintSha256} could not be revoked`);
  return done({ certificate: again, enforcement });
}

/**
 * The step that revokes these certificates: in one commit, with an audit event for each and the announcements to
 * webhooks. It conflicts where one of them is revoked already. Other operations of the same commit may be put before or
 * behind.
 */
export function revocationStep(
  context: Context,
  certificates: readonly ListedCertificate[],
  revocation: Revocation,
): Step {
  const at = revocation.revokedAt;
  return {
    operations: certificates.flatMap((certificate) => [
      insertRevocation(revokedCertificate(certificate, revocation)),
      ...announce(context, { event: 'certificate.revoked', at, certificate, revocation }),
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
export const revokedCertificate = (
  { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter }: ListedCertificate,
  revocation: Revocation,
): RevokedCertificate => ({
  ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
  ...revocation,
});

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
 * Revokes again what a list knows and the database does not, because the database was restored from a backup.
 * Certificates that have expired are left out. Answers how many there were.
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
      operations: some.map(insertRevocation),
      events: some.map((revoked) =>
        revokedEvent(revoked, requestIds.get(revoked.fingerprintSha256) ?? null, true, now),
      ),
    });
    if (!result.committed) throw new Error('revocations that a list knows could not be recorded again');
  }
  return unknown.length;
}

/**
 * How the cluster refuses a revoked certificate, and the uses that go on all the same. A cluster that is not configured
 * refuses nothing.
 */
export function enforcementOn({ clusters, probes }: Context, cluster: string): Enforcement {
  const issuing = clusters.get(cluster);
  if (issuing === undefined) return noEnforcement;
  const on = ({ name, revocation }: Cluster) => enforcementOf(revocation, probes.last(name)?.result.revocation ?? null);
  const own = on(issuing.cluster);
  if (issuing.cluster.sharedTrust !== true) return own;
  const all = Array.from(clusters.values(), (one) => one.cluster);
  const sharing = clustersSharingTrust(all, cluster);
  const open = all.filter((one) => one.name !== cluster && sharing.includes(one.name) && on(one).continues.length > 0);
  if (open.length === 0) return own;
  const names = open.slice(0, 3).map(({ name }) => name);
  const more = open.length > names.length ? ` and ${open.length - names.length} more` : '';
  return {
    ...own,
    continues: [...own.continues, `what goes on at clusters of shared trust: ${names.join(', ')}${more}`],
  };
}

type Exposed = Pick<ListedCertificate, 'cluster' | 'fingerprintSha256' | 'notAfter'> & { readonly isRevoked: boolean };

/** The uses that a cluster still admits of a certificate that is revoked or whose name is blocked. */
export function residualExposureOf(
  context: Context,
  { cluster, fingerprintSha256, notAfter, isRevoked }: Exposed,
): readonly ResidualExposure[] {
  const { mode, continues } = enforcementOn(context, cluster);
  // The cluster refuses only what is revoked.
  const goesOn = isRevoked ? continues : ['everything: the certificate is not revoked yet'];
  if (goesOn.length === 0) return [];
  return [{ cluster, fingerprintSha256, notAfter, enforcement: mode, continues: goesOn }];
}
