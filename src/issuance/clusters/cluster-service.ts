import { describeCertificateAuthority } from '../../cluster/describe-certificate-authority.js';
import { may } from '../../identity/permissions.js';
import { done, refused } from '../../model/outcome.js';
import type { ClusterService, ClusterView } from '../../services.js';
import { findClusterCsr, listClusterCsrs } from './cluster-csrs.js';
import type { IssuanceContext, IssuingCluster } from '../context.js';
import { probeCluster } from './probe-cluster.js';

/** The configured clusters; any principal may see them, since a kubeconfig says as much. */
export function clusterService(context: IssuanceContext): ClusterService {
  const { clusters, probes } = context;
  const view = ({ cluster }: IssuingCluster): ClusterView => ({ cluster, probe: probes.last(cluster.name) });
  return {
    list: () => [...clusters.values()].map(view),

    find(_principal, name) {
      const found = clusters.get(name);
      return found ? done(view(found)) : refused({ kind: 'not-found' });
    },

    async probe(principal, name, options) {
      if (!may(principal, 'probe-clusters'))
        return refused({ kind: 'not-permitted', message: 'probing a cluster takes the role admin' });
      const found = clusters.get(name);
      if (!found) return refused({ kind: 'not-found' });
      await probeCluster(context, name, options, principal.name);
      return done(view(found));
    },

    certificateSigningRequests: (principal, name, range) => listClusterCsrs(context, principal, name, range),
    certificateSigningRequest: (principal, name, csrName) => findClusterCsr(context, principal, name, csrName),

    async certificateAuthorities(_principal, name) {
      const found = clusters.get(name);
      if (!found) return refused({ kind: 'not-found' });
      const client = await found.clientTrust();
      return done({
        serving: describeCertificateAuthority(found.cluster.servingCertificateAuthority),
        client: client && describeCertificateAuthority(client.pem),
      });
    },
  };
}
