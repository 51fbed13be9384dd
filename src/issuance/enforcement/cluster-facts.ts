import type { IssuanceContext, IssuingCluster } from '../context.js';

/** The facts about a cluster that rendering needs besides its configuration. */
export interface ClusterFacts {
  /** Major and minor version of Kubernetes; null where it is not known. */
  readonly version: readonly [number, number] | null;
  /** The provider whose API servers take no files from customers; null: none that is known. */
  readonly provider: string | null;
  /** The username that kubepass has there by a client certificate; null where it has none. */
  readonly ownUsername: string | null;
}

/** Asks the cluster. One that does not answer is as its last probe found it. */
export async function clusterFacts(
  { probes }: Pick<IssuanceContext, 'probes'>,
  { cluster, connection }: IssuingCluster,
): Promise<ClusterFacts> {
  const probed = probes.last(cluster.name)?.result ?? null;
  const [version, identity] =
    connection === null
      ? [null, null]
      : await Promise.all([
          probed?.version ?? connection.version().catch(() => null),
          connection.whoAmI().catch(() => null),
        ]);
  return {
    version: versionOf(version),
    provider: providerOf(version ?? '', cluster.server),
    ownUsername: identity?.byCertificate === true ? identity.username : null,
  };
}

function versionOf(text: string | null): readonly [number, number] | null {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})(?:\D|$)/.exec(text ?? '') ?? [];
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
}

/** Kubernetes 1.34 and the like: whether the version is known to be at least this one. */
export const isAtLeast = (version: ClusterFacts['version'], minor: number): boolean =>
  version !== null && (version[0] > 1 || (version[0] === 1 && version[1] >= minor));

/** Managed clusters say who runs them in their version or in their address. */
export function providerOf(version: string, server: string): string | null {
  const host = URL.canParse(server) ? new URL(server).hostname : '';
  if (version.includes('-eks-') || host.endsWith('.eks.amazonaws.com')) return 'Amazon EKS';
  if (version.includes('-gke.')) return 'GKE';
  if (host.endsWith('.azmk8s.io')) return 'AKS';
  return null;
}
