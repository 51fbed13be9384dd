import type { Cluster } from '../model/cluster.js';

/** A cluster as far as loading policies depends on it. */
export interface ConfiguredCluster {
  readonly name: string;
  /** Whether kubepass reads who is bound to which role there. */
  readonly readsRoleBindings: boolean;
}

/** Of a cluster that is configured: nothing but that, so that it can be handed to a thread. */
export function configuredCluster({ name, readsRoleBindings }: Cluster): ConfiguredCluster {
  return { name, readsRoleBindings };
}
