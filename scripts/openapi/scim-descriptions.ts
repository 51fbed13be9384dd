import type { FastifySchema } from 'fastify';
import { Type, type TProperties, type TSchema } from 'typebox';
import { directoryBounds } from '../../src/model/directory.js';
import { scimPrefix } from '../../src/http/hooks/errors.js';
import { uris } from '../../src/directory/scim/scim-input.js';
import { empty, response } from '../../src/http/answers/responses.js';
import {
  idOf,
  instantTextOf,
  integerOf,
  named,
  namedObject,
  oneOf,
  ref,
  textOf,
} from '../../src/http/schemas/schema-parts.js';

const attribute = (description: string, example: string) =>
  textOf(description, example, { maxLength: directoryBounds.text });
const schemasOf = (uri: string) =>
  Type.Array(Type.String({ maxLength: 128 }), { maxItems: 8, description: `\`${uri}\`.`, examples: [[uri]] });
/** Providers send more attributes than are kept, and write the names of attributes in any case. */
const open = <Properties extends TProperties, Id extends string>(
  $id: Id,
  description: string,
  properties: Properties,
) => named($id, Type.Object(properties, { description }));

const userAttributes = {
  userName: attribute('Unique, whatever its case.', 'jane@corp.example'),
  externalId: Type.Optional(attribute('The identity provider’s own identifier.', '00u1a2b3c4')),
  active: Type.Boolean({ description: 'False: the person has left and loses all access.', examples: [true] }),
  displayName: Type.Optional(attribute('The name to show.', 'Jane Doe')),
  name: Type.Optional(
    Type.Object({
      formatted: Type.Optional(attribute('The whole name.', 'Jane Doe')),
      familyName: Type.Optional(attribute('The family name.', 'Doe')),
      givenName: Type.Optional(attribute('The given name.', 'Jane')),
    }),
  ),
  emails: Type.Optional(
    Type.Array(
      Type.Object({
        value: attribute('The address.', 'jane@corp.example'),
        type: Type.Optional(attribute('Such as `work`.', 'work')),
        primary: Type.Optional(Type.Boolean({ description: 'Whether it is the preferred one.', examples: [true] })),
      }),
      { maxItems: directoryBounds.emails, description: 'Email addresses.' },
    ),
  ),
};
const groupAttributes = {
  displayName: attribute('The name of the group, unique whatever its case.', 'payments'),
  externalId: Type.Optional(attribute('The identity provider’s own identifier.', '00g1a2b3c4')),
  members: Type.Optional(
    Type.Array(
      Type.Object({
        value: idOf('The `id` of a user.'),
      }),
      { maxItems: 1_000_000, description: 'The people in it. An answer also has `$ref`, the address of each.' },
    ),
  ),
};
const meta = Type.Object({
  resourceType: oneOf(['User', 'Group'], 'The kind of resource.'),
  created: instantTextOf('When the directory first told of it.'),
  lastModified: instantTextOf('When it last did.'),
  location: textOf('Its address.', 'https://kubepass.example/scim/v2/Users/01968c2e', { maxLength: 1024 }),
  version: textOf('Its entity tag.', 'W/"3"', { maxLength: 32 }),
});

/** The resources as they are sent and as they are answered. */
const resources = {
  User: {
    sent: open('ScimUserSpec', 'A person, as a provider tells of them. Attributes that are not kept are dropped.', {
      schemas: schemasOf(uris.user),
      ...{ ...userAttributes, active: Type.Optional(userAttributes.active) },
    }),
    answered: open('ScimUser', 'A person. `attributes` and `excludedAttributes` leave others out.', {
      ...{ schemas: schemasOf(uris.user), id: idOf('Identifies the person.') },
      ...Type.Partial(Type.Object({ ...userAttributes, meta })).properties,
    }),
    filters: '`userName`, `externalId`, `id`, `displayName`, `active`, `emails.value`, `emails[type eq "…"].value`',
    filter: 'userName eq "jane@corp.example"',
  },
  Group: {
    sent: open('ScimGroupSpec', 'A group, as a provider tells of it. Unknown members are left out.', {
      schemas: schemasOf(uris.group),
      ...groupAttributes,
    }),
    answered: open('ScimGroup', 'A group. `attributes` and `excludedAttributes` leave others out.', {
      ...{ schemas: schemasOf(uris.group), id: idOf('Identifies the group.') },
      ...Type.Partial(Type.Object({ ...groupAttributes, meta })).properties,
    }),
    filters: '`displayName`, `externalId`, `id`, `members.value`',
    filter: 'displayName eq "payments"',
  },
} as const;
type ResourceName = keyof typeof resources;

const PatchSchema = open('ScimPatch', 'Changes of a resource (RFC 7644 3.5.2).', {
  schemas: schemasOf(uris.patch),
  Operations: Type.Array(
    Type.Object({
      op: textOf('`add`, `replace` or `remove`, in any case.', 'replace', { maxLength: 16 }),
      path: Type.Optional(
        textOf('The attribute; without it `value` has attributes as members.', 'active', { maxLength: 2048 }),
      ),
      value: Type.Optional(Type.Unknown({ description: 'The value; `remove` needs none.', examples: [false] })),
    }),
    { minItems: 1, maxItems: directoryBounds.operations, description: 'Done together, or not at all.' },
  ),
});
const SearchSchema = open('ScimSearch', 'A query as a body (RFC 7644 3.4.3).', {
  schemas: schemasOf(uris.search),
  filter: Type.Optional(
    textOf('As in a query.', 'userName eq "jane@corp.example"', { maxLength: directoryBounds.filter }),
  ),
  startIndex: Type.Optional(integerOf('The first one, from 1.', 1, { minimum: 0 })),
  count: Type.Optional(integerOf('At most so many.', 100, { minimum: 0 })),
});
const ListSchema = open('ScimList', 'Resources that were found (RFC 7644 3.4.2).', {
  schemas: schemasOf(uris.list),
  totalResults: integerOf('How many there are.', 1, { minimum: 0 }),
  startIndex: integerOf('The place of the first one, from 1.', 1, { minimum: 1 }),
  itemsPerPage: integerOf('How many are here.', 1, { minimum: 0 }),
  Resources: Type.Array(Type.Object({}, { description: 'A resource of the list.' }), { maxItems: 1000 }),
});
const ResourceSchema = open('ScimDescription', 'A description of the service (RFC 7643 5 to 7).', {
  schemas: schemasOf(uris.schema),
});
const ErrorSchema = namedObject('ScimError', 'An error (RFC 7644 3.12).', {
  schemas: schemasOf(uris.error),
  status: textOf('The HTTP status.', '400', { maxLength: 3 }),
  scimType: Type.Optional(
    oneOf([
      'invalidFilter',
      'tooMany',
      'uniqueness',
      'mutability',
      'invalidSyntax',
      'invalidPath',
      'noTarget',
      'invalidValue',
    ]),
  ),
  detail: textOf('What is wrong, in words.', 'userName is required', { maxLength: 4096 }),
});

const scimJson = 'application/scim+json';
const answer = (
  schema: Parameters<typeof ref>[0],
  description: string,
  headers: Readonly<Record<string, string>> = {},
) => response({ [scimJson]: ref(schema) }, { description, headers });
const failed = answer(
  ErrorSchema,
  'Refused: 400, 401, 403, 404, 406, 409 `uniqueness`, 412, 413 `tooMany`, 415, 429, or 5xx.',
);
const tagged = { ETag: 'The version of the resource.', Location: 'Its address.' };

/** A route as the OpenAPI document of SCIM describes it. It reads its requests itself. */
function described(
  operationId: string,
  summary: string,
  {
    response: answers,
    description = summary,
    ...reads
  }: {
    readonly response: Readonly<Record<number, unknown>>;
    readonly description?: string;
    readonly params?: TSchema;
    readonly querystring?: TSchema;
    readonly headers?: TSchema;
    readonly body?: TSchema;
  },
): FastifySchema {
  const { body, ...parameters } = reads;
  return {
    operationId,
    summary,
    description,
    tags: ['scim'],
    security: [{ bearer: [] }],
    ...parameters,
    ...(body && { body: { content: { [scimJson]: { schema: body } } } }),
    response: { ...answers, default: failed },
  };
}

const projection = {
  attributes: Type.Optional(textOf('Only these attributes, separated by commas.', 'userName', { maxLength: 25_600 })),
  excludedAttributes: Type.Optional(textOf('Not these ones.', 'members', { maxLength: 25_600 })),
};
const params = Type.Object({ id: idOf('Identifies the resource.') });
const ifMatch = Type.Object({
  'If-Match': Type.Optional(textOf('Only if it has this version, else 412.', 'W/"3"', { maxLength: 1024 })),
});

/** The routes of people or of groups. */
function describedResources(name: ResourceName) {
  const { sent, answered, filters, filter } = resources[name];
  const one = { 200: answer(answered, `The ${name.toLowerCase()}.`, tagged) };
  const query = Type.Object(projection);
  const pages = `Filters are \`eq\`, joined by \`and\`, on ${filters}; others are 400 \`invalidFilter\`. There is no sorting.`;
  const list = Type.Object({
    filter: Type.Optional(textOf('Only resources that match.', filter, { maxLength: directoryBounds.filter })),
    startIndex: Type.Optional(integerOf('The first one, from 1.', 1, { minimum: 0 })),
    count: Type.Optional(
      integerOf(`At most so many; default ${directoryBounds.defaultPage}, at most ${directoryBounds.page}.`, 100, {
        minimum: 0,
      }),
    ),
    ...projection,
  });
  return {
    list: described(`list${name}s`, `List ${name.toLowerCase()}s`, {
      description: pages,
      querystring: list,
      response: { 200: answer(ListSchema, 'A page.') },
    }),
    search: described(`search${name}s`, `List ${name.toLowerCase()}s by a body`, {
      description: pages,
      body: ref(SearchSchema),
      response: { 200: answer(ListSchema, 'A page.') },
    }),
    create: described(`create${name}`, `Tell of a new ${name.toLowerCase()}`, {
      querystring: query,
      body: ref(sent),
      response: { 201: answer(answered, 'It is kept.', tagged) },
    }),
    read: described(`get${name}`, `Read a ${name.toLowerCase()}`, {
      params,
      querystring: query,
      response: { ...one, 304: empty('`If-None-Match` names its version.') },
    }),
    replace: described(`replace${name}`, `Replace a ${name.toLowerCase()}`, {
      params,
      querystring: query,
      headers: ifMatch,
      body: ref(sent),
      response: one,
    }),
    patch: described(`patch${name}`, `Change a ${name.toLowerCase()}`, {
      params,
      querystring: query,
      headers: ifMatch,
      body: ref(PatchSchema),
      response: { ...one, 204: empty('It is changed; a group is shown where `attributes` are asked for.') },
    }),
    delete: described(`delete${name}`, `Remove a ${name.toLowerCase()}`, {
      params,
      headers: ifMatch,
      response: { 204: empty('It is gone. A person loses all access.') },
    }),
  };
}

const describedSearch = described('search', 'List people and groups by a body', {
  description: 'All people come first. A filter must fit both.',
  body: ref(SearchSchema),
  response: { 200: answer(ListSchema, 'A page.') },
});
const describedDiscovery = (name: 'ServiceProviderConfig' | 'ResourceTypes' | 'Schemas') => ({
  all: described(`list${name}`, `Read ${name}`, {
    response: {
      200: answer(name === 'ServiceProviderConfig' ? ResourceSchema : ListSchema, 'What the service can do.'),
    },
  }),
  one: described(`get${name.slice(0, -1)}`, `Read one of ${name}`, {
    params,
    response: { 200: answer(ResourceSchema, 'The description.') },
  }),
});

function* descriptions(): Generator<readonly [string, FastifySchema]> {
  for (const name of ['User', 'Group'] as const) {
    const path = `/${name}s`;
    const { list, search, create, read, replace, patch, delete: remove } = describedResources(name);
    yield* [
      [`GET ${path}`, list],
      [`POST ${path}/.search`, search],
      [`POST ${path}`, create],
    ] as const;
    yield* [
      [`GET ${path}/:id`, read],
      [`PUT ${path}/:id`, replace],
    ] as const;
    yield* [
      [`PATCH ${path}/:id`, patch],
      [`DELETE ${path}/:id`, remove],
    ] as const;
  }
  yield ['POST /.search', describedSearch];
  for (const name of ['ServiceProviderConfig', 'ResourceTypes', 'Schemas'] as const) {
    const { all, one } = describedDiscovery(name);
    yield* [
      [`GET /${name}`, all],
      [`GET /${name}/:id`, one],
    ] as const;
  }
}

const byRoute = new Map(descriptions());

/** The description of a route of SCIM. Throws where it has none, so that no route is forgotten. */
export function scimDescription(method: string, url: string): FastifySchema {
  const found = byRoute.get(`${method} ${url.slice(scimPrefix.length)}`);
  if (found === undefined) throw new Error(`scripts/openapi/scim-descriptions.ts does not describe ${method} ${url}`);
  return found;
}
