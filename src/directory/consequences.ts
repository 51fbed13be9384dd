import { foldedName } from '@kubepass/inspect/formats';
import type { RevocationReason } from '@kubepass/x509';
import { type DirectoryLeaving, type DirectoryUser, isHere, noName } from '../model/directory.js';
import { newId } from '../model/new-id.js';
import type { Step } from '../store/steps/step.js';
import type { Context } from '../context/context.js';
import {
  type AccessToEnd,
  blockingStep,
  findAccess,
  liftLeaving,
  nothingToEnd,
  spellingsOf,
  widenedByLeaving,
} from '../access/blocks.js';
import { isSameUsername } from './claim-names.js';
import { auditEvent } from '../model/audit-event.js';
import type { ListedCertificate, Revocation } from '../model/certificate.js';
import type { IdentityBlock } from '../model/identity.js';
import type { ApiToken } from '../model/principal.js';
import type { LeftOver } from '../model/webhook-delivery.js';
import { announce } from '../context/request-steps.js';
import { residualExposureOf } from '../access/revoke-certificate.js';
import { revokingTokens, tokensOfLeavers } from '../access/leavers-tokens.js';

/** Everything that follows from a change of an entry. */
export interface Consequences {
  /** The entry as it is from now on. */
  readonly entry: DirectoryUser;
  /** The entry that keeps a name which its person has no longer, without access; null: nobody leaves one behind. */
  readonly behind: DirectoryUser | null;
  /** The leaving of the name that the entry has, and of the one that is left behind. */
  readonly leavings: readonly LeavingStep[];
  /** Ends the block of a name that is used again. */
  readonly unblocking: Step;
}

/** A change of an entry. */
interface EntryChange extends LeavingOptions {
  readonly before: DirectoryUser | null;
  /** The entry after it, with the block and the leaving of the entry before. */
  readonly entry: DirectoryUser;
  readonly how: How;
}

/**
 * The consequences of a change. Its person is here, or is away: not active, or deleted; so they were before.
 * `leavesBehind`: the entry and its name are another person's from now on, and that of the one before is kept under
 * this id.
 */
export async function consequencesOf(
  context: Context,
  change: EntryChange,
  leavesBehind: string | null,
): Promise<Consequences> {
  const { before, entry } = change;
  if (before !== null && leavesBehind !== null) return isSucceeded(context, change, before, leavesBehind);
  const [here, wasHere] = [isHere(entry), before !== null && isHere(before)];
  const isRenaming = before !== null && before.username !== null && !isSameUsername(before.username, entry.username);
  if (isRenaming && wasHere) return (here ? isRenamed : isRenamedAndLeaves)(context, change, before);
  if (before !== null && !isRenaming && here === wasHere)
    return { ...nothingElse, entry: here ? present(change) : away(change) };
  const consequences = await (here ? comes : leaves)(context, change);
  // The old name keeps the block of the earlier leaving.
  return isRenaming ? { ...consequences, behind: leftBehind(context, change, before) } : consequences;
}

const nothing: Step = { operations: [], events: [] };
const nothingElse = { behind: null, leavings: [], unblocking: nothing } satisfies Partial<Consequences>;

/** Somebody is here who was not: they may ask for certificates again. */
async function comes(context: Context, change: EntryChange): Promise<Consequences> {
  return { ...nothingElse, entry: present(change), unblocking: await unblockingStep(context, change) };
}

/** Somebody is away who was here, or new: the name loses its access. */
async function leaves(context: Context, change: EntryChange): Promise<Consequences> {
  const leaving = await leavingStep(context, change.entry, change.how, change);
  return { ...nothingElse, entry: away(change, leaving), leavings: [leaving] };
}

/** The old name loses its access, and the new one may be used. */
async function isRenamed(context: Context, change: EntryChange, old: DirectoryUser): Promise<Consequences> {
  const leaving = await leavingStep(context, old, 'Renamed', change);
  const behind = leftBehind(context, change, old, leaving);
  const { entry, unblocking } = await comes(context, change);
  return { entry: { ...entry, left: leaving.left }, behind, leavings: [leaving], unblocking };
}

/** Both names lose their access, the old one after the commit, because one commit must not hold too much. */
async function isRenamedAndLeaves(context: Context, change: EntryChange, old: DirectoryUser): Promise<Consequences> {
  const consequences = await leaves(context, change);
  const leaving = await leavingStep(context, old, 'Renamed', { ...change, together: false });
  const behind = leftBehind(context, change, old, leaving);
  return { ...consequences, behind, leavings: [...consequences.leavings, leaving] };
}

/** The person before leaves, unless they are away. The one who has the entry now may use the name once it is free. */
async function isSucceeded(
  context: Context,
  change: EntryChange,
  old: DirectoryUser,
  leavesBehind: string,
): Promise<Consequences> {
  const leavings = isHere(old) ? [await leavingStep(context, old, 'Deactivated', change)] : [];
  const behind = { ...leftBehind(context, change, old, leavings[0]), id: leavesBehind };
  if (isHere(change.entry))
    return { entry: present(change), behind, leavings, unblocking: await unblockingStep(context, change) };
  return { entry: { ...away(change), inactiveSince: change.now }, behind, leavings, unblocking: nothing };
}

const present = ({ entry }: EntryChange): DirectoryUser => ({ ...entry, inactiveSince: null, blockedAt: null });

const away = ({ before, entry, now }: EntryChange, leaving?: LeavingStep): DirectoryUser => ({
  ...entry,
  inactiveSince: before?.inactiveSince ?? now,
  blockedAt: leaving?.blockedAt ?? entry.blockedAt,
  left: leaving?.left ?? entry.left,
});

/**
 * Clears the personal members of an entry that belongs to nobody. Its names and the provider's id of its person stay.
 */
export const nothingPersonal = { displayName: null, name: noName, emails: [] } satisfies Partial<DirectoryUser>;

/** The entry of a name that its person gave up: it has no access until the name is given to somebody. */
const leftBehind = (
  { random }: Context,
  { now }: EntryChange,
  old: DirectoryUser,
  leaving?: LeavingStep,
): DirectoryUser => ({
  ...old,
  ...nothingPersonal,
  id: newId(now, random),
  active: false,
  version: 1,
  changedAt: now,
  deletedAt: now,
  inactiveSince: now,
  blockedAt: leaving?.blockedAt ?? old.blockedAt,
  left: leaving?.left ?? old.left,
});

/** The step that ends the part of the block that an earlier leaving under the name made. */
async function unblockingStep(
  context: Context,
  { entry: { username, blockedAt, reuse }, actor, now }: EntryChange,
): Promise<Step> {
  if (username === null || blockedAt === null || reuse !== null) return nothing;
  const [stored] = await context.store.identityBlocks.find([foldedName(username)]);
  if (stored?.leaving?.at.getTime() !== blockedAt.getTime()) return nothing;
  return liftLeaving(context, actor, stored, now, 'the directory says so: returned');
}

/** The commit by which somebody leaves; it is part of the commit of the change that causes it. */
export interface LeavingStep {
  readonly step: Step;
  readonly left: DirectoryLeaving;
  /**
   * The instant of the block that it makes, or that the leaving of an earlier bearer made; null: it has no username.
   */
  readonly blockedAt: Date | null;
  /** The access that is left after the step is ended with this block. Null: there is none, and nothing to end. */
  readonly block: IdentityBlock | null;
}

/** The way in which somebody leaves. */
export type How = 'Deactivated' | 'Deleted' | 'Renamed';

export interface LeavingOptions {
  readonly actor: string;
  readonly now: Date;
  /** Whether the step ends the first part of the access too. */
  readonly together: boolean;
}

/** Kept with the user, and shown as the consequences. */
const keptAtMost = 200;

/**
 * Everything that ends when a user leaves: the name is blocked, its sessions end, its API tokens are revoked, its
 * requests cancelled and its certificates revoked.
 */
async function leavingStep(
  context: Context,
  user: DirectoryUser,
  how: How,
  options: LeavingOptions,
): Promise<LeavingStep> {
  const { id: userId, userName, externalId, username } = user;
  const { actor, now } = options;
  const { toRevoke, kept } = await tokensOfLeavers(context, username === null ? [] : [foldedName(username)], now);
  const { ended, block, blockedAt, step } =
    username === null ? withoutUsername : await blockOfLeaver(context, { ...user, username }, how, toRevoke, options);
  const tokens = revokingTokens(toRevoke, now, actor);
  const left: DirectoryLeaving = {
    at: now.toISOString(),
    cancelledRequests: ended.requests.slice(0, keptAtMost).map(({ id }) => id),
    revokedTokens: toRevoke.slice(0, keptAtMost).map(({ id }) => id),
    keptTokens: kept.map(({ id }) => id),
  };
  const details = {
    userId,
    userName,
    externalId,
    username,
    how,
    revokedCertificates: ended.certificates.length,
    cancelledRequests: ended.requests.length,
    endedSessions: ended.sessions.length,
    revokedTokens: left.revokedTokens,
    keptTokens: left.keptTokens,
  };
  return {
    step: {
      operations: [...tokens.operations, ...step.operations],
      events: [auditEvent('DirectoryUserDeactivated', now, actor, details), ...tokens.events, ...step.events],
    },
    left,
    blockedAt,
    block,
  };
}

/** The block of a leaver's name, and the access that ends in the same commit. */
interface BlockOfLeaver extends Omit<LeavingStep, 'left'> {
  readonly ended: AccessToEnd;
}

const withoutUsername: BlockOfLeaver = { step: nothing, ended: nothingToEnd, blockedAt: null, block: null };

async function blockOfLeaver(
  context: Context,
  user: Pick<DirectoryUser, 'id'> & { readonly username: string },
  how: How,
  revokedTokens: readonly ApiToken[],
  { actor, now, together }: LeavingOptions,
): Promise<BlockOfLeaver> {
  const { username } = user;
  const reason: RevocationReason = how === 'Renamed' ? 'affiliationChanged' : 'cessationOfOperation';
  const comment = `the directory says so: ${how.toLowerCase()}`;
  const revocation = { reason, comment, revokedAt: now, revokedBy: actor };
  const [stored = null] = await context.store.identityBlocks.find([foldedName(username)]);
  const asked = { username, reason, comment, clusters: null, until: null, blockedAt: now, blockedBy: actor };
  const { block, leaving, part } = widenedByLeaving(stored, asked, now);
  const result = { block: part, blockedAt: leaving?.at ?? null };
  if (block === null) {
    // The block's own message went out when another bearer left.
    const left = await leftOver(context, user, nothingToEnd, revocation, revokedTokens);
    const counts = { revokedCertificates: 0, cancelledRequests: 0 };
    const operations = announce(context, { event: 'identity.blocked', at: now, block: part, ...counts, left });
    return { ...result, step: { operations, events: [] }, ended: nothingToEnd };
  }
  const found = together ? await findAccess(context, part) : nothingToEnd;
  const ended = context.directory.cancelRequests ? found : { ...found, requests: [] };
  const left = await leftOver(context, user, ended, revocation, revokedTokens);
  const step = blockingStep(context, { username, stored, block, leaving, part, ended, actor, now, left });
  return { ...result, step, ended };
}

/** Keeps messages to webhooks below 20 KB (Standard Webhooks, payload size); the directory user itself lists all. */
const shown = 20;

/** The access that somebody who leaves still has, once these certificates are revoked and these tokens too. */
async function leftOver(
  context: Context,
  { id, username }: Pick<DirectoryUser, 'id'> & { readonly username: string },
  { certificates }: Pick<AccessToEnd, 'certificates'>,
  revocation: Revocation,
  revokedTokens: readonly ApiToken[],
): Promise<LeftOver> {
  const { store, clock } = context;
  const now = clock();
  const wanted = { revoked: true, clusters: null, now, limit: shown };
  const names = await spellingsOf(context, username);
  const [others, made, ...before] = await Promise.all([
    store.certificates.requestedForOthers(names, { revokedToo: false, now, limit: shown }),
    store.apiTokens.liveMadeBy([foldedName(username)], now),
    ...names.map((name) => store.certificates.unexpiredOf(name, wanted)),
  ]);
  const revoked: ListedCertificate[] = [...certificates.map((one) => ({ ...one, revocation })), ...before.flat()];
  const gone = new Set(revokedTokens.map((token) => token.id));
  return {
    directoryUserId: id,
    residualExposure: revoked
      .flatMap((one) => residualExposureOf(context, { ...one, isRevoked: true }))
      .slice(0, shown),
    requestedForOthers: others
      .slice(0, shown)
      .map(({ fingerprintSha256, username: name, cluster }) => ({ fingerprintSha256, username: name, cluster })),
    tokensMade: made
      .filter((token) => !gone.has(token.id))
      .slice(0, shown)
      .map((token) => ({ id: token.id, name: token.name })),
    revokedTokens: [...gone].slice(0, shown),
  };
}
