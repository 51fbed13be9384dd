import { readGroupFilter } from '../../directory/filter.js';
import { groupPatch, readGroup } from '../../directory/group-attributes.js';
import { includes, project } from '../../directory/projection.js';
import { renderGroup } from '../../directory/render.js';
import type { DirectoryGroup } from '../../model/directory.js';
import type { ScimService } from '../../issuance/directory/directory-service.js';
import { filterOf, projectionOf, rangeOf } from './request.js';
import type { ResourceKind } from './resource-kind.js';

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
      const members = includes(projection, 'members')
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
    const members = includes(projection, 'members') ? await scim.members(group.id, membersOfGroup) : null;
    return project(renderGroup(group, members, base), projection);
  },
});
