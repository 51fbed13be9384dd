import type { IssuingCluster } from '../context/context.js';
import { readClientBundle } from '../kubernetes/certificate-authorities.js';
import { displayDistinguishedName, leadsTo, type ParsedCertificate } from '@kubepass/x509';

/** The CAs of a cluster, as far as they are known. */
export interface ClusterAuthorities {
  readonly name: string;
  /** Whether the configuration says that it shares its trust with others that say so. */
  readonly sharedTrust: boolean;
  /** The user certificates of the cluster chain to these CAs, or through them. */
  readonly chains: readonly ParsedCertificate[];
  /** Its API servers accept the user certificates that chain to one of these CAs. */
  readonly trusted: readonly ParsedCertificate[];
}

/**
 * Finds pairs of clusters of which `cluster` trusts a CA of `usersOf`. A certificate for `usersOf` works on `cluster`,
 * too: the policies of `cluster` do not apply to that certificate, and a revocation on `usersOf` does not end it on
 * `cluster`. Exception: two clusters that both say `sharedTrust` may share a CA. `message` says this to an operator.
 */
export function findSharedTrust(
  clusters: readonly ClusterAuthorities[],
): readonly { readonly cluster: string; readonly usersOf: string; readonly message: string }[] {
  const bySubject = new Map<string, { readonly by: ClusterAuthorities; readonly anchor: ParsedCertificate }[]>();
  const keyOf = (octets: Buffer) => octets.toString('latin1');
  for (const by of clusters)
    for (const anchor of by.trusted)
      for (const key of [anchor.subject.raw, anchor.subjectPublicKeyInfo].map(keyOf))
        bySubject.set(key, [...(bySubject.get(key) ?? []), { by, anchor }]);
  return clusters.flatMap((of) => {
    const found = of.chains.flatMap((certificate) =>
      [certificate.issuer.raw, certificate.subjectPublicKeyInfo]
        .flatMap((octets) => bySubject.get(keyOf(octets)) ?? [])
        .filter(({ by }) => by.name !== of.name && !(by.sharedTrust && of.sharedTrust))
        .filter(({ anchor }) => leadsTo(certificate, anchor)),
    );
    return [...new Map(found.map((each) => [each.by.name, each])).values()].map(({ by, anchor }) => ({
      cluster: by.name,
      usersOf: of.name,
      message:
        `cluster "${by.name}" trusts ${displayDistinguishedName(anchor.subject)}, to which the user certificates of cluster "${of.name}" chain: ` +
        'each of them would work on both, past the policies of the other. Give each cluster a CA of its own, or both sharedTrust: true',
    }));
  });
}

/** The CAs of a cluster that is served. If the cluster cannot be asked, they are the CAs that are known without it. */
export async function authoritiesOf(issuing: IssuingCluster): Promise<ClusterAuthorities> {
  const { cluster, issuers } = issuing;
  const trust = await issuing.clientTrust();
  const trusted = trust === null ? [] : readClientBundle(trust.pem);
  const chains = issuers
    ?.all()
    .flatMap(({ certified }) => [...(certified?.chain ?? []), ...(certified?.anchors ?? [])]);
  return { name: cluster.name, sharedTrust: cluster.sharedTrust ?? false, chains: chains ?? trusted, trusted };
}

const lookMilliseconds = 60_000;

/**
 * Compares the CAs that the clusters themselves say they trust. A start does not know these CAs. It logs each finding
 * once. Returns a function that stops the watch.
 */
export function watchSharedTrust(
  clusters: readonly IssuingCluster[],
  log: { error(fields: object, message: string): void },
): () => void {
  const told = new Set<string>();
  const look = () =>
    Promise.all(clusters.map(authoritiesOf)).then(
      (known) => {
        for (const { cluster, message } of findSharedTrust(known))
          if (told.size < told.add(message).size)
            log.error({ cluster, reason: message }, 'a cluster lets in the users of another one');
      },
      () => undefined, // The next look tries it again.
    );
  void look();
  const timer = setInterval(() => void look(), lookMilliseconds).unref();
  return () => {
    clearInterval(timer);
  };
}

/** Why the certificates of an issuer must not be used for the cluster `name` beside these clusters; null: they may. */
export async function whyTrustShared(
  clusters: Iterable<IssuingCluster>,
  name: string,
  issuer: Pick<ClusterAuthorities, 'chains' | 'trusted'>,
): Promise<string | null> {
  const known = await Promise.all([...clusters].map(authoritiesOf));
  const others = known.filter((one) => one.name !== name);
  const sharedTrust = known.some((one) => one.name === name && one.sharedTrust);
  const found = findSharedTrust([...others, { name, sharedTrust, ...issuer }]);
  return found.find(({ cluster, usersOf }) => [cluster, usersOf].includes(name))?.message ?? null;
}
