import { directoryBounds, type DirectoryGroupAttributes, type MembershipChange } from '../../model/directory.js';
import { elements, membersOf, requireSchema, ScimInputError, requiredText, textOrNull, uris } from './scim-input.js';
import type { PatchOperation } from './user-attributes.js';

/** A group with its members' ids. */
interface GivenGroup extends DirectoryGroupAttributes {
  readonly members: readonly string[];
}

/** Reads the body of a POST or PUT. */
export function readGroup(body: unknown): GivenGroup {
  const members = membersOf(body, 'the body');
  requireSchema(members, uris.group);
  return {
    displayName: requiredText(members.get('displayname'), 'displayName'),
    externalId: textOrNull(members.get('externalid'), 'externalId'),
    members: memberIds(members.get('members')),
  };
}

/** A PATCH of a group. Attributes that are undefined stay. The changes of the members are applied in their order. */
interface GroupPatch {
  readonly displayName?: string;
  readonly externalId?: string | null;
  readonly members: readonly MembershipChange[];
}

/** The change that the operations make, without looking at the group: so nobody's concurrent change is lost. */
export function groupPatch(operations: readonly PatchOperation[]): GroupPatch {
  let patch: GroupPatch = { members: [] };
  let ids = 0;
  for (const operation of operations) {
    const before = patch.members.length;
    patch = withOperation(patch, operation);
    for (const change of patch.members.slice(before)) ids += change.ids.length;
    if (ids > directoryBounds.members)
      throw new ScimInputError('tooMany', `a PATCH changes at most ${String(directoryBounds.members)} members`);
  }
  return patch;
}

function withOperation(patch: GroupPatch, { kind, target, value }: PatchOperation): GroupPatch {
  if (target === null || target.path.attribute === '') {
    if (kind === 'remove' || (target !== null && target.path.schema !== uris.group.toLowerCase())) return patch;
    let changed = patch;
    for (const [attribute, own] of membersOf(value, 'value')) changed = withAttribute(changed, attribute, own, kind);
    return changed;
  }
  const { path, selected } = target;
  if (path.schema !== null) return patch;
  if (path.attribute === 'members') {
    if (path.sub !== null) throw new ScimInputError('invalidPath', 'a member is added and removed as a whole');
    if (selected !== null) return changing(patch, selectedMember(selected, kind, value));
  }
  return withAttribute(patch, path.attribute, value, kind);
}

function withAttribute(patch: GroupPatch, attribute: string, value: unknown, kind: PatchOperation['kind']): GroupPatch {
  switch (attribute) {
    case 'displayname':
      if (kind === 'remove') throw new ScimInputError('mutability', 'displayName is required and cannot be removed');
      return { ...patch, displayName: requiredText(value, 'displayName') };
    case 'externalid':
      return { ...patch, externalId: kind === 'remove' ? null : textOrNull(value, 'externalId') };
    case 'members': {
      if (kind !== 'remove') return changing(patch, { kind, ids: memberIds(value) });
      // Without a value it means all of them; Entra gives those that it means.
      const removed: MembershipChange =
        value === undefined || value === null
          ? { kind: 'replace', ids: [] }
          : { kind: 'remove', ids: memberIds(value) };
      return changing(patch, removed);
    }
    default:
      return patch;
  }
}

const changing = (patch: GroupPatch, change: MembershipChange): GroupPatch => ({
  ...patch,
  members: [...patch.members, change],
});

/** `members[value eq "…"]`: the one whom it names. */
function selectedMember(
  selected: readonly { readonly path: { readonly attribute: string }; readonly value: unknown }[],
  kind: PatchOperation['kind'],
  value: unknown,
): MembershipChange {
  const [condition, ...others] = selected;
  if (condition?.path.attribute !== 'value' || others.length > 0 || typeof condition.value !== 'string')
    throw new ScimInputError('invalidPath', 'members are selected by value');
  if (kind === 'remove') return { kind, ids: [condition.value] };
  return { kind: 'add', ids: value === undefined ? [condition.value] : memberIds(value) };
}

/** The ids of members; null and an empty list mean nobody. */
function memberIds(value: unknown): readonly string[] {
  return [
    ...new Set(
      elements(value, 'members', directoryBounds.members).map((one) =>
        typeof one === 'string'
          ? requiredText(one, 'members.value')
          : requiredText(membersOf(one, 'a member').get('value'), 'members.value'),
      ),
    ),
  ];
}
