import type { ApiServer } from './api-server.js';
import { ClusterNotFoundError } from './cluster-error.js';

/** A ConfigMap: what of it is kubepass's own, and the rest as it came. */
export interface ConfigMapObject {
  readonly data: Readonly<Record<string, string>>;
  readonly wire: object;
}

/** ConfigMaps by their names. Methods throw the errors of cluster-error.ts. */
export interface ConfigMaps {
  /** Null where there is none. */
  find(namespace: string, name: string): Promise<ConfigMapObject | null>;
  /** Writes these data and nothing else. `ClusterConflictError`: somebody has changed it since it was read. */
  replaceData(namespace: string, name: string, found: ConfigMapObject, data: ConfigMapObject['data']): Promise<void>;
}

export function kubernetesConfigMaps(api: ApiServer): ConfigMaps {
  const at = (verb: string, namespace: string, name: string) => ({
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`,
    access: { verb, group: '', resource: 'configmaps', name, namespace },
  });
  return {
    async find(namespace, name) {
      try {
        const wire = (await api.request({ method: 'GET', ...at('get', namespace, name) })) as {
          readonly data?: Readonly<Record<string, string>>;
        };
        return { wire, data: wire.data ?? {} };
      } catch (error) {
        if (error instanceof ClusterNotFoundError) return null;
        throw error;
      }
    },
    async replaceData(namespace, name, { wire }, data) {
      // The resourceVersion in it makes the write conflict with those of others.
      await api.request({ method: 'PUT', ...at('update', namespace, name), body: { ...wire, data } });
    },
  };
}
