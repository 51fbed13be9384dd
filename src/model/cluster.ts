import type { RevocationSettings, ProbedRevocation } from './revocation-enforcement.js';
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
  /** The addresses at which an issuer of the cluster is probed: each API server by itself. */
  readonly apiServers: readonly string[];
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
  /**
   * Whether it shares its trust: user certificates of all clusters that say so may work on each of them. Absent: no.
   */
  readonly sharedTrust?: boolean;
}

/**
 * The clusters on which a revocation of this cluster counts: the cluster itself and, if it shares its trust, all other
 * clusters that share theirs.
 */
export function clustersSharingTrust(
  clusters: readonly { readonly name: string; readonly sharedTrust?: boolean }[],
  name: string,
): readonly string[] {
  const sharing = clusters.filter(({ sharedTrust }) => sharedTrust === true).map((cluster) => cluster.name);
  return sharing.includes(name) ? sharing : [name];
}

/** A cluster's CA: a bundle of one or more certificates. */
export interface CertificateAuthorityBundle {
  readonly pem: string;
  /** The bundle's certificates, in its order. */
  readonly certificates: readonly BundledCertificate[];
}

export interface BundledCertificate {
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

export type ClusterCsrCertificate = Omit<BundledCertificate, 'issuer' | 'der'>;

/** The STATUS of `kubectl get csr`: `Denied` wins over `Approved` and that over `Pending`; the end follows. */
export function csrStatus(conditions: readonly { readonly type: string }[], issued: boolean): string {
  const has = (type: string) => conditions.some((condition) => condition.type === type);
  const decided = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [decided, ...(has('Failed') ? ['Failed'] : []), ...(issued ? ['Issued'] : [])].join(',');
}

/** One access right that kubepass needs in a cluster, and whether it has it there. */
interface ProbedPermission {
  /** `create certificatesigningrequests.certificates.k8s.io`. */
  readonly permission: string;
  /** The use that kubepass makes of it. */
  readonly purpose: string;
  /** Nothing can be issued without it. */
  readonly required: boolean;
  readonly held: boolean;
}

/** The things that a probe finds out only if it is asked. */
export interface ProbeOptions {
  /** Whether to ask for a very long lifetime too, and see how much of it is given. */
  readonly measureLifetimeCap: boolean;
  /** Whether to revoke the certificate and see how the cluster refuses it; default false. */
  readonly verifyRevocation?: boolean;
}

/** The answer to one of the probe's questions. */
export type ProbeAnswer = 'yes' | 'no' | 'unknown';

/** The identity that probes ask for. It has no groups, so it may do what any authenticated user may. */
export const probeUsername = 'kubepass-probe';

/** Identifies the cluster that was probed: a cluster that was built anew under the same name is another one. */
export interface ProbedCluster {
  readonly server: Cluster['server'];
  /** SHA-256 of the bundle that kubeconfigs carry, lower-case hex. */
  readonly servingCertificateAuthoritySha256: string;
}

/** The result of a probe: what the cluster can do. */
export interface ClusterProbe {
  readonly probed: ProbedCluster;
  /** Whether the API server answered; null: there is no connection to it, kubepass signs by itself. */
  readonly reachable: boolean | null;
  /** The version of Kubernetes, e.g. `v1.32.1`; null where it is not known. */
  readonly version: string | null;
  /** The username that the API server knows kubepass by; null where it is not known. */
  readonly username: string | null;
  readonly permissions: readonly ProbedPermission[];
  /** Whether user certificates are signed for this cluster: a real one was asked for. */
  readonly signs: ProbeAnswer;
  /** Why it does not sign, or why that is not known: TitleCase and stable; null where it signs. */
  readonly reason: string | null;
  readonly message: string | null;
  /** Advice for the operator. */
  readonly advice: string | null;
  /** Whether the API server accepts a certificate that was signed. */
  readonly accepts: ProbeAnswer;
  /** The username that the API server gives the holder: `kubepass-probe` where all is well. */
  readonly acceptedAs: string | null;
  /** The certificate request that the probe made; null where it did not come to that. */
  readonly requestId: string | null;
  /** Null where it was not asked for or could not be measured. */
  readonly lifetimeCap: LifetimeCap | null;
  /** Whether a revoked certificate is refused; null where that was not tried. */
  readonly revocation: ProbedRevocation | null;
}

/** How much of a very long lifetime the signer gave. */
export interface LifetimeCap {
  readonly requestedSeconds: number;
  /** From notBefore to notAfter. */
  readonly givenSeconds: number;
  readonly capped: boolean;
}

export interface StoredClusterProbe {
  readonly cluster: string;
  readonly probedAt: Date;
  readonly result: ClusterProbe;
}

/** The required permissions that kubepass does not hold. */
export function missingPermissions({ permissions }: Pick<ClusterProbe, 'permissions'>): readonly string[] {
  return permissions.flatMap(({ permission, required, held }) => (required && !held ? [permission] : []));
}

/** A cluster's answer about a token (TokenReview of authentication.k8s.io/v1). */
export type TokenReview =
  /** It authenticates this user, for the audience that was asked about. */
  | {
      readonly verdict: 'authenticated';
      readonly username: string;
      readonly uid: string;
      readonly groups: readonly string[];
      /** Identifies the token, from Kubernetes 1.32 on: `JTI=…`; null where the cluster does not tell. */
      readonly credentialId: string | null;
    }
  /** It does not; `message` says why, to the operator. */
  | { readonly verdict: 'refused'; readonly message: string }
  /** The cluster cannot be asked. `missing`: the access right that kubepass lacks there; null where that is not why. */
  | {
      readonly verdict: 'unavailable';
      readonly message: string;
      readonly retryAfterSeconds: number | null;
      readonly missing: string | null;
    };
