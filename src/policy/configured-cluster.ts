/** A cluster as far as loading policies depends on it. */
export interface ConfiguredCluster {
  readonly name: string;
  /** Whether kubepass reads who is bound to which role there. */
  readonly readsRoleBindings: boolean;
}
