import type { DirectoryGroup, DirectoryMember, DirectoryUser } from '../model/directory.js';
import { uris } from './schema-uris.js';

/** `base`: the address of `/scim/v2`, without a slash at its end. */
export function renderUser(user: DirectoryUser, base: string): object {
  const { id, externalId, userName, displayName, active, emails } = user;
  const name = withoutNull(user.name);
  return {
    schemas: [uris.user],
    id,
    ...withoutNull({ externalId }),
    userName,
    ...(Object.keys(name).length > 0 && { name }),
    ...withoutNull({ displayName }),
    active,
    ...(emails.length > 0 && {
      emails: emails.map(({ value, type, primary }) => ({ value, ...withoutNull({ type }), primary })),
    }),
    meta: metaOf('User', user, `${base}/Users/${id}`),
  };
}

/** `members` null: they are not asked for. */
export function renderGroup(group: DirectoryGroup, members: readonly DirectoryMember[] | null, base: string): object {
  const { id, externalId, displayName } = group;
  return {
    schemas: [uris.group],
    id,
    ...withoutNull({ externalId }),
    displayName,
    ...(members &&
      members.length > 0 && {
        members: members.map((member) => ({
          value: member.id,
          $ref: `${base}/Users/${member.id}`,
        })),
      }),
    meta: metaOf('Group', group, `${base}/Groups/${id}`),
  };
}

/** RFC 7644 3.14: a weak entity tag. */
export const entityTag = ({ version }: { readonly version: number }): string => `W/"${String(version)}"`;

function metaOf(
  resourceType: 'User' | 'Group',
  resource: Pick<DirectoryUser, 'createdAt' | 'changedAt' | 'version'>,
  location: string,
): object {
  return {
    resourceType,
    created: resource.createdAt.toISOString(),
    lastModified: resource.changedAt.toISOString(),
    location,
    version: entityTag(resource),
  };
}

const withoutNull = (members: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
