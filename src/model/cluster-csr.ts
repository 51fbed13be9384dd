import type { DescribedCertificationRequest } from '../x509/strict/describe-certification-request.js';

/** A `CertificateSigningRequest` object in a cluster, ours or not, with what is in it. */
export interface ClusterCsr {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: Date;
  /** When it was looked at. */
  readonly seenAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly signerName: string;
  /** Who created the object, as the API server authenticated them. */
  readonly username: string;
  readonly groups: readonly string[];
  readonly usages: readonly string[];
  readonly expirationSeconds: number | null;
  /** As kubectl prints it: `Pending`, `Approved,Issued`, `Denied`, `Approved,Failed`. */
  readonly status: string;
  readonly conditions: readonly ClusterCsrCondition[];
  readonly request: DescribedCertificationRequest;
  /** Null while nothing is signed, or where it cannot be read. */
  readonly certificate: ClusterCsrCertificate | null;
  /** The request of ours that it belongs to; null: somebody else's. */
  readonly requestId: string | null;
}

export interface ClusterCsrCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastUpdateTime: Date | null;
}

export interface ClusterCsrCertificate {
  readonly fingerprintSha256: string;
  readonly serialNumber: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The STATUS of `kubectl get csr`: denied before approved before pending, then how it ended. */
export function csrStatus(conditions: readonly { readonly type: string }[], issued: boolean): string {
  const has = (type: string) => conditions.some((condition) => condition.type === type);
  const decided = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [decided, ...(has('Failed') ? ['Failed'] : []), ...(issued ? ['Issued'] : [])].join(',');
}
