/** A `CertificateSigningRequest` of certificates.k8s.io/v1, as far as kubepass looks at it. */
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
  /** Who created the object, as the API server authenticated them: `spec.username`, `spec.groups`. */
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

/** What kubepass asks a cluster to sign. */
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

/** A cluster's CSR objects. Every method throws `ClusterUnavailableError` where trying again may help. */
export interface CsrObjects {
  /** Throws `ClusterForbiddenError`, `ClusterRefusedError`, or `ClusterConflictError` where the name is taken. */
  create(csr: NewCsrObject): Promise<CsrObject>;
  find(name: string): Promise<CsrObject | null>;
  list(): Promise<readonly CsrObject[]>;
  /** Adds the Approved condition to this very version. Throws `ClusterConflictError` where the object has changed or gone. */
  approve(csr: CsrObject, reason: string, message: string): Promise<CsrObject>;
  /** Deletes this very version (UID and resourceVersion). Throws `ClusterConflictError` where it has changed; gone is done. */
  delete(csr: CsrObject): Promise<void>;
}

/** One watch on a cluster's CSR objects, shared by everyone who waits for one of them. */
export interface CsrWatch {
  /**
   * Answers as soon as `settled` says so of the object's latest version (null: it was deleted), from what is known
   * already or what comes; null at `deadline`. Survives breaks of the connection and relists after 410. An object that
   * was never seen is not a deleted one: whoever waits for it waits until it comes.
   */
  waitFor(name: string, settled: (csr: CsrObject | null) => boolean, deadline: Date): Promise<Waited>;
  /** Called for every object that is listed or changes, once per version, beginning with what is known already. */
  subscribe(listener: (csr: CsrObject) => void): () => void;
  /** Called each time the watch is established again after a break. */
  onReconnect(listener: () => void): () => void;
  stop(): Promise<void>;
}

export type Waited = { readonly kind: 'settled'; readonly csr: CsrObject | null } | { readonly kind: 'deadline' };

/** The API server cannot be reached or asks to come again later (429, 5xx, a broken connection). */
export class ClusterUnavailableError extends Error {
  override readonly name = 'ClusterUnavailableError';
  /** What the API server asked to wait before the next try (`Retry-After`); null where it did not say. */
  readonly retryAfterSeconds: number | null;
  constructor(message: string, options: ErrorOptions & { readonly retryAfterSeconds?: number | null } = {}) {
    super(message, options);
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** RBAC does not let kubepass do this: 401, or 403 that names the missing verb. */
export class ClusterForbiddenError extends Error {
  override readonly name = 'ClusterForbiddenError';
  constructor(
    message: string,
    /** As `describeAccess` prints it: `create certificatesigningrequests.certificates.k8s.io`. */
    readonly missing: string,
    /** 401: the credentials are not accepted at all. */
    readonly status: 401 | 403 = 403,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The API server or an admission plugin refuses the object itself: 400, 403 by admission, 422. */
export class ClusterRefusedError extends Error {
  override readonly name = 'ClusterRefusedError';
}

/** The object is not in the version that was meant (409), or its name is taken. */
export class ClusterConflictError extends Error {
  override readonly name = 'ClusterConflictError';
}
