import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import { isHere, type DirectoryUser, type DirectoryUserAttributes } from '../model/directory.js';
import { done, refuseChange, type DirectoryOutcome } from '../model/outcome.js';
import type { Budgets } from '../callers/spent-budgets.js';
import { BudgetSpentError } from '../model/budget.js';
import { StoreBusyError } from '../model/errors.js';
import { foldedName } from '@kubepass/inspect/formats';
import { newId } from '../model/new-id.js';
import type { Principal } from '../model/principal.js';
import type { Step, Write } from '../store/steps/step.js';
import { insertDirectoryUser, updateDirectoryUser } from '../store/tables/directory-statements.js';
import type { Context } from '../context/context.js';
import { endAccess } from '../access/blocks.js';
import { endTokens } from '../access/leavers-tokens.js';
import { claimNames, isSameUsername, usernameOf, type NameClaim, type WantedEntry } from './claim-names.js';
import {
  consequencesOf,
  nothingPersonal,
  type Consequences,
  type LeavingOptions,
  type LeavingStep,
} from './consequences.js';

/** How often a change is tried again because others changed the same meanwhile. */
const mostTries = 20;
/** After so many conflicts the user is changed first, and the access ends after it. */
const mostTogether = 3;

/** The change of a user that somebody asks for. */
type UserChange =
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

/** The context of changes of people over SCIM. Their routes are for a directory's connector alone. */
export interface ProvisioningContext extends Context {
  readonly budgets: Pick<Budgets, 'begin'>;
}

/** Somebody who left and comes back under the same `externalId` is changed, not made. */
export function createUser(
  context: Context,
  { name }: Principal,
  attributes: DirectoryUserAttributes,
): Promise<DirectoryOutcome<DirectoryUser>> {
  context.directoryUse.begin();
  return commitChange(context, name, { kind: 'create', attributes });
}

/** `version` null: whichever there is. `asked` may throw. */
export function changeUser(
  context: ProvisioningContext,
  principal: Principal,
  id: string,
  version: number | null,
  asked: (before: DirectoryUserAttributes) => DirectoryUserAttributes,
): Promise<DirectoryOutcome<DirectoryUser>> {
  const change = withinBudget(context.budgets, principal, asked);
  return commitChange(context, principal.name, { kind: 'change', id, version, change });
}

export async function deleteUser(
  context: Context,
  { name }: Principal,
  id: string,
  version: number | null,
): Promise<DirectoryOutcome<null>> {
  const outcome = await commitChange(context, name, { kind: 'delete', id, version });
  return outcome.ok ? done(null) : outcome;
}

/**
 * A change of a person for which a caller has budget. Whether somebody leaves by it is known only now, so the call was
 * let in. Without budget nothing else is kept of such a change: the person leaves, and their other attributes stay.
 * Other changes are refused then.
 */
function withinBudget(
  budgets: Pick<Budgets, 'begin'>,
  principal: Principal,
  change: (before: DirectoryUserAttributes) => DirectoryUserAttributes,
): typeof change {
  return (before) => {
    const after = change(before);
    const changed = changedAttributes(before, after);
    const spent = changed.length === 0 ? null : budgets.begin(principal, 'keeping');
    if (spent === null) return after;
    if (changed.includes('active') && !after.active) return { ...before, active: false };
    throw new BudgetSpentError(spent);
  };
}

/**
 * Changes a user together with all that follows from it, in one commit: somebody who leaves loses their access,
 * somebody who returns may ask again. Answers the user as they are after the commit.
 */
async function commitChange(
  context: Context,
  actor: string,
  asked: UserChange,
): Promise<DirectoryOutcome<DirectoryUser>> {
  for (let tried = 0; tried < mostTries; tried++) {
    const now = context.clock();
    const wanted = await wantedEntry(context, asked);
    if (!wanted.ok) return wanted;
    const claim = await claimNames(context, wanted.value, now);
    if (!claim.ok) return claim;
    const { before } = claim.value;
    if (before !== null && changesNothing(context, before, wanted.value)) return done(before);
    const options = { actor, now, together: tried < mostTogether };
    const { step, entry, leavings } = await planOf(context, claim.value, wanted.value, options);
    const result = await context.store.writer.commit(step);
    if (result.committed) {
      for (const leaving of leavings) await endTheRest(context, actor, leaving);
      return done(entry);
    }
    // Whatever it was, the next round finds it: a taken name, another version, a request that has moved on.
    const { conflict } = result;
    const isOtherVersion = asked.kind !== 'create' && conflict.kind === 'directoryUser' && conflict.id === asked.id;
    if (isOtherVersion && asked.version !== null) return refuseChange({ why: 'other-version' });
  }
  throw new StoreBusyError('the user is changed by others faster than it can be changed');
}

/** Ends the access of a leaver that the commit of the leaving did not. */
async function endTheRest(context: Context, actor: string, { block, left }: LeavingStep): Promise<void> {
  if (block === null) return;
  const { cancelRequests } = context.directory;
  await endTokens(context, actor, [foldedName(block.username)], new Set(left.keptTokens));
  await endAccess(context, block, actor, { cancelRequests });
}

async function wantedEntry({ store }: Context, asked: UserChange): Promise<DirectoryOutcome<WantedEntry>> {
  if (asked.kind === 'create') return done({ found: null, attributes: asked.attributes, deleted: false });
  const found = await store.directory.user(asked.id);
  if (found === null || found.deletedAt !== null) return refuseChange({ why: 'not-found' });
  if (asked.version !== null && found.version !== asked.version) return refuseChange({ why: 'other-version' });
  if (asked.kind === 'delete') return done({ found, attributes: found, deleted: true });
  return done({ found, attributes: asked.change(found), deleted: false });
}

/** The configuration may take usernames from another attribute than when the user was last looked at. */
const changesNothing = ({ directory }: Context, before: DirectoryUser, { attributes, deleted }: WantedEntry): boolean =>
  !deleted &&
  changedAttributes(before, attributes).length === 0 &&
  usernameOf(attributes, directory) === before.username;

interface Plan extends Consequences {
  readonly step: Step;
}

/** The step of a change with everything that follows from it. */
async function planOf(context: Context, claim: NameClaim, wanted: WantedEntry, options: LeavingOptions): Promise<Plan> {
  const { before, givesUp, leavesBehind } = claim;
  const { attributes, deleted } = wanted;
  const { actor, now } = options;
  const draft = entryAfter(context, claim, wanted, now);
  const change = { ...options, before, entry: draft, how: deleted ? 'Deleted' : 'Deactivated' } as const;
  const consequences = await consequencesOf(context, change, leavesBehind);
  const { entry, behind, leavings, unblocking } = consequences;
  const changed = before === null ? [] : changedAttributes(before, attributes);
  const superseded = [givesUp, leavesBehind === null ? null : behind].filter((one) => one !== null);
  return {
    ...consequences,
    step: {
      operations: [
        ...(givesUp ? [tombstoneOf(givesUp, now)] : []),
        ...(behind ? [insertDirectoryUser(behind)] : []),
        before === null ? insertDirectoryUser(entry) : updateDirectoryUser({ user: entry, version: before.version }),
        ...leavings.flatMap(({ step }) => step.operations),
        ...unblocking.operations,
      ],
      events: [
        ...superseded.map((user) => userEvent('Superseded', user, actor, now, [])),
        userEvent(kindOf(before, isHere(entry), deleted), entry, actor, now, changed),
        ...leavings.flatMap(({ step }) => step.events),
        ...unblocking.events,
      ],
    },
  };
}

/** The entry after the change, with the block and the leaving that it had before. */
function entryAfter(
  { directory, random }: Context,
  { before, reuse, succeededAt, endsBlockOf, leavesBehind }: NameClaim,
  { attributes, deleted }: WantedEntry,
  now: Date,
): DirectoryUser {
  const username = usernameOf(attributes, directory);
  const kept = {
    reuse,
    succeededAt,
    username,
    changedAt: now,
    deletedAt: deleted ? now : null,
    inactiveSince: null,
    ...plainAttributes(attributes),
    ...(deleted && nothingPersonal),
  };
  if (before === null) {
    const id = newId(now, random);
    const person = newId(now, random);
    return { ...kept, id, person, createdAt: now, version: 1, blockedAt: endsBlockOf?.blockedAt ?? null, left: null };
  }
  const isOldName = leavesBehind === null && (before.username === null || isSameUsername(before.username, username));
  return {
    ...kept,
    id: before.id,
    person: before.externalId === attributes.externalId ? before.person : newId(now, random),
    createdAt: before.createdAt,
    version: before.version + 1,
    blockedAt: endsBlockOf?.blockedAt ?? (isOldName ? before.blockedAt : null),
    left: leavesBehind === null ? before.left : null,
  };
}

function kindOf(before: DirectoryUser | null, here: boolean, deleted: boolean) {
  if (before === null) return 'Created';
  if (deleted) return 'Deleted';
  return here && !isHere(before) ? 'Returned' : 'Changed';
}

/** The names of the attributes that differ. */
function changedAttributes(before: DirectoryUserAttributes, after: DirectoryUserAttributes): readonly string[] {
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
  userName,
  externalId,
  active,
  displayName,
  name: { formatted, familyName, givenName },
  emails: emails.map(({ value, type, primary }) => ({ value, type, primary })),
});

const tombstoneOf = (user: DirectoryUser, now: Date): Write =>
  updateDirectoryUser({
    user: { ...user, ...nothingPersonal, deletedAt: now, changedAt: now, version: user.version + 1 },
    version: user.version,
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
    userId,
    userName,
    externalId,
    username,
    change,
    active,
    changed,
    ...(reuse && { predecessor: reuse.predecessor }),
  });
}
