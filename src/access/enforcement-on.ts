import type { ListedCertificate } from '../model/certificate.js';
import { enforcementOf, noEnforcement, type Enforcement } from '../model/enforcement.js';
import type { ResidualExposure } from '../model/identity.js';
import type { IssuanceContext } from '../context/context.js';

/** How the cluster refuses a revoked certificate, and the uses that go on all the same. A cluster that is not configured refuses nothing. */
export function enforcementOn({ clusters, probes }: IssuanceContext, cluster: string): Enforcement {
  const issuing = clusters.get(cluster);
  if (issuing === undefined) return noEnforcement;
  return enforcementOf(issuing.cluster.revocation, probes.last(cluster)?.result.revocation ?? null);
}

/** The uses of a certificate that go on although it is revoked or its name is blocked; empty: the cluster refuses all of them. */
export function residualExposureOf(
  context: IssuanceContext,
  { cluster, fingerprintSha256, notAfter, revocation }: ListedCertificate,
): readonly ResidualExposure[] {
  const { mode, continues } = enforcementOn(context, cluster);
  // The cluster refuses only what is revoked.
  const goesOn = revocation === null ? ['everything: the certificate is not revoked yet'] : continues;
  if (goesOn.length === 0) return [];
  return [{ cluster, fingerprintSha256, notAfter, enforcement: mode, continues: goesOn }];
}
