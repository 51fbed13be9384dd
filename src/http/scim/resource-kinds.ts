import { readGroupFilter, readUserFilter } from '../../scim/scim-input.js';
import { groupPatch, readGroup } from '../../scim/group-attributes.js';
import { patchUser, type PatchOperation, readUser } from '../../scim/user-attributes.js';
import { isShown, project, renderGroup, renderUser, type Projection } from '../../scim/render.js';
import type { DirectoryGroup, DirectoryOutcome, DirectoryRange, DirectoryUser } from '../../model/directory.js';
import type { Principal } from '../../model/principal.js';
import type { ScimService } from '../../directory/directory-service.js';
import { filterOf, projectionOf, rangeOf, type QuerySource } from './request.js';

/** People or groups: how they are found, changed and shown. Bodies are read by it, and what is wrong with them is thrown. */
export interface ResourceKind<Item> {
  readonly path: '/Users' | '/Groups';
  /** The resources that the filter describes. Without `range`, the parameters say which part of them. */
  find(parameters: QuerySource, base: string, range?: DirectoryRange): Promise<FoundResources>;
  read(id: string): Promise<DirectoryOutcome<Item>>;
  create(caller: Principal, body: unknown): Promise<DirectoryOutcome<Item>>;
  replace(target: Target, body: unknown): Promise<DirectoryOutcome<Item>>;
  patch(target: Target, operations: readonly PatchOperation[]): Promise<DirectoryOutcome<Item>>;
  /** Whether a PATCH is answered with the resource although no attributes are asked for. */
  readonly isShownAfterPatch: boolean;
  delete(target: Target): Promise<DirectoryOutcome<null>>;
  render(item: Item, base: string, projection: Projection): Promise<object>;
}

/** The caller, and the resource to change, in this version; null: whichever there is. */
export type Target = readonly [caller: Principal, id: string, version: number | null];

export interface FoundResources {
  readonly resources: readonly object[];
  /** The number of all that match. */
  readonly total: number;
}

export const users = (scim: ScimService): ResourceKind<DirectoryUser> => ({
  path: '/Users',
  async find(parameters, base, range = rangeOf(parameters)) {
    const filter = filterOf(parameters);
    const projection = projectionOf(parameters);
    const { items, total } = await scim.users(filter === undefined ? [] : readUserFilter(filter), range);
    return { resources: items.map((user) => project(renderUser(user, base), projection)), total };
  },
  read: (id) => scim.user(id),
  create: (caller, body) => scim.createUser(caller, readUser(body).attributes),
  replace(target, body) {
    const { attributes, tellsActive } = readUser(body);
    // A body that does not say whether the person is active brings nobody back.
    return scim.changeUser(...target, ({ active }) => (tellsActive ? attributes : { ...attributes, active }));
  },
  patch: (target, operations) => scim.changeUser(...target, (before) => patchUser(before, operations)),
  isShownAfterPatch: true,
  delete: (target) => scim.deleteUser(...target),
  render: (user, base, projection) => Promise.resolve(project(renderUser(user, base), projection)),
});

/** Members in one answer. A list of groups ends its page before it has more; a group by itself has all. */
const membersOfPage = 20_000;
const membersOfGroup = 1_000_000;

export const groups = (scim: ScimService): ResourceKind<DirectoryGroup> => ({
  path: '/Groups',
  async find(parameters, base, range = rangeOf(parameters)) {
    const filter = filterOf(parameters);
    const projection = projectionOf(parameters);
    const { items, total } = await scim.groups(filter === undefined ? [] : readGroupFilter(filter), range);
    const resources: object[] = [];
    let left = membersOfPage;
    for (const group of items) {
      const members = isShown(projection, 'members')
        ? await scim.members(group.id, resources.length === 0 ? membersOfGroup : left + 1)
        : null;
      if (members !== null && resources.length > 0 && members.length > left) break;
      left -= members?.length ?? 0;
      resources.push(project(renderGroup(group, members, base), projection));
    }
    return { resources, total };
  },
  read: (id) => scim.group(id),
  create(caller, body) {
    const { members, ...attributes } = readGroup(body);
    return scim.createGroup(caller, attributes, members);
  },
  replace(target, body) {
    const { members, ...attributes } = readGroup(body);
    return scim.changeGroup(...target, { attributes, members: [{ kind: 'replace', ids: members }] });
  },
  patch(target, operations) {
    const { members, ...attributes } = groupPatch(operations);
    return scim.changeGroup(...target, { attributes, members });
  },
  // RFC 7644 3.5.2. A group may have ten thousand members.
  isShownAfterPatch: false,
  delete: (target) => scim.deleteGroup(...target),
  async render(group, base, projection) {
    const members = isShown(projection, 'members') ? await scim.members(group.id, membersOfGroup) : null;
    return project(renderGroup(group, members, base), projection);
  },
});
