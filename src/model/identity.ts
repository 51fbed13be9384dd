import type { BindingReference, RoleReference } from './blast-radius.js';
import type { ListedCertificate } from './certificate.js';
import type { CertificateRequest } from './certificate-request.js';
import type { IdentityBlock } from './identity-block.js';
import type { EnforcementMode } from './enforcement.js';
import type { RevocationReason } from '@kubepass/x509';

/** A username on the clusters where it has access: the view of what its certificates give. */
export interface Identity {
  readonly username: string;
  /** The clusters where it has live certificates, by name. */
  readonly clusters: readonly IdentityOnCluster[];
  /** Null where it is not blocked. */
  readonly blocked: IdentityBlock | null;
}

export interface IdentityOnCluster {
  readonly cluster: string;
  /** The groups of all its live certificates there. */
  readonly groups: readonly string[];
  /** Valid or superseded ones. They are counted up to `countedCertificates`. */
  readonly liveCertificates: number;
  readonly latestNotAfter: Date;
  readonly enforcement: EnforcementMode;
}

/** How many live certificates of an identity are looked at, those that end last. */
export const countedCertificates = 100;

/** Everything about one identity. Each list has at most `listedAtMost` items. */
export interface IdentityDetails extends Identity {
  readonly certificates: readonly ListedCertificate[];
  /** Requests for this username that are pending or approved. */
  readonly waitingRequests: readonly CertificateRequest[];
  readonly residualExposure: readonly ResidualExposure[];
  /** Live certificates of other usernames that it asked for or collects, in any spelling of the name. */
  readonly requestedForOthers: readonly ListedCertificate[];
  /** On the clusters whose role bindings are read. */
  readonly roleBindings: readonly BindingsOfIdentity[];
  /** Whether one of the lists has more items than are shown. */
  readonly omitted: boolean;
}

export const listedAtMost = 500;

/** A certificate that still works in some way although the identity should have no access. */
export interface ResidualExposure {
  readonly cluster: string;
  readonly fingerprintSha256: string;
  readonly notAfter: Date;
  readonly enforcement: EnforcementMode;
  /** Everything that its holder can go on to do, in words. */
  readonly continues: readonly string[];
}

/** The bindings of a cluster that name the username itself; null where they cannot be read now. */
export interface BindingsOfIdentity {
  readonly cluster: string;
  readonly bindings: readonly (BindingReference & { readonly role: RoleReference })[] | null;
}

/** Selects identities for a list; a field that is left out selects all. */
export interface IdentityFilter {
  readonly cluster?: string;
  readonly username?: string;
  readonly usernamePrefix?: string;
  readonly group?: string;
  readonly blocked?: boolean;
  /** Only those whose last certificate ends before this. */
  readonly expiresBefore?: Date;
}

/** The body of a block. */
export interface BlockAsk {
  readonly reason: RevocationReason;
  readonly comment?: string;
  /** Left out: all clusters. */
  readonly clusters?: readonly string[];
  /** Left out: until it is unblocked. */
  readonly until?: Date;
}

export interface UnblockAsk {
  readonly comment?: string;
  /** Left out: all clusters of the block. */
  readonly clusters?: readonly string[];
}
