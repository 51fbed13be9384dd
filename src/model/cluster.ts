import type { RevocationSettings } from './enforcement.js';
import type { DescribedCertificationRequest } from '@kubepass/x509';

/** The signers that there are, as they are configured and shown. */
export const signerKinds = ['localCA', 'kubernetes'] as const;
type SignerKind = (typeof signerKinds)[number];

/** A cluster as kubepass knows it. */
export interface Cluster {
  /** A DNS label. */
  readonly name: string;
  /** `https://host:port` of its API server, as it goes into kubeconfigs. */
  readonly server: string;
  /** The name on the API server's certificate where it is not the host of `server`; null: it is. */
  readonly tlsServerName: string | null;
  readonly signer: SignerKind;
  /** PEM bundle that kubeconfigs carry in order to trust the API server. */
  readonly servingCertificateAuthority: string;
  readonly allowPrivilegedGroups: readonly string[];
  readonly nameAlphabet: 'ascii' | 'unicode';
  /** Whether kubepass reads its roles and role bindings: otherwise it does not know what an identity could do there. */
  readonly readsRoleBindings: boolean;
  /** How it is made to refuse revoked certificates. */
  readonly revocation: RevocationSettings;
}

/** A cluster's CA: a bundle of one or more certificates. */
export interface CertificateAuthorityBundle {
  readonly pem: string;
  /** The bundle's certificates, in its order. */
  readonly certificates: readonly BundledCertificate[];
}

interface BundledCertificate {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprintSha256: string;
  /** Lower-case hex without colons. */
  readonly serialNumber: string;
  /** RFC 4514-like display form; never parsed back. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly der: Uint8Array;
}

/** A `CertificateSigningRequest` object in a cluster, ours or not, decoded. */
export interface ClusterCsr {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: Date;
  /** When kubepass read it. */
  readonly seenAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly signerName: string;
  /** The user who created the object, as the API server authenticated them. */
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
  /** Our request that the object belongs to; null where it is somebody else's. */
  readonly requestId: string | null;
}

interface ClusterCsrCondition {
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

/** The STATUS of `kubectl get csr`: `Denied` wins over `Approved` and that over `Pending`; the end follows. */
export function csrStatus(conditions: readonly { readonly type: string }[], issued: boolean): string {
  const has = (type: string) => conditions.some((condition) => condition.type === type);
  const decided = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [decided, ...(has('Failed') ? ['Failed'] : []), ...(issued ? ['Issued'] : [])].join(',');
}
