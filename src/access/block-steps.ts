import { auditEvent } from '../model/audit-event.js';
import { foldedName } from '@kubepass/inspect/formats';
import {
  inForce,
  partOfOthers,
  plainBlock,
  type IdentityBlock,
  type LeavingPart,
  type StoredIdentityBlock,
} from '../model/identity.js';
import type { LeftOver } from '../model/webhook-delivery.js';
import type { Operation, Step } from '../store/steps/step.js';
import type { IssuanceContext } from '../context/context.js';
import { announce } from '../context/request-steps.js';
import { endingStep, type AccessToEnd } from './end-access.js';

/** The block of a name once another one is asked for. */
export interface WidenedBlock {
  /** The block to store in place of the one that there is; null: that one holds all of it already. */
  readonly block: IdentityBlock | null;
  readonly leaving: LeavingPart | null;
  /** The part of it that was asked for: the access on its clusters ends with it. */
  readonly part: IdentityBlock;
}

/** The block once somebody has asked for this one. The directory's part of it stays. */
export function widenedByAsking(stored: StoredIdentityBlock | null, asked: IdentityBlock, now: Date): WidenedBlock {
  const before = partOfOthers(stored, now);
  const leaving = stored?.leaving ?? null;
  const part = before === null ? asked : widened(before, asked);
  if (before !== null && isSame(part, before)) return { block: null, leaving, part: before };
  if (leaving === null) return { block: part, leaving, part };
  return { block: { ...part, ...everywhere }, leaving: { ...leaving, besides: part }, part };
}

/** The block once somebody has left: on every cluster until they return. The part of others is kept beside it. */
export function widenedByLeaving(stored: StoredIdentityBlock | null, asked: IdentityBlock, now: Date): WidenedBlock {
  if (stored !== null && stored.leaving !== null && isSame(asked, stored))
    return { block: null, leaving: stored.leaving, part: plainBlock(stored) };
  const block = { ...asked, ...everywhere, username: inForce(stored, now)?.username ?? asked.username };
  return { block, leaving: { at: now, besides: partOfOthers(stored, now) }, part: block };
}

const everywhere = { clusters: null, until: null };

/**
 * A block only grows: to the clusters of both, until the later end. So nobody who blocks a name on one cluster lets it in on
 * another one.
 */
function widened(before: IdentityBlock, asked: IdentityBlock): IdentityBlock {
  const clusters = asked.clusters && before.clusters && sortedOnce([...asked.clusters, ...before.clusters]);
  const until = asked.until && before.until && (asked.until > before.until ? asked.until : before.until);
  return { ...asked, username: before.username, clusters, until };
}

/** The names in their order, each of them once. */
export const sortedOnce = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

/** Whether the block changes nothing but who says so when. */
const isSame = (block: IdentityBlock, stored: IdentityBlock): boolean =>
  block.reason === stored.reason &&
  block.comment === stored.comment &&
  block.until?.getTime() === stored.until?.getTime() &&
  JSON.stringify(block.clusters) === JSON.stringify(stored.clusters);

/** A block that takes the place of the one that there is, and the access that ends in the same commit. */
export interface Blocking {
  /** The name as it was asked for. */
  readonly username: string;
  readonly stored: StoredIdentityBlock | null;
  readonly block: IdentityBlock;
  readonly leaving: LeavingPart | null;
  readonly part: IdentityBlock;
  readonly ended: AccessToEnd;
  readonly actor: string;
  readonly now: Date;
  /** The access that goes on although somebody left, for the message to webhooks. */
  readonly left?: LeftOver;
}

/** The step that blocks a name and ends its access. It conflicts where the block or the access has changed meanwhile. */
export function blockingStep(context: IssuanceContext, blocking: Blocking): Step {
  const { username, stored, block, leaving, part, ended, actor, now, left } = blocking;
  const { clusters, reason, comment, until } = part;
  const folded = foldedName(username);
  const ending = endingStep(context, ended, part, actor, now);
  const counts = { revokedCertificates: ended.certificates.length, cancelledRequests: ended.requests.length };
  const details = { username, clusters, reason, comment, until: until && until.toISOString(), ...counts };
  return {
    operations: [
      ...(stored ? [removal(stored)] : []),
      { op: 'insertIdentityBlock', block, folded, leaving },
      ...ending.operations,
      ...announce(context, { event: 'identity.blocked', at: now, block: part, ...counts, ...(left && { left }) }),
    ],
    events: [auditEvent('IdentityBlocked', now, actor, details), ...ending.events],
  };
}

/** A lifted block, in part or as a whole. */
export interface Lifting {
  /** The name as it was asked for. */
  readonly username: string;
  readonly stored: StoredIdentityBlock;
  /** The block that takes its place; null: the name is free. */
  readonly rest: IdentityBlock | null;
  /** The clusters on which the name is free now; null: on every cluster. */
  readonly freed: readonly string[] | null;
  readonly actor: string;
  readonly now: Date;
  readonly comment: string | null;
}

/** The step that lifts a block. It revives nothing, and tells of nothing where the name stays blocked on every cluster. */
export function liftingStep(
  context: IssuanceContext,
  { username, stored, rest, freed, actor, now, comment }: Lifting,
): Step {
  const isFreed = freed === null || freed.length > 0;
  const block = { ...plainBlock(stored), clusters: freed };
  const unblocked = { event: 'identity.unblocked', at: now, block, unblockedBy: actor, comment } as const;
  return {
    operations: [
      removal(stored),
      ...(rest === null ? [] : [{ op: 'insertIdentityBlock', block: rest, folded: foldedName(username) } as const]),
      ...(isFreed ? announce(context, unblocked) : []),
    ],
    events: isFreed ? [auditEvent('IdentityUnblocked', now, actor, { username, clusters: freed, comment })] : [],
  };
}

/** The step that ends the directory's part of a block. The part of others stays, as far as it is not over. */
export function liftLeaving(
  context: IssuanceContext,
  actor: string,
  stored: StoredIdentityBlock,
  now: Date,
  comment: string,
): Step {
  const rest = partOfOthers(stored, now);
  const { clusters: blocked = [] } = rest ?? {};
  const freed = rest === null ? null : [...context.clusters.keys()].filter((name) => blocked?.includes(name) === false);
  return liftingStep(context, { username: stored.username, stored, rest, freed, actor, now, comment });
}

const removal = ({ n, username }: StoredIdentityBlock): Operation => ({
  op: 'removeIdentityBlock',
  folded: foldedName(username),
  n,
});
