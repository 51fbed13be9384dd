import { ObjectStorage } from './object-storage.js';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
  readonly lastTransitionTime?: string;
}

/** A CertificateSigningRequest as the API server keeps it; never changed in place. */
export interface StoredCsr {
  readonly apiVersion: 'certificates.k8s.io/v1';
  readonly kind: 'CertificateSigningRequest';
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly request: string;
    readonly signerName: string;
    readonly expirationSeconds?: number;
    readonly usages: readonly string[];
    readonly username: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly status: { readonly conditions?: readonly Condition[]; readonly certificate?: string };
}

/** The CertificateSigningRequests of a cluster. */
export class CsrStorage extends ObjectStorage<StoredCsr> {
  create(metadata: Pick<StoredCsr['metadata'], 'name' | 'labels' | 'annotations'>, spec: StoredCsr['spec']): StoredCsr {
    return this.add({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata,
      spec,
      status: {},
    });
  }

  setStatus(name: string, status: StoredCsr['status']): StoredCsr {
    return this.update({ ...this.get(name), status });
  }
}
