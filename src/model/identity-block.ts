import type { RevocationReason } from '@kubepass/x509';

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
