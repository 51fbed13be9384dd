import type { Cluster } from './cluster.js';
import type { ProbedRevocation } from './enforcement.js';

/** One access right that kubepass needs in a cluster, and whether it has it there. */
interface ProbedPermission {
  /** `create certificatesigningrequests.certificates.k8s.io`. */
  readonly permission: string;
  /** The use that kubepass makes of it. */
  readonly purpose: string;
  /** Nothing can be issued without it. */
  readonly required: boolean;
  readonly held: boolean;
}

/** The answer to one of the probe's questions. */
export type ProbeAnswer = 'yes' | 'no' | 'unknown';

/** The identity that probes ask for. It has no groups, so it may do what any authenticated user may. */
export const probeUsername = 'kubepass-probe';

/** Identifies the cluster that was probed: a cluster that was built anew under the same name is another one. */
export interface ProbedCluster {
  readonly server: Cluster['server'];
  /** SHA-256 of the bundle that kubeconfigs carry, lower-case hex. */
  readonly servingCertificateAuthoritySha256: string;
}

/** The result of a probe: what the cluster can do. */
export interface ClusterProbe {
  readonly probed: ProbedCluster;
  /** Whether the API server answered; null: there is no connection to it, kubepass signs by itself. */
  readonly reachable: boolean | null;
  /** The version of Kubernetes, e.g. `v1.32.1`; null where it is not known. */
  readonly version: string | null;
  /** The username that the API server knows kubepass by; null where it is not known. */
  readonly username: string | null;
  readonly permissions: readonly ProbedPermission[];
  /** Whether user certificates are signed for this cluster: a real one was asked for. */
  readonly signs: ProbeAnswer;
  /** Why it does not sign, or why that is not known: TitleCase and stable; null where it signs. */
  readonly reason: string | null;
  readonly message: string | null;
  /** Advice for the operator. */
  readonly advice: string | null;
  /** Whether the API server accepts a certificate that was signed. */
  readonly accepts: ProbeAnswer;
  /** The username that the API server gives the holder: `kubepass-probe` where all is well. */
  readonly acceptedAs: string | null;
  /** The certificate request that the probe made; null where it did not come to that. */
  readonly requestId: string | null;
  /** Null where it was not asked for or could not be measured. */
  readonly lifetimeCap: LifetimeCap | null;
  /** Whether a revoked certificate is refused; null where that was not tried. */
  readonly revocation: ProbedRevocation | null;
}

/** How much of a very long lifetime the signer gave. */
export interface LifetimeCap {
  readonly requestedSeconds: number;
  /** From notBefore to notAfter. */
  readonly givenSeconds: number;
  readonly capped: boolean;
}

export interface StoredClusterProbe {
  readonly cluster: string;
  readonly probedAt: Date;
  readonly result: ClusterProbe;
}

/** The required permissions that kubepass does not hold. */
export function missingPermissions({ permissions }: Pick<ClusterProbe, 'permissions'>): readonly string[] {
  return permissions.flatMap(({ permission, required, held }) => (required && !held ? [permission] : []));
}
