import type { RevocationReason } from './revocation.js';

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
}

/** Whether the block holds for this cluster at this instant. */
export const blocks = ({ clusters, until }: IdentityBlock, cluster: string, now: Date): boolean =>
  (clusters === null || clusters.includes(cluster)) && (until === null || until > now);
