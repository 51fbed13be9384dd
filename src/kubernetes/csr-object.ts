/** The fields of a `CertificateSigningRequest` (certificates.k8s.io/v1) that kubepass reads. */
export interface CsrObject {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec.request`, decoded from base64: PEM, as the API server demands. */
  readonly request: string;
  readonly signerName: string;
  readonly usages: readonly string[];
  readonly expirationSeconds: number | null;
  /** The creator as the API server authenticated them: `spec.username`, `spec.groups`. */
  readonly username: string;
  readonly groups: readonly string[];
  readonly conditions: readonly CsrCondition[];
  /** `status.certificate`, decoded from base64: PEM, possibly several blocks; null while nothing is signed. */
  readonly certificate: string | null;
}

export interface CsrCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastUpdateTime: Date | null;
}

/** A request that kubepass asks a cluster to sign. */
export interface NewCsrObject {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** PEM. */
  readonly request: string;
  readonly signerName: string;
  readonly usages: readonly string[];
  readonly expirationSeconds: number;
}

/** The signer of user certificates, compiled into kube-controller-manager. */
export const kubeApiserverClient = 'kubernetes.io/kube-apiserver-client';

/** The label of our objects that holds the id of the certificate request. */
export const requestIdLabel = 'kubepass/request-id';

/** The label of our objects that holds the id of the log in which their requests are recorded. */
export const instanceLabel = 'kubepass/instance';

/** The reason in the condition Approved that kubepass itself adds. */
export const ownApproval = 'KubepassApproved';

/** Whether nobody has approved, denied or signed it yet. */
export const isUndecided = ({ certificate, conditions }: CsrObject): boolean =>
  certificate === null && conditions.length === 0;

/** A cluster's CSR objects. Every method throws `ClusterUnavailableError` where trying again may help. */
export interface CsrObjects {
  /** Throws `ClusterForbiddenError`, `ClusterRefusedError`, or `ClusterConflictError` where the name is taken. */
  create(csr: NewCsrObject): Promise<CsrObject>;
  find(name: string): Promise<CsrObject | null>;
  list(): Promise<readonly CsrObject[]>;
  /** Adds the Approved condition to this very version. Throws `ClusterConflictError` where it has changed or gone. */
  approve(csr: CsrObject, reason: string, message: string): Promise<CsrObject>;
  /** Deletes this very version, if the object still exists. Throws `ClusterConflictError` where it has changed. */
  delete(csr: CsrObject): Promise<void>;
}

/** One watch on a cluster's CSR objects, shared by all who wait for one of them. */
export interface CsrWatch {
  /**
   * Answers as soon as `settled` is true of the object's latest version (null: it was deleted), known already or still
   * to come; or at `deadline`. Survives breaks of the connection and lists anew after 410. An object that was never
   * seen does not count as deleted: the wait goes on until it appears.
   */
  waitFor(name: string, settled: (csr: CsrObject | null) => boolean, deadline: Date): Promise<Waited>;
  /** Calls the listener for every object, once per version, beginning with those that are known already. */
  subscribe(listener: (csr: CsrObject) => void): () => void;
  /** Calls the listener each time the watch is established again after a break. */
  onReconnect(listener: () => void): () => void;
  stop(): Promise<void>;
}

export type Waited = { readonly kind: 'settled'; readonly csr: CsrObject | null } | { readonly kind: 'deadline' };
