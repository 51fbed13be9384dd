import type { Context } from '../context/context.js';
import { certificatePrefix, credentialId, notLiveMessage } from '../kubernetes/revocation-enforcement-files.js';
import type { RevocationSettings } from '../model/revocation-enforcement.js';
import type { ReviewMeasures } from '../model/measures.js';
import { done, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { clusterFor } from './render-revocation-enforcement.js';
import type { ReviewedRequest, UnknownCertificates } from './unknown-certificates.js';

/** The context of the reviews that API servers ask for. */
export interface ReviewContext extends Context {
  readonly unknownCertificates: Pick<UnknownCertificates, 'seen'>;
  readonly reviewMeasures: ReviewMeasures;
}

/** kubepass denies a request to a cluster, or has no opinion on it, and then RBAC decides. */
type AccessVerdict = { readonly denied: true; readonly reason: string } | { readonly denied: false };

const noOpinion: AccessVerdict = { denied: false };

/** Judges a request to the cluster by its user, from memory where that is possible. Never throws. */
export async function reviewAccess(
  context: ReviewContext,
  principal: Principal,
  name: string,
  asked: ReviewedRequest,
): Promise<Outcome<AccessVerdict>> {
  const found = clusterFor(context, principal, 'review-access', name);
  if (!found.ok) return found;
  const { revocation } = found.value.cluster;
  return done(await context.reviewMeasures.during(name, () => judge(context, name, revocation, asked)));
}

/**
 * Judges a request by its user alone. It judges client certificates only, and leaves all other requests of a cluster to
 * the authorizers behind it.
 */
async function judge(
  { denyList, listedNames, unknownCertificates }: ReviewContext,
  cluster: string,
  { whenInDoubt }: RevocationSettings,
  asked: ReviewedRequest,
): Promise<AccessVerdict> {
  const { user = '', extra } = asked;
  const ids = extra && Object.hasOwn(extra, credentialId) ? (extra[credentialId] ?? []) : [];
  const certificates = ids.flatMap((id) =>
    id.startsWith(certificatePrefix) ? [id.slice(certificatePrefix.length).toLowerCase()] : [],
  );
  for (const fingerprint of certificates) {
    const revoked = denyList.find(cluster, fingerprint);
    if (revoked !== null) {
      const when = revoked.revokedAt.toISOString();
      return { denied: true, reason: `this client certificate was revoked at ${when} (${revoked.reason})` };
    }
  }
  if (certificates.length > 0 && !denyList.isLoaded() && whenInDoubt === 'deny')
    return { denied: true, reason: 'kubepass has not read its list of revoked certificates yet; try again' };
  for (const fingerprint of certificates)
    if (!(await listedNames.passes(cluster, user, fingerprint))) {
      void unknownCertificates.seen(cluster, fingerprint, asked);
      return { denied: true, reason: notLiveMessage };
    }
  return noOpinion;
}
