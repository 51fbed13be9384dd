import { readClientTrust, type ClientTrust } from './client-trust.js';
import type { ClusterConnection } from './cluster-connection.js';

const believedMilliseconds = 5 * 60 * 1000;

/**
 * What a cluster itself says that user certificates chain to, asked again every five minutes. Null where it cannot be
 * read now: a chain is then not checked, and that is said.
 */
export function trustOfCluster(connection: ClusterConnection, clock: () => Date): () => Promise<ClientTrust | null> {
  let known: { readonly trust: ClientTrust; readonly readAt: number } | null = null;
  return async () => {
    const now = clock().getTime();
    if (known && now - known.readAt < believedMilliseconds && now >= known.readAt) return known.trust;
    try {
      const pem = await connection.clientCertificateAuthority();
      known = pem === null ? null : { trust: readClientTrust(pem), readAt: now };
    } catch {
      // The cluster is out of reach: what it last said still holds.
    }
    return known?.trust ?? null;
  };
}
