import type { KnownCluster } from '@kubepass/inspect';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import type { Cluster } from '../model/cluster.js';

const believedMilliseconds = 5 * 60 * 1000;

const dersOf = (pemBundle: string): readonly Uint8Array[] =>
  describeCertificateAuthority(pemBundle).certificates.map(({ der }) => der);

interface InspectedCluster {
  readonly cluster: Pick<Cluster, 'name' | 'server' | 'servingCertificateAuthority'>;
  /** The CAs that user certificates of this cluster chain to; null where they are unknown. */
  clientTrust(): Promise<{ readonly pem: string } | null>;
}

/** Our clusters as inspections know them. Clusters are asked in the background, so that no inspection waits. */
export class KnownClusters {
  #known: readonly KnownCluster[];
  #askedAt = -Infinity;

  constructor(
    private readonly clusters: readonly InspectedCluster[],
    private readonly clock: () => Date,
  ) {
    this.#known = clusters.map(({ cluster: { name, server, servingCertificateAuthority } }) => ({
      name,
      server,
      servingAuthorities: dersOf(servingCertificateAuthority),
      clientAuthorities: null,
    }));
  }

  /** As they are known now. Where that is no longer fresh, the clusters are asked again for later callers. */
  all(): readonly KnownCluster[] {
    const now = this.clock().getTime();
    if (now - this.#askedAt > believedMilliseconds || now < this.#askedAt) void this.ask();
    return this.#known;
  }

  /** Asks the clusters which CA user certificates chain to. Never rejects. */
  async ask(): Promise<void> {
    this.#askedAt = this.clock().getTime();
    await Promise.all(
      this.clusters.map(async (cluster) => {
        const trust = await cluster.clientTrust().catch(() => null);
        if (trust === null) return;
        const clientAuthorities = dersOf(trust.pem);
        this.#known = this.#known.map((known) =>
          known.name === cluster.cluster.name ? { ...known, clientAuthorities } : known,
        );
      }),
    );
  }
}
