import type { RevokedCertificate } from './certificate.js';

/** The ways in which a cluster is made to refuse a revoked certificate. */
export const enforcementModes = ['webhook', 'listed', 'admission', 'none'] as const;
export type EnforcementMode = (typeof enforcementModes)[number];

/** How the cluster is configured to refuse revoked certificates. */
export interface RevocationSettings {
  readonly mode: EnforcementMode;
  /** The answer to a review before the deny list is loaded, and that of the cluster while it cannot ask us. */
  readonly whenInDoubt: 'deny' | 'noOpinion';
  /** The ConfigMap of mode `admission`, which kubepass keeps current. */
  readonly configMap: { readonly namespace: string; readonly name: string };
}

/** How a cluster reaches kubepass. */
export interface PublicAddress {
  /** An https URL without a slash at its end. */
  readonly url: string;
  /** PEM of the CA that our certificate chains to; null: one that the cluster's nodes trust anyway. */
  readonly certificateAuthority: string | null;
}

/** All revocations of certificates that have not expired, in memory. */
export interface DenyListPort {
  /** Whether the list is complete: every revocation that was committed before the start is in it. */
  isLoaded(): boolean;
  /** `fingerprintSha256`: lower-case hex. */
  find(cluster: string, fingerprintSha256: string): RevokedCertificate | null;
  /** The revoked certificates of a cluster that have not expired, in no particular order. */
  ofCluster(cluster: string): Iterable<RevokedCertificate>;
  /** The revoked certificates of all clusters. */
  all(): Iterable<RevokedCertificate>;
  /** The revoked certificates of a name on all clusters, in every spelling; some of them may have expired. */
  ofName(folded: string): readonly RevokedCertificate[];
  /** The folded names of all revoked certificates. */
  names(): Iterable<string>;
  /** The clusters whose certificates work on a cluster; the cluster itself is among them. */
  sharing(cluster: string): readonly string[];
  /** Another number after each change of a cluster's entries. */
  changesOf(cluster: string): number;
  /** Reads what other processes revoked since. Never rejects: `isBehind` says whether it could. */
  follow(): Promise<void>;
  readonly isBehind: boolean;
}

/** A listed name in one spelling: only its live certificates pass on a cluster. */
export interface ListedName {
  /** When the last of its certificates ends. */
  readonly until: Date;
  /** Fingerprints of its certificates that are neither revoked nor ended. */
  readonly live: readonly string[];
}

/** The fate of a revoked certificate on its cluster. It claims no more than what was verified. */
export interface Enforcement {
  readonly mode: EnforcementMode;
  /** When a probe last saw a revoked certificate refused there; null: never. */
  readonly verifiedAt: Date | null;
  /** How long a revoked certificate went on working when a probe tried one; null: not known. */
  readonly delaySeconds: number | null;
  /** The uses that go on. */
  readonly continues: readonly string[];
}

/** Any authorizer and any admission policy lets these go on: they were authorized when they began. */
const openWatches = 'watches that were opened before, until they end or the API server restarts';
const openSessions = [
  'exec, attach and port-forward sessions that were opened before, until they end: at most 4 hours',
  'aggregated API servers keep their own verdicts for 10 s',
] as const;
const openStreams = [openWatches, ...openSessions];
const bypass = [
  // Kubernetes 1.36 keeps the verdict on who may act as whom for so long, whatever the authorizer says of caching.
  'repeating a request as somebody else (impersonation) that was allowed within the last 10 s',
  'members of system:masters pass every authorizer',
] as const;

const continuing: Readonly<Record<EnforcementMode, readonly string[]>> = {
  webhook: [...openStreams, ...bypass],
  listed: ['everything, until each control-plane node has loaded the new file', ...openStreams, ...bypass],
  admission: [
    'reading: get, list and watch',
    // A watch is a read, so its client may begin another one.
    `${openWatches}; then it can be opened again`,
    ...openSessions,
    // Admission sees the user who is acted as, without the certificate of the one who acts.
    'acting as somebody else (impersonation), where RBAC allows it',
    // Kubernetes does not hold policies against requests about policies, so that none locks everybody out.
    'removing the admission policy or its binding, where RBAC allows it',
  ],
  none: ['everything, until the certificate expires or its bindings are removed'],
};

/** On a cluster that is not configured. */
export const noEnforcement: Enforcement = {
  mode: 'none',
  verifiedAt: null,
  delaySeconds: null,
  continues: continuing.none,
};

/** The result of revoking a probe's certificate and trying to use it. */
export interface ProbedRevocation {
  readonly mode: EnforcementMode;
  /** RFC 3339, UTC. */
  readonly checkedAt: string;
  /** Whether it was refused for the revocation. */
  readonly verified: boolean;
  /** How long it went on working; null where it was not refused. */
  readonly delaySeconds: number | null;
  /** Why it is not proven: TitleCase and stable; null where it is. */
  readonly reason: string | null;
  readonly message: string | null;
}

/** `tried`: by the last probe of the cluster that tried it; null where none did. */
export function enforcementOf({ mode }: RevocationSettings, tried: ProbedRevocation | null): Enforcement {
  const proof = tried?.mode === mode && tried.verified ? tried : null;
  return {
    mode,
    verifiedAt: proof && new Date(proof.checkedAt),
    delaySeconds: proof && proof.delaySeconds,
    continues: continuing[mode],
  };
}
