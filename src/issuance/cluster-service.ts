import { describeCertificateAuthority } from '../cluster/describe-certificate-authority.js';
import { done, refused } from '../model/outcome.js';
import type { ClusterService } from '../services.js';
import type { IssuanceContext } from './context.js';

/** The configured clusters; any principal may see them, since a kubeconfig says as much. */
export function clusterService({ clusters }: IssuanceContext): ClusterService {
  return {
    list: () => [...clusters.values()].map(({ cluster }) => cluster),

    find(_principal, name) {
      const found = clusters.get(name);
      return found ? done(found.cluster) : refused({ kind: 'not-found' });
    },

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
