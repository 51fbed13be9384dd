import type { KeyObject } from 'node:crypto';
import type { CallersTrust } from '../identity/client-certificates.js';
import type { IssuingCluster } from '../context/context.js';
import { displayDistinguishedName } from '@kubepass/x509';

/** The parts of a cluster from which its user CAs are known. */
type UserCluster = Pick<IssuingCluster, 'clientTrust'> &
  Partial<Pick<IssuingCluster, 'issuers'>> & { readonly cluster: { readonly name: string } };

/**
 * The CAs that the clusters accept user certificates from. A callers' CA must be none of them: everybody who gets a
 * certificate for a cluster would get in here with it, as whoever it names.
 */
export class UserAuthorities {
  readonly #keys = new Map<string, readonly KeyObject[]>();

  private constructor(private readonly clusters: readonly UserCluster[]) {}

  /** Knows the CAs that the configuration names from the beginning, and asks the other clusters for theirs. */
  static async of(clusters: readonly UserCluster[], named: ReadonlySet<string>): Promise<UserAuthorities> {
    const authorities = new UserAuthorities(clusters);
    for (const cluster of clusters) if (named.has(cluster.cluster.name)) await authorities.#learn(cluster);
    return authorities;
  }

  /**
   * Asks the clusters, and looks at the issuers of the configuration, whose certificates may have come since. A cluster
   * that cannot be asked keeps its last answer. Never rejects.
   */
  async ask(): Promise<void> {
    await Promise.all(this.clusters.map((cluster) => this.#learn(cluster).catch(() => undefined)));
  }

  /** Why the callers' CAs must not be used; null while no cluster is known to have one of them. */
  whyShared({ authorities }: CallersTrust): string | null {
    for (const { certificate, publicKey } of authorities)
      for (const [cluster, keys] of this.#keys)
        if (keys.some((key) => key.equals(publicKey)))
          return (
            `${displayDistinguishedName(certificate.subject)} of callers.clientCertificates.certificateAuthority is the user CA ` +
            `of cluster "${cluster}": everybody with a certificate for that cluster would get in. Callers need a CA of their own`
          );
    return null;
  }

  async #learn(issuing: UserCluster): Promise<void> {
    const { cluster, issuers } = issuing;
    const trust = await issuing.clientTrust();
    const own = (issuers?.all() ?? []).flatMap(({ certified }) => (certified === null ? [] : [certified.authority]));
    const keys = [...(trust?.authorities ?? []), ...own].map(({ publicKey }) => publicKey);
    if (keys.length > 0) this.#keys.set(cluster.name, keys);
  }
}
