import type { Cluster, ProbedCluster, StoredClusterProbe } from '../model/cluster.js';
import { sha256 } from '@kubepass/x509';
import type { Store } from '../store/store.js';

/**
 * The last probe of each cluster, kept in memory because a signer asks before each signing; and the probes under way.
 */
export class ClusterProbes {
  readonly #last = new Map<string, StoredClusterProbe>();
  readonly #underWay = new Map<string, Promise<StoredClusterProbe>>();

  constructor(private readonly store: Pick<Store, 'clusterProbes'>) {}

  /** Reads the last probes from the store. A probe of another cluster that had the same name is left out. */
  async load(clusters: Iterable<Cluster>): Promise<void> {
    for (const cluster of clusters) {
      const stored = await this.store.clusterProbes.find(cluster.name);
      if (stored !== null && isOf(stored, cluster)) this.remember(stored);
    }
  }

  remember(probe: StoredClusterProbe): void {
    const known = this.#last.get(probe.cluster);
    if (known === undefined || known.probedAt <= probe.probedAt) this.#last.set(probe.cluster, probe);
  }

  last(cluster: string): StoredClusterProbe | null {
    return this.#last.get(cluster) ?? null;
  }

  underWay(cluster: string): Promise<StoredClusterProbe> | undefined {
    return this.#underWay.get(cluster);
  }

  /** Makes a probe known as under way until it ends. */
  track(cluster: string, probe: Promise<StoredClusterProbe>): Promise<StoredClusterProbe> {
    const tracked = probe.finally(() => this.#underWay.delete(cluster));
    this.#underWay.set(cluster, tracked);
    return tracked;
  }

  /** Why the cluster is known not to sign user certificates; null: it signs, or that is not known. */
  whyNotSigning(cluster: string): string | null {
    const last = this.last(cluster);
    if (last?.result.signs !== 'no') return null;
    const { message, advice } = last.result;
    return `the probe of ${last.probedAt.toISOString()} found that this cluster does not sign: ${message ?? ''} ${advice ?? ''}`.trim();
  }
}

export function probedCluster({ server, servingCertificateAuthority }: Cluster): ProbedCluster {
  return { server, servingCertificateAuthoritySha256: sha256(Buffer.from(servingCertificateAuthority, 'utf8')) };
}

/** Whether the probe is of this cluster. Probes that were recorded without saying which cluster was probed are not. */
function isOf({ result }: StoredClusterProbe, cluster: Cluster): boolean {
  const of = result.probed as ProbedCluster | undefined;
  const { server, servingCertificateAuthoritySha256 } = probedCluster(cluster);
  return of?.server === server && of.servingCertificateAuthoritySha256 === servingCertificateAuthoritySha256;
}
