import { enforcementOf, noEnforcement, type Enforcement } from '../../model/enforcement.js';
import type { IssuanceContext } from '../context.js';

/** How the cluster refuses a revoked certificate, and the uses that go on all the same. A cluster that is not configured refuses nothing. */
export function enforcementOn({ clusters, probes }: IssuanceContext, cluster: string): Enforcement {
  const issuing = clusters.get(cluster);
  if (issuing === undefined) return noEnforcement;
  return enforcementOf(issuing.cluster.revocation, probes.last(cluster)?.result.revocation ?? null);
}
