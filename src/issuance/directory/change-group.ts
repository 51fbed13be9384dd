import { auditEvent, type AuditEventDraft } from '../../model/audit-event.js';
import type {
  DirectoryGroup,
  DirectoryGroupAttributes,
  DirectoryOutcome,
  DirectoryUser,
  MembershipChange,
} from '../../model/directory.js';
import { newId } from '../../model/new-id.js';
import type { CommitResult, Operation } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';
import { refuse } from './change-user.js';
import { afterLosing, losingStep } from './lose-groups.js';

/** A change of a group that is there. Attributes that are left out stay. */
export interface GroupChange {
  readonly attributes: Partial<DirectoryGroupAttributes>;
  /** Applied in their order. */
  readonly members: readonly MembershipChange[];
}

export async function createGroup(
  context: IssuanceContext,
  actor: string,
  attributes: DirectoryGroupAttributes,
  members: readonly string[],
): Promise<DirectoryOutcome<DirectoryGroup>> {
  const { store, clock, random } = context;
  const now = clock();
  const { displayName, externalId } = attributes;
  const group = { id: newId(now, random), displayName, externalId, version: 1, createdAt: now, changedAt: now };
  const added = await store.directory.usersAmong(members);
  const result = await store.writer.commit({
    operations: [
      { op: 'insertDirectoryGroup', group },
      { op: 'changeDirectoryMembers', id: group.id, change: { kind: 'add', ids: members }, by: actor },
    ],
    events: [groupEvent('Created', group, actor, now), ...membershipEvents(group, actor, now, { added, removed: [] })],
  });
  return result.committed ? { ok: true, value: group } : refusalOf(result);
}

/**
 * Changes a group and who is in it. The members are changed by the writer, one by one, so no concurrent change is lost; the
 * events tell of those who were there when it began.
 */
export async function changeGroup(
  context: IssuanceContext,
  actor: string,
  id: string,
  { attributes, members }: GroupChange,
  version: number | null,
): Promise<DirectoryOutcome<DirectoryGroup>> {
  const { store, clock } = context;
  const group = await store.directory.group(id);
  if (group === null) return refuse({ why: 'not-found' });
  if (version !== null && group.version !== version) return refuse({ why: 'other-version' });
  const now = clock();
  const changed = differing(group, attributes);
  const isChanged = Object.keys(changed).length > 0;
  const diff = await differenceOf(context, id, members);
  const after: DirectoryGroup = { ...group, ...changed };
  const renames = isChanged && context.directory.groupsBy in changed;
  const losers = renames ? await store.directory.memberUsers(id) : diff.removed;
  const losing = await losingStep(context, actor, losers, renames ? after : null, group, now);
  const operations: readonly Operation[] = [
    ...(renames ? [{ op: 'loseDirectoryGroup', id, by: actor } as const] : []),
    ...(isChanged || members.length > 0
      ? [{ op: 'updateDirectoryGroup', id, version, attributes: changed, at: now } as const]
      : []),
    ...members.map((change) => ({ op: 'changeDirectoryMembers', id, change, by: actor }) as const),
  ];
  if (operations.length === 0) return { ok: true, value: group };
  const events = [
    ...(isChanged ? [groupEvent('Changed', after, actor, now)] : []),
    ...membershipEvents(after, actor, now, diff),
  ];
  let result = await store.writer.commit({
    operations: [...operations, ...losing.operations],
    events: [...events, ...losing.events],
  });
  // Somebody revoked one of the certificates meanwhile: they are revoked behind the commit.
  if (!result.committed && result.conflict.kind === 'revocation')
    result = await store.writer.commit({ operations, events });
  if (!result.committed) return refusalOf(result, version);
  await afterLosing(context, actor, losers);
  return { ok: true, value: (await store.directory.group(id)) ?? after };
}

export async function deleteGroup(
  context: IssuanceContext,
  actor: string,
  id: string,
  version: number | null,
): Promise<DirectoryOutcome<null>> {
  const { store, clock } = context;
  const group = await store.directory.group(id);
  if (group === null) return refuse({ why: 'not-found' });
  if (version !== null && group.version !== version) return refuse({ why: 'other-version' });
  const now = clock();
  const removed = await store.directory.memberUsers(id);
  const losing = await losingStep(context, actor, removed, null, group, now);
  const operations = [{ op: 'deleteDirectoryGroup', id, by: actor } as const];
  const events = [
    groupEvent('Deleted', group, actor, now),
    ...membershipEvents(group, actor, now, { added: [], removed }),
  ];
  let result = await store.writer.commit({
    operations: [...operations, ...losing.operations],
    events: [...events, ...losing.events],
  });
  if (!result.committed && result.conflict.kind === 'revocation')
    result = await store.writer.commit({ operations, events });
  if (!result.committed) return refusalOf(result);
  await afterLosing(context, actor, removed);
  return { ok: true, value: null };
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
  readonly added: readonly DirectoryUser[];
  readonly removed: readonly DirectoryUser[];
}

/** The people who come and go, as far as they can be known before the commit. */
async function differenceOf(
  { store: { directory } }: IssuanceContext,
  id: string,
  changes: readonly MembershipChange[],
): Promise<Difference> {
  if (changes.length === 0) return { added: [], removed: [] };
  const given = [...new Set(changes.flatMap(({ ids }) => ids))];
  const replaces = changes.some(({ kind }) => kind === 'replace');
  const [known, members] = await Promise.all([
    directory.usersAmong(given),
    replaces ? directory.memberUsers(id) : directory.membersAmong(id, given),
  ]);
  const before = new Map(members.map((user) => [user.id, user]));
  const users = new Map([...known, ...members].map((user) => [user.id, user]));
  const after = new Set(before.keys());
  for (const { kind, ids } of changes) {
    if (kind === 'replace') after.clear();
    for (const one of ids)
      if (kind === 'remove') after.delete(one);
      else if (users.has(one)) after.add(one);
  }
  const userOf = (one: string) => users.get(one) ?? [];
  return {
    added: [...after].filter((one) => !before.has(one)).flatMap(userOf),
    removed: [...before.keys()].filter((one) => !after.has(one)).flatMap(userOf),
  };
}

function refusalOf(
  result: CommitResult & { readonly committed: false },
  version: number | null = null,
): DirectoryOutcome<never> {
  switch (result.conflict.kind) {
    case 'directoryName':
      return refuse({ why: 'name-taken', message: 'another group has this displayName' });
    case 'directoryGroup':
      return refuse(version === null ? { why: 'not-found' } : { why: 'other-version' });
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
  { added, removed }: Difference,
): readonly AuditEventDraft[] {
  const about = { groupId, displayName, externalId };
  const events: AuditEventDraft[] = [];
  for (let begin = 0; begin < Math.max(added.length, removed.length); begin += namedAtMost) {
    const part = (users: readonly DirectoryUser[]) =>
      users.slice(begin, begin + namedAtMost).map(({ userName }) => userName);
    events.push(
      auditEvent('DirectoryMembershipChanged', now, actor, { ...about, added: part(added), removed: part(removed) }),
    );
  }
  return events;
}
