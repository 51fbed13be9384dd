import { auditEvent, type AuditEventDraft } from '../../model/audit-event.js';
import {
  isHere,
  noName,
  type DirectoryOutcome,
  type DirectoryRefusal,
  type DirectoryUser,
  type DirectoryUserAttributes,
  type NameReuse,
} from '../../model/directory.js';
import { foldedName } from '../../model/folded-name.js';
import { newId } from '../../model/new-id.js';
import { StoreBusyError } from '../../model/errors.js';
import type { Operation, Step } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';
import { liftingStep } from '../lifecycle/block-identity.js';
import { endAccess } from '../lifecycle/end-access.js';
import { endTokens } from '../lifecycle/leavers-tokens.js';
import { predecessorHasAccess } from './directory-facts.js';
import { leavingOf, type How, type Leaving } from './leave.js';
import { usernameOf } from './username.js';

export const refuse = (refusal: DirectoryRefusal): DirectoryOutcome<never> => ({ ok: false, refusal });

/** How often a change is tried again because others changed the same meanwhile. */
const mostTries = 20;
/** After so many conflicts the user is changed first, and the access ends after it. */
const mostTogether = 3;

/** The change of a user that somebody asks for. */
export type UserChange =
  | { readonly kind: 'create'; readonly attributes: DirectoryUserAttributes }
  | {
      readonly kind: 'change';
      readonly id: string;
      /** May throw; then nothing is changed. */
      readonly change: (before: DirectoryUserAttributes) => DirectoryUserAttributes;
      /** Null: whichever version there is. */
      readonly version: number | null;
    }
  | { readonly kind: 'delete'; readonly id: string; readonly version: number | null };

/**
 * Changes a user together with all that follows from it, in one commit: somebody who leaves loses their access, somebody who
 * returns may ask again. The change that a user has after the commit is the answer; `created` tells a new one.
 */
export async function changeUser(
  context: IssuanceContext,
  actor: string,
  asked: UserChange,
): Promise<DirectoryOutcome<{ readonly user: DirectoryUser; readonly created: boolean }>> {
  for (let tried = 0; tried < mostTries; tried++) {
    const now = context.clock();
    const found = await findBefore(context, asked);
    if (!found.ok) return found;
    const { before } = found.value;
    const attributes = attributesAfter(asked, before);
    const claim = await claimNames(context, before, attributes, asked.kind === 'delete', now);
    if (!claim.ok) return claim;
    const deleted = asked.kind === 'delete';
    const plan = await planOf(context, actor, claim.value, attributes, deleted, {
      now,
      together: tried < mostTogether,
    });
    if (plan === null && claim.value.before !== null)
      return { ok: true, value: { user: claim.value.before, created: false } };
    if (plan === null) throw new Error('a new user changes nothing');
    const result = await context.store.writer.commit(plan.step);
    if (result.committed) {
      for (const { block, left } of plan.leavings)
        if (block !== null) {
          await endTokens(context, actor, [foldedName(block.username)], new Set(left.keptTokens));
          await endAccess(context, block, actor, endingOf(context));
        }
      return { ok: true, value: { user: plan.after, created: asked.kind === 'create' } };
    }
    // Whatever it was, the next round finds it: a taken name, another version, a request that has moved on.
    const { conflict } = result;
    if (
      asked.kind !== 'create' &&
      asked.version !== null &&
      conflict.kind === 'directoryUser' &&
      conflict.id === asked.id
    )
      return refuse({ why: 'other-version' });
  }
  throw new StoreBusyError('the user is changed by others faster than it can be changed');
}

const endingOf = ({ directory }: IssuanceContext) => ({ cancelRequests: directory.cancelRequests });

async function findBefore(
  { store }: IssuanceContext,
  asked: UserChange,
): Promise<DirectoryOutcome<{ readonly before: DirectoryUser | null }>> {
  if (asked.kind === 'create') return { ok: true, value: { before: null } };
  const before = await store.directory.user(asked.id);
  if (before === null || before.deletedAt !== null) return refuse({ why: 'not-found' });
  if (asked.version !== null && before.version !== asked.version) return refuse({ why: 'other-version' });
  return { ok: true, value: { before } };
}

function attributesAfter(asked: UserChange, before: DirectoryUser | null): DirectoryUserAttributes {
  if (asked.kind === 'create') return asked.attributes;
  if (before === null) throw new Error('a change needs a user');
  return asked.kind === 'delete' ? before : asked.change(before);
}

/** The users who have the names that a user is to have, and those who had them. */
interface NameClaim {
  /** The user who is changed; null: a new one. */
  readonly before: DirectoryUser | null;
  /** A user of the same userName who is not active, and whose entry ends with this. */
  readonly givesUp: DirectoryUser | null;
  /** The username was somebody else's. */
  readonly reuse: NameReuse | null;
  readonly succeededAt: Date | null;
  /** The same person's earlier entry, whose block ends with the return. */
  readonly returnsAs: DirectoryUser | null;
  /** The entry is somebody else's from now on, under the same username: the id of the one that its person leaves behind. */
  readonly leavesBehind: string | null;
}

/**
 * A userName belongs to one listed user. One who is not active gives it up: to the same person, who comes back by a new POST,
 * or to somebody else, who then waits until the certificates of the first one have ended. The provider's `externalId` says
 * whether it is the same person; without one two entries count as two people, and one entry as one: somebody may take back a
 * name that they left behind, unless it was anybody else's since. An entry whose `externalId` becomes another one is somebody
 * else's from then on: so providers link a name to a new person. The username may come from another attribute, so it is
 * looked at by itself.
 */
async function claimNames(
  context: IssuanceContext,
  found: DirectoryUser | null,
  attributes: DirectoryUserAttributes,
  deleted: boolean,
  now: Date,
): Promise<DirectoryOutcome<NameClaim>> {
  const { directory } = context.store;
  const { userName, externalId } = attributes;
  const key = foldedName(userName);
  const isSame = (other: DirectoryUser) => externalId !== null && externalId === other.externalId;
  const claimsName = !deleted && (found === null || foldedName(found.userName) !== key);
  const holder = claimsName ? await directory.userNamed(key) : null;
  if (holder?.active) return refuse({ why: 'name-taken', message: 'another user has this userName' });
  const before = found ?? (holder !== null && isSame(holder) ? holder : null);
  const givesUp = holder === before ? null : holder;

  const username = usernameOf(attributes, context.directory);
  const { reuse: ownReuse = null, succeededAt = null } = before ?? {};
  const kept = { before, givesUp, reuse: ownReuse, succeededAt, returnsAs: null, leavesBehind: null };
  const fresh = { ...kept, reuse: null, succeededAt: null };
  const succeeding = { ...kept, succeededAt: now };
  const isKept = before !== null && isSameUsername(before.username, username);
  const arrives = !deleted && attributes.active && (before === null || !isHere(before));
  if (username === null) return { ok: true, value: fresh };
  const succeeds = isKept && !deleted && isSomebodyElse(before.externalId, externalId);
  if (deleted || (isKept && !arrives && !succeeds)) return { ok: true, value: kept };
  const others = (await directory.bearersOf([foldedName(username)])).filter(({ id }) => id !== before?.id);
  if ((arrives || !isKept) && others.some((other) => isHere(other) && other.id !== givesUp?.id))
    return refuse({ why: 'name-taken', message: 'another user has this username' });
  if (succeeds) {
    const leavesBehind = newId(now, context.random);
    const reuse = { predecessor: leavesBehind, since: now };
    const waits = isHere(before) || (await predecessorHasAccess(context, username, reuse));
    const claim = waits ? { ...succeeding, reuse } : { ...succeeding, reuse: null, returnsAs: before };
    return { ok: true, value: { ...claim, leavesBehind } };
  }
  const isOwn = (other: DirectoryUser) => isSame(other) || (before !== null && isPersonOf(before, externalId, other));
  // Somebody else counts as the later one where both left at one instant.
  const [last] = others.toSorted((a, b) => leftAt(b) - leftAt(a) || Number(isOwn(a)) - Number(isOwn(b)));
  if (last === undefined) return { ok: true, value: isKept ? kept : fresh };
  if (isKept && leftAt(before) >= leftAt(last)) return { ok: true, value: kept };
  if (isOwn(last))
    return { ok: true, value: { ...kept, reuse: last.reuse, succeededAt: last.succeededAt, returnsAs: last } };
  // Where none of the predecessor's certificates works, the name is free, and the predecessor's block ends.
  if (!(await predecessorHasAccess(context, username, { predecessor: last.id, since: now })))
    return { ok: true, value: { ...succeeding, reuse: null, returnsAs: last } };
  return { ok: true, value: { ...succeeding, reuse: { predecessor: last.id, since: now } } };
}

/** Somebody who gets an `externalId`, or loses it, stays the same. */
const isSomebodyElse = (before: string | null, after: string | null): boolean =>
  before !== null && after !== null && before !== after;

/** Whether the other is a name that the person of this entry left behind. With another `externalId` it tells nothing. */
const isPersonOf = (before: DirectoryUser, externalId: string | null, other: DirectoryUser): boolean =>
  before.externalId === externalId && before.person === other.person;

const leftAt = ({ deletedAt, inactiveSince, changedAt }: DirectoryUser): number =>
  (inactiveSince ?? deletedAt ?? changedAt).getTime();

interface Plan {
  readonly step: Step;
  readonly after: DirectoryUser;
  readonly leavings: readonly Leaving[];
}

/** The step of a change; null: it changes nothing. */
async function planOf(
  context: IssuanceContext,
  actor: string,
  { before, givesUp, reuse, succeededAt, returnsAs, leavesBehind }: NameClaim,
  attributes: DirectoryUserAttributes,
  deleted: boolean,
  options: { readonly now: Date; readonly together: boolean },
): Promise<Plan | null> {
  const { now } = options;
  const changed = before === null ? [] : changedAttributes(before, attributes);
  const username = usernameOf(attributes, context.directory);
  // The configuration may take usernames from another attribute than when the user was last looked at.
  if (before !== null && changed.length === 0 && !deleted && username === before.username) return null;
  // Somebody who takes another name leaves the old one behind, and somebody whose entry is given to another leaves theirs.
  const leavesOld = leavesBehind !== null || !isSameUsername(before?.username ?? null, username);
  const old = before !== null && before.username !== null && leavesOld ? before : null;
  const oldId = leavesBehind ?? newId(now, context.random);
  const draft: DirectoryUser = {
    ...plainAttributes(attributes),
    ...(deleted && nothingPersonal),
    id: before?.id ?? newId(now, context.random),
    person: before?.externalId === attributes.externalId ? before.person : newId(now, context.random),
    username,
    createdAt: before?.createdAt ?? now,
    changedAt: now,
    version: (before?.version ?? 0) + 1,
    deletedAt: deleted ? now : null,
    inactiveSince: null,
    blockedAt: returnsAs?.blockedAt ?? (old === null ? (before?.blockedAt ?? null) : null),
    reuse,
    succeededAt,
    left: leavesBehind === null ? (before?.left ?? null) : null,
  };
  const here = isHere(draft);
  const wasHere = before === null || isHere(before);
  const leaves = leavesBehind === null && !here && (wasHere || old !== null);
  const how: How = deleted ? 'Deleted' : 'Deactivated';
  const leaving = leaves ? await leavingOf(context, actor, draft, draft.username, how, options) : null;
  const renaming =
    old !== null && wasHere
      ? await leavingOf(context, actor, old, old.username, leavesBehind === null ? 'Renamed' : 'Deactivated', {
          ...options,
          together: leaves ? false : options.together,
        })
      : null;
  const unblocking =
    here && (before === null || !isHere(before) || old !== null)
      ? await unblockingOf(context, actor, draft, now)
      : nothing;
  const after: DirectoryUser = {
    ...draft,
    inactiveSince: here ? null : ((leavesBehind === null ? before?.inactiveSince : null) ?? now),
    blockedAt: here ? null : (leaving?.blockedAt ?? draft.blockedAt),
    left: leaving?.left ?? (leavesBehind === null ? renaming?.left : null) ?? draft.left,
  };
  const behind = old === null ? null : oldName(old, oldId, renaming, now);
  const tombstones: readonly Operation[] = [
    ...(givesUp ? [tombstoneOf(givesUp, now)] : []),
    ...(behind !== null ? [{ op: 'insertDirectoryUser', user: behind } as const] : []),
  ];
  return {
    step: {
      operations: [
        ...tombstones,
        before === null
          ? { op: 'insertDirectoryUser', user: after }
          : { op: 'updateDirectoryUser', user: after, version: before.version },
        ...[leaving, renaming].flatMap((each) => each?.step.operations ?? []),
        ...unblocking.operations,
      ],
      events: [
        ...(givesUp ? [userEvent('Superseded', givesUp, actor, now, [])] : []),
        ...(behind !== null && leavesBehind !== null ? [userEvent('Superseded', behind, actor, now, [])] : []),
        userEvent(kindOf(before, here, deleted), after, actor, now, changed),
        ...[leaving, renaming].flatMap((each) => each?.step.events ?? []),
        ...unblocking.events,
      ],
    },
    after,
    leavings: [leaving, renaming].filter((each) => each !== null),
  };
}

const nothing: Step = { operations: [], events: [] };

const isSameUsername = (one: string | null, other: string | null): boolean =>
  one === other || (one !== null && other !== null && foldedName(one) === foldedName(other));

function kindOf(before: DirectoryUser | null, here: boolean, deleted: boolean) {
  if (before === null) return 'Created';
  if (deleted) return 'Deleted';
  return here && !isHere(before) ? 'Returned' : 'Changed';
}

/** The names of the attributes that differ. */
export function changedAttributes(before: DirectoryUserAttributes, after: DirectoryUserAttributes): readonly string[] {
  const one = plainAttributes(before);
  const other = plainAttributes(after);
  return (Object.keys(one) as (keyof DirectoryUserAttributes)[]).filter(
    (name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]),
  );
}

const plainAttributes = ({
  userName,
  externalId,
  active,
  displayName,
  name: { formatted, familyName, givenName },
  emails,
}: DirectoryUserAttributes): DirectoryUserAttributes => ({
  ...{ userName, externalId, active, displayName },
  name: { formatted, familyName, givenName },
  emails: emails.map(({ value, type, primary }) => ({ value, type, primary })),
});

/** A name that nobody has any longer keeps the name itself and the provider's id of its person, and no more. */
const nothingPersonal = { displayName: null, name: noName, emails: [] } satisfies Partial<DirectoryUserAttributes>;

const tombstoneOf = (user: DirectoryUser, now: Date): Operation => ({
  op: 'updateDirectoryUser',
  user: { ...user, ...nothingPersonal, deletedAt: now, changedAt: now, version: user.version + 1 },
  version: user.version,
});

/** A name that its person has no longer: it stays without access until it is given to somebody. */
const oldName = (old: DirectoryUser, id: string, leaving: Leaving | null, now: Date): DirectoryUser => ({
  ...old,
  ...nothingPersonal,
  id,
  active: false,
  version: 1,
  changedAt: now,
  deletedAt: now,
  inactiveSince: now,
  blockedAt: leaving?.blockedAt ?? old.blockedAt,
  left: leaving?.left ?? old.left,
});

export function userEvent(
  change: 'Created' | 'Changed' | 'Returned' | 'Deleted' | 'Superseded' | 'Confirmed',
  user: DirectoryUser,
  actor: string,
  now: Date,
  changed: readonly string[],
): AuditEventDraft {
  const { id: userId, userName, externalId, username, active, reuse } = user;
  return auditEvent('DirectoryUserChanged', now, actor, {
    ...{ userId, userName, externalId, username, change, active, changed },
    ...(reuse && { predecessor: reuse.predecessor }),
  });
}

/** Ends the part of the block that the person's leaving made. */
async function unblockingOf(
  context: IssuanceContext,
  actor: string,
  { username, blockedAt, reuse }: DirectoryUser,
  now: Date,
): Promise<Step> {
  if (username === null || blockedAt === null || reuse !== null) return nothing;
  const [stored] = await context.store.identityBlocks.find([foldedName(username)]);
  if (stored?.leaving?.at.getTime() !== blockedAt.getTime()) return nothing;
  return liftingStep(context, actor, stored, now, 'the directory says so: returned');
}
