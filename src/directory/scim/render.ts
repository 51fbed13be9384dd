import {
  directoryBounds,
  type DirectoryGroup,
  type DirectoryMember,
  type DirectoryUser,
} from '../../model/directory.js';
import { ScimInputError, uris } from './scim-input.js';

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

/** The attributes of an answer (RFC 7644 3.9), as `attributes` and `excludedAttributes` ask for them. */
export interface Projection {
  /** Names in lower case, without the name of a schema; null: all. */
  readonly only: ReadonlySet<string> | null;
  /** The attributes of which `only` names a part. */
  readonly inPart: ReadonlySet<string>;
  readonly without: ReadonlySet<string>;
}

/** Returned whatever is asked for: RFC 7643 3.1 and 3. */
const always = new Set(['id', 'schemas']);

export function readProjection(attributes: string | undefined, excluded: string | undefined): Projection {
  const only = attributes === undefined ? null : names(attributes);
  const inPart = [...(only ?? [])].filter((name) => name.includes('.')).map((name) => name.slice(0, name.indexOf('.')));
  return { only, inPart: new Set(inPart), without: names(excluded ?? '') };
}

function names(written: string): ReadonlySet<string> {
  const { names: most, text } = directoryBounds;
  const given = written.length > most * text ? null : written.split(',');
  if (given === null || given.length > most)
    throw new ScimInputError('invalidValue', `at most ${String(most)} attributes are named at once`);
  return new Set(
    given
      .map((name) => name.trim().toLowerCase())
      .map((name) => (name.startsWith('urn:') ? name.slice(name.lastIndexOf(':') + 1) : name))
      .filter((name) => name !== ''),
  );
}

/** Whether the answer has this attribute, or a part of it. */
export function isShown({ only, inPart, without }: Projection, attribute: string): boolean {
  const name = attribute.toLowerCase();
  if (always.has(name)) return true;
  if (without.has(name)) return false;
  return only === null || only.has(name) || inPart.has(name);
}

/** The resource with the attributes that are asked for. */
export function project(resource: object, projection: Projection): Record<string, unknown> {
  const shown = Object.entries(resource).filter(([name]) => isShown(projection, name));
  return Object.fromEntries(shown.map(([name, value]) => [name, partsOf(name, value as unknown, projection)]));
}

/** The parts of a complex attribute. */
function partsOf(attribute: string, value: unknown, projection: Projection): unknown {
  if (typeof value !== 'object' || value === null || always.has(attribute)) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => partsOf(attribute, one, projection));
  const { only, without } = projection;
  const name = attribute.toLowerCase();
  const whole = only === null || only.has(name);
  const parts = Object.entries(value).filter(([part]) => {
    const full = `${name}.${part.toLowerCase()}`;
    return !without.has(full) && (whole || only.has(full));
  });
  return Object.fromEntries(parts);
}

/** RFC 7643 5. */
export const serviceProviderConfig = (base: string): object => ({
  schemas: [uris.serviceProviderConfig],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: directoryBounds.page },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'API token',
      description: 'An API token with the role directory, as a bearer token.',
      specUri: 'https://www.rfc-editor.org/info/rfc6750',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
});

/** RFC 7643 6. */
export const resourceTypes = (base: string): readonly (object & { readonly id: string })[] => [
  resourceType(base, 'User', 'Users', 'People', uris.user),
  resourceType(base, 'Group', 'Groups', 'Groups of people', uris.group),
];

const resourceType = (base: string, name: string, endpoint: string, description: string, schema: string) => ({
  schemas: [uris.resourceType],
  id: name,
  name,
  endpoint: `/${endpoint}`,
  description,
  schema,
  meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
});

/** RFC 7643 7: an attribute that is a single optional text, but for what `more` says. */
const attribute = (name: string, description: string, more: object = {}): object => ({
  name,
  type: 'string',
  multiValued: false,
  description,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...more,
});

const externalId = attribute('externalId', 'The identity provider’s own identifier.', { caseExact: true });

/** RFC 7643 7: the attributes that are kept, and no others. */
export const schemas = (base: string): readonly (object & { readonly id: string })[] => [
  schema(base, uris.user, 'User', 'A person', [
    attribute('userName', 'The name by which the person signs in.', { required: true, uniqueness: 'server' }),
    attribute('name', 'The parts of the person’s name.', {
      type: 'complex',
      subAttributes: [
        attribute('formatted', 'The whole name.'),
        attribute('familyName', 'The family name.'),
        attribute('givenName', 'The given name.'),
      ],
    }),
    attribute('displayName', 'The name to show.'),
    attribute('active', 'False: the person has left and loses all access.', { type: 'boolean', required: true }),
    attribute('emails', 'Email addresses.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        attribute('value', 'The address.'),
        attribute('type', 'Such as work or home.'),
        attribute('primary', 'Whether it is the preferred one.', { type: 'boolean' }),
      ],
    }),
    externalId,
  ]),
  schema(base, uris.group, 'Group', 'A group of people', [
    attribute('displayName', 'The name of the group.', { required: true, uniqueness: 'server' }),
    attribute('members', 'The people in the group.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        attribute('value', 'The id of the user.', { caseExact: true, mutability: 'immutable' }),
        attribute('$ref', 'The address of the user.', {
          type: 'reference',
          referenceTypes: ['User'],
          caseExact: true,
          mutability: 'immutable',
        }),
      ],
    }),
    externalId,
  ]),
];

const schema = (base: string, id: string, name: string, description: string, attributes: readonly object[]) => ({
  schemas: [uris.schema],
  id,
  name,
  description,
  attributes,
  meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
});
