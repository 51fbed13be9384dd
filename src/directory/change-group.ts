import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import type {
  DirectoryGroup,
  DirectoryGroupAttributes,
  DirectoryPerson,
  MembershipChange,
} from '../model/directory.js';
import { done, refuseChange, type DirectoryOutcome } from '../model/outcome.js';
import { newId } from '../model/new-id.js';
import type { Principal } from '../model/principal.js';
import type { CommitResult, Step, Write } from '../store/steps/step.js';
import {
  changeDirectoryMembers,
  deleteDirectoryGroup,
  insertDirectoryGroup,
  loseDirectoryGroup,
  updateDirectoryGroup,
} from '../store/tables/directory-statements.js';
import type { Context } from '../context/context.js';
import { afterLosing, firstLosers, losingStep, togetherAtMost } from './lose-groups.js';

/** A change of a group that is there. Attributes that are left out stay. */
export interface GroupChange {
  readonly attributes: Partial<DirectoryGroupAttributes>;
  /** Applied in their order. */
  readonly members: readonly MembershipChange[];
}

export async function createGroup(
  context: Context,
  { name: actor }: Principal,
  attributes: DirectoryGroupAttributes,
  members: readonly string[],
): Promise<DirectoryOutcome<DirectoryGroup>> {
  const { store, clock, random } = context;
  const now = clock();
  const { displayName, externalId } = attributes;
  const group = { id: newId(now, random), displayName, externalId, version: 1, createdAt: now, changedAt: now };
  const added = await store.directory.peopleAmong(members, null);
  const result = await store.writer.commit({
    operations: [
      insertDirectoryGroup(group),
      changeDirectoryMembers({ id: group.id, change: { kind: 'add', ids: members }, by: actor }),
    ],
    events: [groupEvent('Created', group, actor, now), ...membershipEvents(group, actor, now, { added, removed: [] })],
  });
  return result.committed ? done(group) : refusalOf(result);
}

/** How often a replacement of all members is tried as the difference that it makes. */
const mostDifferences = 5;

/**
 * Changes a group and who is in it. The members are changed by the writer, one by one, so no concurrent change is lost;
 * the events tell of those who were there when it began.
 *
 * A replacement of all members mostly means a few of them, so the writer is given the difference, for the version from
 * which it was taken. Where others change the group all the time, it is given all members in the end.
 */
export async function changeGroup(
  context: Context,
  { name: actor }: Principal,
  id: string,
  version: number | null,
  change: GroupChange,
): Promise<DirectoryOutcome<DirectoryGroup>> {
  for (let tried = 0; ; tried++) {
    const outcome = await tryChange(context, actor, id, change, version, tried < mostDifferences);
    if (outcome !== 'again') return outcome;
  }
}

async function tryChange(
  context: Context,
  actor: string,
  id: string,
  { attributes, members }: GroupChange,
  version: number | null,
  byDifference: boolean,
): Promise<DirectoryOutcome<DirectoryGroup> | 'again'> {
  const { store, clock } = context;
  const group = await store.directory.group(id);
  if (group === null) return refuseChange({ why: 'not-found' });
  if (version !== null && group.version !== version) return refuseChange({ why: 'other-version' });
  const now = clock();
  const changed = differing(group, attributes);
  const isChanged = Object.keys(changed).length > 0;
  const diff = await differenceOf(context, id, members);
  const isDifference = byDifference && members.some(({ kind }) => kind === 'replace');
  const isMoved = diff.added.length > 0 || diff.removed.length > 0;
  // A member that is in already, or a stranger, is no change: the version stays (RFC 7644 3.5.2.1).
  if (!isChanged && !isMoved) return done(group);
  const changes = isDifference ? changesOf(diff) : members;
  const after: DirectoryGroup = { ...group, ...changed };
  const renames = isChanged && context.directory.groupsBy in changed;
  // A group that gets another name is another one for everybody in it.
  const losing = renames ? [...diff.removed, ...(await store.directory.peopleIn(id, togetherAtMost))] : diff.removed;
  const losers = firstLosers(losing);
  const revoking = await losingStep(context, actor, losers, renames ? after : null, group, now);
  const expected = isDifference ? group.version : version;
  const operations: readonly Write[] = [
    ...(renames ? [loseDirectoryGroup({ id, by: actor })] : []),
    updateDirectoryGroup({ id, version: expected, attributes: changed, at: now }),
    ...changes.map((each) => changeDirectoryMembers({ id, change: each, by: actor })),
  ];
  const events = [
    ...(isChanged ? [groupEvent('Changed', after, actor, now)] : []),
    ...membershipEvents(after, actor, now, diff),
  ];
  const result = await commitRevoking(context, { operations, events }, revoking);
  if (!result.committed && isDifference && version === null && result.conflict.kind === 'directoryGroup')
    return 'again';
  if (!result.committed) return refusalOf(result, version);
  await afterLosing(context, actor, losers);
  return done((await store.directory.group(id)) ?? after);
}

/** Where somebody revoked one of the certificates meanwhile, they are revoked behind the commit. */
async function commitRevoking({ store }: Context, change: Step, revoking: Step): Promise<CommitResult> {
  const result = await store.writer.commit({
    operations: [...change.operations, ...revoking.operations],
    events: [...change.events, ...revoking.events],
  });
  return result.committed || result.conflict.kind !== 'revocation' ? result : store.writer.commit(change);
}

const everybody = 1_000_000;

export async function deleteGroup(
  context: Context,
  { name: actor }: Principal,
  id: string,
  version: number | null,
): Promise<DirectoryOutcome<null>> {
  const { store, clock } = context;
  const group = await store.directory.group(id);
  if (group === null) return refuseChange({ why: 'not-found' });
  if (version !== null && group.version !== version) return refuseChange({ why: 'other-version' });
  const now = clock();
  const removed = await store.directory.peopleIn(id, everybody);
  const losers = firstLosers(removed);
  const revoking = await losingStep(context, actor, losers, null, group, now);
  const operations = [deleteDirectoryGroup({ id, version, by: actor })];
  const events = [
    groupEvent('Deleted', group, actor, now),
    ...membershipEvents(group, actor, now, { added: [], removed }),
  ];
  const result = await commitRevoking(context, { operations, events }, revoking);
  if (!result.committed) return refusalOf(result, version);
  await afterLosing(context, actor, losers);
  return done(null);
}

function differing(
  group: DirectoryGroup,
  { displayName, externalId }: Partial<DirectoryGroupAttributes>,
): Partial<DirectoryGroupAttributes> {
  return {
    ...(displayName !== undefined && displayName !== group.displayName && { displayName }),
    ...(externalId !== undefined && externalId !== group.externalId && { externalId }),
  };
}

interface Difference {
  readonly added: readonly DirectoryPerson[];
  readonly removed: readonly DirectoryPerson[];
  /** Nobody who was in the group stays. */
  readonly everybodyGoes: boolean;
}

/** The changes that make a difference. */
function changesOf({ added, removed, everybodyGoes }: Difference): readonly MembershipChange[] {
  const goes: MembershipChange = everybodyGoes
    ? { kind: 'replace', ids: [] }
    : { kind: 'remove', ids: removed.map(({ id }) => id) };
  return [
    ...(removed.length > 0 ? [goes] : []),
    ...(added.length > 0 ? [{ kind: 'add', ids: added.map(({ id }) => id) } as const] : []),
  ];
}

/** The people who come and go, as far as they can be known before the commit. */
async function differenceOf(
  { store: { directory } }: Context,
  id: string,
  changes: readonly MembershipChange[],
): Promise<Difference> {
  if (changes.length === 0) return { added: [], removed: [], everybodyGoes: false };
  // The last change of somebody counts, and nobody is in the group any more behind a replacement.
  const replaces = changes.some(({ kind }) => kind === 'replace');
  const end = new Map<string, boolean>();
  for (const { kind, ids } of changes) {
    if (kind === 'replace') end.clear();
    for (const one of ids) end.set(one, kind !== 'remove');
  }
  const given = [...end.keys()];
  if (replaces && given.length === 0)
    return { added: [], removed: await directory.peopleIn(id, everybody), everybodyGoes: true };
  const before = new Set(
    (replaces ? await directory.members(id, everybody) : await directory.peopleAmong(given, id)).map((one) => one.id),
  );
  const added = given.filter((one) => end.get(one) === true && !before.has(one));
  const removed = replaces
    ? [...before].filter((one) => end.get(one) !== true)
    : given.filter((one) => end.get(one) === false && before.has(one));
  const people = new Map((await directory.peopleAmong([...added, ...removed], null)).map((one) => [one.id, one]));
  const named = (ids: readonly string[]) => ids.flatMap((one) => people.get(one) ?? []);
  const everybodyGoes = replaces && removed.length === before.size;
  return { added: named(added), removed: named(removed), everybodyGoes };
}

function refusalOf(
  result: CommitResult & { readonly committed: false },
  version: number | null = null,
): DirectoryOutcome<never> {
  switch (result.conflict.kind) {
    case 'directoryName':
      return refuseChange({ why: 'name-taken', message: 'another group has this displayName' });
    case 'directoryGroup':
      return refuseChange(version === null ? { why: 'not-found' } : { why: 'other-version' });
    default:
      throw new Error(`a group could not be changed: ${JSON.stringify(result.conflict)}`);
  }
}

const groupEvent = (
  change: 'Created' | 'Changed' | 'Deleted',
  { id: groupId, displayName, externalId }: DirectoryGroup,
  actor: string,
  now: Date,
): AuditEventDraft => auditEvent('DirectoryGroupChanged', now, actor, { groupId, displayName, externalId, change });

/** An event names at most so many people; more of them make more events. */
const namedAtMost = 100;

function membershipEvents(
  { id: groupId, displayName, externalId }: DirectoryGroup,
  actor: string,
  now: Date,
  { added, removed }: Pick<Difference, 'added' | 'removed'>,
): readonly AuditEventDraft[] {
  const about = { groupId, displayName, externalId };
  const events: AuditEventDraft[] = [];
  for (let begin = 0; begin < Math.max(added.length, removed.length); begin += namedAtMost) {
    const part = (users: readonly DirectoryPerson[]) =>
      users.slice(begin, begin + namedAtMost).map(({ userName }) => userName);
    events.push(
      auditEvent('DirectoryMembershipChanged', now, actor, { ...about, added: part(added), removed: part(removed) }),
    );
  }
  return events;
}
