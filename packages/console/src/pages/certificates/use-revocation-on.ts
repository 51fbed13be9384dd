import { useData } from '../../parts/data.js';
import { api, answerOf, type Schemas } from '../../service/client.js';

/** How a cluster refuses revoked certificates, and what goes on: the words of the answer to a revocation. */
export function useRevocationOn(name: string): Schemas['Cluster']['revocation'] | undefined {
  const params = { path: { name } };
  const data = useData((signal) => answerOf(api.GET('/v1/clusters/{name}', { params, signal })), [name], ['clusters']);
  return data.value.value?.revocation;
}
