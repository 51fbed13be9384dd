import { directoryBounds } from '../model/directory.js';
import { uris } from './scim-input.js';

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

interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'complex' | 'reference';
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readWrite' | 'readOnly' | 'immutable';
  readonly returned: 'default' | 'always';
  readonly uniqueness: 'none' | 'server';
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly Attribute[];
}

const attribute = (name: string, description: string, more: Partial<Attribute> = {}): Attribute => ({
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

const schema = (base: string, id: string, name: string, description: string, attributes: readonly Attribute[]) => ({
  schemas: [uris.schema],
  id,
  name,
  description,
  attributes,
  meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
});
