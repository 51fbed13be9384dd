import { certificatePrefix, credentialId } from '../../formats/enforcement/credential-id.js';
import type { DenyListPort, RevocationSettings } from '../../model/enforcement.js';

/** kubepass denies a request to a cluster, or has no opinion on it, and then RBAC decides. */
export type AccessVerdict = { readonly denied: true; readonly reason: string } | { readonly denied: false };

const noOpinion: AccessVerdict = { denied: false };

/**
 * Judges a request by its user's extras alone, from memory. Only client certificates are judged: whatever else a cluster
 * asks about is left to the authorizers behind.
 */
export function reviewAccess(
  denyList: DenyListPort,
  cluster: string,
  { whenInDoubt }: RevocationSettings,
  extra: Readonly<Record<string, readonly string[]>>,
): AccessVerdict {
  const ids = Object.hasOwn(extra, credentialId) ? (extra[credentialId] ?? []) : [];
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
  if (certificates.length === 0 || denyList.isLoaded() || whenInDoubt === 'noOpinion') return noOpinion;
  return { denied: true, reason: 'kubepass has not read its list of revoked certificates yet; try again' };
}
