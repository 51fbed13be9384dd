import { providerOf } from '../../src/access/render-revocation-enforcement.js';
import type { ApiClient } from './api-client.js';
import { mustBe } from './obtain-kubeconfig.js';

interface ListedCluster {
  readonly server: string;
  readonly probe: { readonly version: string | null } | null;
}

/** How the cluster treats a revoked certificate, and the setting that would change it, in one line. */
export async function revocationLine(client: ApiClient, token: string): Promise<string> {
  const reply = await client.send('GET', '/v1/clusters', { token });
  mustBe(reply, 200, 'listing the clusters');
  const [cluster] = (JSON.parse(reply.body) as { readonly items: readonly ListedCluster[] }).items;
  const provider = providerOf(cluster?.probe?.version ?? '', cluster?.server ?? '');
  const change =
    provider === null
      ? 'mode webhook refuses it at the next request if you may change the files of the API server, mode admission refuses its writes'
      : `${provider} lets nobody change the files of its API server; mode admission refuses its writes`;
  return `this cluster does not refuse a revoked certificate yet: ${change} (docs/revocation.md)`;
}
