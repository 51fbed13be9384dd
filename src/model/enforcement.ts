import type { RevokedCertificate } from './revocation.js';

/** The ways in which a cluster is made to refuse a revoked certificate. */
export const enforcementModes = ['webhook', 'listed', 'admission', 'none'] as const;
export type EnforcementMode = (typeof enforcementModes)[number];

/** All revocations of certificates that have not expired, in memory. */
export interface DenyListPort {
  /** Whether the list is complete: every revocation that was committed before the start is in it. */
  isLoaded(): boolean;
  /** `fingerprintSha256`: lower-case hex. */
  find(cluster: string, fingerprintSha256: string): RevokedCertificate | null;
  /** Those of a cluster that have not expired, in no particular order. */
  ofCluster(cluster: string): Iterable<RevokedCertificate>;
}

/** The effect of a revocation on its cluster. It claims no more than what was verified. */
export interface Enforcement {
  readonly mode: EnforcementMode;
  /** When a probe last saw a revoked certificate refused there; null: never. */
  readonly verifiedAt: Date | null;
  /** How long a revoked certificate went on working when a probe tried one; null: not known. */
  readonly delaySeconds: number | null;
  /** The things that the holder can go on to do. */
  readonly continues: readonly string[];
}

/** On a cluster that is not made to refuse revoked certificates. */
export const noEnforcement: Enforcement = {
  mode: 'none',
  verifiedAt: null,
  delaySeconds: null,
  continues: ['everything, until the certificate expires or its bindings are removed'],
};
