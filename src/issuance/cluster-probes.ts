import type { StoredClusterProbe } from '../model/cluster-probe.js';
import type { Store } from '../store/store.js';

/** What clusters were last found able to do, kept at hand: a signer asks before each signing. */
export class ClusterProbes {
  readonly #last = new Map<string, StoredClusterProbe>();
  /** The probes that are under way, by cluster. */
  readonly running = new Map<string, Promise<StoredClusterProbe>>();

  constructor(private readonly store: Pick<Store, 'clusterProbes'>) {}

  async load(clusters: Iterable<string>): Promise<void> {
    for (const cluster of clusters) {
      const stored = await this.store.clusterProbes.find(cluster);
      if (stored !== null) this.remember(stored);
    }
  }

  remember(probe: StoredClusterProbe): void {
    const known = this.#last.get(probe.cluster);
    if (known === undefined || known.probedAt <= probe.probedAt) this.#last.set(probe.cluster, probe);
  }

  last(cluster: string): StoredClusterProbe | null {
    return this.#last.get(cluster) ?? null;
  }

  /** Why the cluster is known not to sign user certificates; null: it signs, or that is not known. */
  whyNotSigning(cluster: string): string | null {
    const last = this.last(cluster);
    if (last?.result.signs !== 'no') return null;
    const { message, advice } = last.result;
    return `the probe of ${last.probedAt.toISOString()} found that this cluster does not sign: ${message ?? ''} ${advice ?? ''}`.trim();
  }
}
