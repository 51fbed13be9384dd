/** A cluster as the configuration has it; every path is absolute. */
export interface ClusterConfig {
  /** A DNS label. */
  readonly name: string;
  /** An https URL, as it goes into kubeconfigs. */
  readonly server: string;
  /** PEM: what a kubeconfig carries to trust the API server; null: as the kubeconfig in `connection` has it. */
  readonly servingCertificateAuthorityFile: string | null;
  /** PEM: what user certificates chain to; null: the local CA, or what the cluster itself says. */
  readonly clientCertificateAuthorityFile: string | null;
  readonly signer: LocalCAConfig | KubernetesSignerConfig;
  /** How the service itself reaches the cluster; null where it does not. */
  readonly connection: ClusterConnectionConfig | null;
  /** Literal names of groups; never `system:*`. */
  readonly allowPrivilegedGroups: readonly string[];
  readonly nameAlphabet: 'ascii' | 'unicode';
  /** Whether roles and role bindings are read through `connection`, so that it is known what an identity could do. */
  readonly readRoleBindings: boolean;
  /** Whether a kubeconfig in `connection` may name an exec plugin. */
  readonly allowExec: boolean;
}

export interface LocalCAConfig {
  readonly kind: 'localCA';
  readonly certFile: string;
  readonly keyFile: string;
  /** Whether the CA is made where neither file is there: with the embedded default alone. */
  readonly generate: boolean;
}

/** The cluster's own signer, through certificates.k8s.io; `connection` says how to reach it. */
export interface KubernetesSignerConfig {
  readonly kind: 'kubernetes';
}

export type ClusterConnectionConfig =
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context: string | null }
  | { readonly kind: 'inCluster' };
