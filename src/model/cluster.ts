/** A cluster as kubepass knows it. */
export interface Cluster {
  /** A DNS label. */
  readonly name: string;
  /** `https://host:port` of its API server, as it goes into kubeconfigs. */
  readonly server: string;
  /** The name on the API server's certificate where it is not the host of `server`; null: it is. */
  readonly tlsServerName: string | null;
  readonly signer: 'localCA' | 'kubernetes';
  /** PEM bundle: what a kubeconfig carries to trust the API server. */
  readonly servingCertificateAuthority: string;
  readonly allowPrivilegedGroups: readonly string[];
  readonly nameAlphabet: 'ascii' | 'unicode';
  /** Whether its roles and role bindings are read: only then is it known what an identity could do there. */
  readonly readsRoleBindings: boolean;
}
