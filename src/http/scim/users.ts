import { readUserFilter } from '../../directory/filter.js';
import { patchUser } from '../../directory/patch.js';
import { project } from '../../directory/projection.js';
import { renderUser } from '../../directory/render.js';
import { readUser } from '../../directory/user-attributes.js';
import type { DirectoryUser } from '../../model/directory.js';
import type { ScimService } from '../../issuance/directory/directory-service.js';
import { filterOf, projectionOf, rangeOf } from './request.js';
import type { ResourceKind } from './resource-kind.js';

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
