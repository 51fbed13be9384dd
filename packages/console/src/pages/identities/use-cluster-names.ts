import { useData } from '../../parts/data.js';
import { api, answerOf } from '../../service/client.js';

/** The names of the configured clusters; none until they are read. */
export function useClusterNames(): readonly string[] {
  const params = { query: { limit: 500 } };
  const data = useData((signal) => answerOf(api.GET('/v1/clusters', { params, signal })), [], ['clusters']);
  return (data.value.value?.items ?? []).map(({ name }) => name);
}
