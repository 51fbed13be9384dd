import {
  plainBlock,
  type IdentityBlock,
  type LeavingPart,
  type StoredIdentityBlock,
} from '../../model/identity-block.js';

/** A block as it is to be stored. */
export interface WidenedBlock {
  readonly block: IdentityBlock;
  readonly leaving: LeavingPart | null;
  /** The part of it that is new: the access on its clusters ends with it. */
  readonly part: IdentityBlock;
}

const isOver = ({ until }: IdentityBlock, now: Date): boolean => until !== null && until <= now;

/** The part that holds whether the directory says that somebody is here or not; null: none does now. */
export function partOfOthers(stored: StoredIdentityBlock | null, now: Date): IdentityBlock | null {
  if (stored === null) return null;
  const part = stored.leaving === null ? plainBlock(stored) : stored.leaving.besides;
  return part === null || isOver(part, now) ? null : part;
}

/** The block once somebody has asked for this one; null: it is that already. A leaving stays a part of it. */
export function widenedByAsking(
  stored: StoredIdentityBlock | null,
  asked: IdentityBlock,
  now: Date,
): WidenedBlock | null {
  const before = partOfOthers(stored, now);
  const part = before === null ? asked : widened(before, asked);
  if (before !== null && isSame(part, before)) return null;
  const leaving = stored?.leaving ?? null;
  if (leaving === null) return { block: part, leaving, part };
  return { block: { ...part, ...everywhere }, leaving: { ...leaving, besides: part }, part };
}

/** The block once somebody has left: on every cluster until they return. The part of others is kept beside it. */
export function widenedByLeaving(
  stored: StoredIdentityBlock | null,
  asked: IdentityBlock,
  now: Date,
): WidenedBlock | null {
  if (stored !== null && stored.leaving !== null && isSame(asked, stored)) return null;
  const inForce = stored !== null && !isOver(stored, now) ? stored : null;
  const block = { ...asked, ...everywhere, username: inForce?.username ?? asked.username };
  return { block, leaving: { at: now, besides: partOfOthers(stored, now) }, part: block };
}

const everywhere = { clusters: null, until: null };

/**
 * A block only grows: to the clusters of both, until the later end. So nobody who blocks a name on one cluster lets it in on
 * another one.
 */
function widened(before: IdentityBlock, asked: IdentityBlock): IdentityBlock {
  const clusters = asked.clusters && before.clusters && sorted([...asked.clusters, ...before.clusters]);
  const until = asked.until && before.until && (asked.until > before.until ? asked.until : before.until);
  return { ...asked, username: before.username, clusters, until };
}

export const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

/** Whether the block changes nothing but who says so when. */
const isSame = (block: IdentityBlock, stored: IdentityBlock): boolean =>
  block.reason === stored.reason &&
  block.comment === stored.comment &&
  block.until?.getTime() === stored.until?.getTime() &&
  JSON.stringify(block.clusters) === JSON.stringify(stored.clusters);
