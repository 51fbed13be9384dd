import { createPublicKey, type KeyObject } from 'node:crypto';
import type { CallersTrust } from '../callers/client-certificates.js';
import type { IssuingCluster } from '../context/context.js';
import { displayDistinguishedName, type ParsedCertificate } from '@kubepass/x509';

/** The parts of a cluster from which its user CAs are known. */
type UserCluster = Pick<IssuingCluster, 'clientTrust'> &
  Partial<Pick<IssuingCluster, 'issuers'>> & { readonly cluster: { readonly name: string } };

/**
 * The CAs that the clusters accept user certificates from. A callers' CA must not be among them: everybody who gets a
 * certificate for a cluster would get in here with it, as whoever it names.
 */
export class UserAuthorities {
  readonly #learned = new Map<string, readonly KeyObject[]>();

  private constructor(private readonly clusters: readonly UserCluster[]) {}

  /** Knows the CAs that the configuration names from the beginning, and asks the other clusters for theirs. */
  static async of(clusters: readonly UserCluster[], named: ReadonlySet<string>): Promise<UserAuthorities> {
    const authorities = new UserAuthorities(clusters);
    for (const cluster of clusters) if (named.has(cluster.cluster.name)) await authorities.#learn(cluster);
    return authorities;
  }

  /** Asks the clusters again. One that cannot be asked keeps its last answer. Never rejects. */
  async ask(): Promise<void> {
    await Promise.all(this.clusters.map((cluster) => this.#learn(cluster).catch(() => undefined)));
  }

  /** Why the callers' CAs must not be used; null while no cluster is known to have one of them. */
  whyShared({ authorities }: CallersTrust): string | null {
    for (const { cluster, issuers } of this.clusters) {
      const keys = [...(this.#learned.get(cluster.name) ?? []), ...keysOf(issuers ?? null)];
      const shared = authorities.find(({ publicKey }) => keys.some((key) => key.equals(publicKey)));
      if (shared !== undefined)
        return (
          `${displayDistinguishedName(shared.certificate.subject)} of callers.clientCertificates.certificateAuthority is the user CA ` +
          `of cluster "${cluster.name}": everybody with a certificate for that cluster would get in. Callers need a CA of their own`
        );
    }
    return null;
  }

  async #learn(issuing: UserCluster): Promise<void> {
    const keys = ((await issuing.clientTrust())?.authorities ?? []).map(({ publicKey }) => publicKey);
    if (keys.length > 0) this.#learned.set(issuing.cluster.name, keys);
  }
}

/** The keys of all CAs by which certificates of these issuers chain, as they are loaded now, whatever their state. */
const keysOf = (issuers: IssuingCluster['issuers']): readonly KeyObject[] =>
  (issuers?.all() ?? []).flatMap(({ key, certified }) => {
    const above = certified === null ? [] : [...certified.chain, ...certified.anchors];
    const own = certified?.authority.publicKey ?? key.publicKey();
    return [...(own === null ? [] : [own]), ...above.map(publicKeyIn)];
  });

const publicKeyIn = ({ subjectPublicKeyInfo }: ParsedCertificate): KeyObject =>
  createPublicKey({ key: subjectPublicKeyInfo, format: 'der', type: 'spki' });
