import type { BindingReference, RoleReference } from './blast-radius.js';
import type { ListedCertificate } from './certificate.js';
import type { CertificateRequest } from './certificate-request.js';
import type { EnforcementMode } from './revocation-enforcement.js';
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

/** An identity with certificates that still work although they should not. */
export interface ExposedIdentity extends Identity {
  /** Since when the directory says that nobody who bears the name is here; null: it does not say so. */
  readonly leftAt: Date | null;
  /** At most `listedAtMost`, those first that end last. */
  readonly residualExposure: readonly ResidualExposure[];
  /** Whether it has more certificates than are shown. */
  readonly omitted: boolean;
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
  readonly notAfterBefore?: Date;
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

/** A username that gets no certificate, whoever asks for it; nor may that name ask for one or collect one. */
export interface IdentityBlock {
  readonly username: string;
  /** Names of clusters; null: every cluster, also one that is configured later. */
  readonly clusters: readonly string[] | null;
  readonly reason: RevocationReason;
  readonly comment: string | null;
  /** Null: until it is unblocked. */
  readonly until: Date | null;
  readonly blockedAt: Date;
  readonly blockedBy: string;
}

/** A block as it is stored. */
export interface StoredIdentityBlock extends IdentityBlock {
  /** Another one for each change, so that nobody replaces a block that they have not seen. */
  readonly n: bigint;
  /** Null: the directory has no part in it. */
  readonly leaving: LeavingPart | null;
}

/** Somebody whom the directory lets go is blocked on every cluster until they return. */
export interface LeavingPart {
  readonly at: Date;
  /** The block that others asked for, which stays when they return; null: nobody did. */
  readonly besides: IdentityBlock | null;
}

/** The block without all that is stored beside it. */
export function plainBlock(block: IdentityBlock): IdentityBlock {
  const { username, clusters, reason, comment, until, blockedAt, blockedBy } = block;
  return { username, clusters, reason, comment, until, blockedAt, blockedBy };
}

const isOver = ({ until }: IdentityBlock, now: Date): boolean => until !== null && until <= now;

/** The block, unless its time is over. */
export const inForce = <Block extends IdentityBlock>(block: Block | null, now: Date): Block | null =>
  block === null || isOver(block, now) ? null : block;

/** The part that holds whether the directory says that somebody is here or not; null: no such part is in force. */
export function partOfOthers(stored: StoredIdentityBlock | null, now: Date): IdentityBlock | null {
  if (stored === null) return null;
  return inForce(stored.leaving === null ? plainBlock(stored) : stored.leaving.besides, now);
}

/** Whether the block holds for this cluster at this instant. */
export const blocks = ({ clusters, until }: IdentityBlock, cluster: string, now: Date): boolean =>
  (clusters === null || clusters.includes(cluster)) && (until === null || until > now);
