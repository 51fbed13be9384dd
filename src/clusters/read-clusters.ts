import { may } from '../callers/permissions.js';
import type { Context, IssuingCluster } from '../context/context.js';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import type { CertificateAuthorityBundle, Cluster, StoredClusterProbe } from '../model/cluster.js';
import type { PublicAddress } from '../model/revocation-enforcement.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import { isReviewer, type Principal } from '../model/principal.js';

// Any principal may see the configured clusters, since a kubeconfig says as much.

/** A cluster, with its last probe and that under way; null: there is none. */
export interface ClusterView {
  readonly cluster: Cluster;
  readonly probe: StoredClusterProbe | null;
  readonly probeStartedAt: Date | null;
  /** Where safety is off on this cluster, for those who may draft policies. */
  readonly warnings: readonly string[];
}

export const viewCluster = (
  { probes, unsafeSettings }: Pick<Context, 'probes' | 'unsafeSettings'>,
  principal: Principal,
  { cluster }: Pick<IssuingCluster, 'cluster'>,
): ClusterView => ({
  cluster,
  probe: probes.last(cluster.name),
  probeStartedAt: probes.underWay(cluster.name)?.startedAt ?? null,
  warnings: may(principal, 'draft-policies')
    ? (unsafeSettings().get(cluster.name) ?? []).map(({ message }) => message)
    : [],
});

export const listClusters = (context: Context, principal: Principal): readonly ClusterView[] =>
  [...context.clusters.values()].map((found) => viewCluster(context, principal, found));

/** With a probe that another replica made, because whoever was told to look here may reach any of them. */
export async function findCluster(context: Context, principal: Principal, name: string): Promise<Outcome<ClusterView>> {
  const found = context.clusters.get(name);
  if (found === undefined) return refused({ kind: 'not-found' });
  await context.probes.load([found.cluster]);
  return done(viewCluster(context, principal, found));
}

/** The parts of a kubeconfig for the kubectl plugin. `publicAddress` null: it is not known how callers reach us. */
export function findExecKubeconfig(
  { clusters, publicAddress }: Context,
  _principal: Principal,
  name: string,
): Outcome<{ readonly cluster: Cluster; readonly publicAddress: PublicAddress | null }> {
  const found = clusters.get(name);
  return found === undefined ? refused({ kind: 'not-found' }) : done({ cluster: found.cluster, publicAddress });
}

/**
 * `client` null where nobody asks for it, or the client CA is not known. Reviewers read those of their own cluster
 * alone. Throws `SignerUnavailableError` where this process does not know all client CAs.
 */
export async function readCertificateAuthorities(
  { clusters }: Context,
  principal: Principal,
  name: string,
  asked: { readonly client: boolean },
): Promise<
  Outcome<{ readonly serving: CertificateAuthorityBundle; readonly client: CertificateAuthorityBundle | null }>
> {
  const found = clusters.get(name);
  if (found === undefined) return refused({ kind: 'not-found' });
  if (isReviewer(principal) && principal.cluster !== name)
    return refused({ kind: 'not-permitted', message: 'a reviewer reads the CAs of its own cluster alone' });
  const serving = describeCertificateAuthority(found.cluster.servingCertificateAuthority);
  if (!asked.client) return done({ serving, client: null });
  await found.issuers?.refresh();
  found.issuers?.requireServed();
  const client = await found.clientTrust();
  return done({ serving, client: client && describeCertificateAuthority(client.pem) });
}
