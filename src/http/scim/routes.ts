import type { FastifyReply, FastifyRequest } from 'fastify';
import { resourceTypes, schemas, serviceProviderConfig } from '../../directory/discovery.js';
import { readGroupFilter, readUserFilter } from '../../directory/filter.js';
import { groupPatch, readGroup } from '../../directory/group-attributes.js';
import { patchUser, readPatch } from '../../directory/patch.js';
import { includes, project, type Projection } from '../../directory/projection.js';
import { entityTag, renderGroup, renderUser } from '../../directory/render.js';
import { uris } from '../../directory/schema-uris.js';
import { readSearch } from '../../directory/search.js';
import { readUser, tellsActive } from '../../directory/user-attributes.js';
import { directoryBounds, type DirectoryGroup, type DirectoryUser } from '../../model/directory.js';
import type { Services } from '../../services/services.js';
import { authenticateCallers, callerOf } from '../plugins/authentication.js';
import { negotiate } from '../plugins/negotiation.js';
import { jsonBodyParser } from '../plugins/request-input.js';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';
import { answerErrorsAsScim, scimMediaType, sendDirectoryRefusal, sendScimError } from './errors.js';
import { filterOf, isKnown, projectionOf, rangeOf, versionOf, type QuerySource } from './request.js';

/** Members in one answer. A list of groups ends its page before it has more; a group by itself has all. */
const membersOfPage = 20_000;
const membersOfGroup = 1_000_000;

const hidden = { schema: { hide: true } } as const;
type WithId = { readonly Params: { readonly id: string } };

/**
 * SCIM 2.0 (RFC 7643, RFC 7644) for an identity provider. It has its own form of errors, its own media type and its own
 * description of itself, so the OpenAPI document leaves it out.
 */
export function addScim(app: App, services: Services, failuresPerMinute: number): void {
  answerErrorsAsScim(app);
  authenticateCallers(app, services.authenticator, {
    ...{ failuresPerMinute, browsers: null, publicUrl: null, forDirectory: true },
    budgets: services.budgets,
  });
  readScim(app);
  app.addHook('onRequest', async (request) => {
    const why = services.scim.whyNot(callerOf(request));
    if (why !== null) throw new ProblemError(problem('not-permitted', why));
    const accepted = negotiate(request.headers.accept, ['application/scim+json', 'application/json']);
    if (accepted === null)
      throw new ProblemError(problem('not-acceptable', 'this resource comes as application/scim+json'));
  });
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url.slice(app.prefix.length));
  });
  const base = (request: FastifyRequest) =>
    `${services.scim.address ?? `${request.protocol}://${request.host}`}${app.prefix}`;
  addUsers(app, services, base);
  addGroups(app, services, base);
  addDiscovery(app, base);
  addSearch(app, services, base);
  refuseOtherMethods(app, paths);
}

type Base = (request: FastifyRequest) => string;

function readScim(app: App): void {
  app.removeAllContentTypeParsers();
  const parser = jsonBodyParser(app);
  for (const type of ['application/scim+json', 'application/json'])
    app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer', bodyLimit: directoryBounds.body }, parser);
}

function send(reply: FastifyReply, status: number, resource: object): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').type(scimMediaType).send(JSON.stringify(resource));
}

function sendList(
  reply: FastifyReply,
  resources: readonly object[],
  totalResults: number,
  startIndex: number,
): FastifyReply {
  return send(reply, 200, {
    schemas: [uris.list],
    ...{ totalResults, startIndex, itemsPerPage: resources.length },
    Resources: resources,
  });
}

function addUsers(app: App, { scim }: Services, base: Base): void {
  const sendUser = (request: FastifyRequest, reply: FastifyReply, status: number, user: DirectoryUser) => {
    const resource = project(renderUser(user, base(request)), projectionOf(request));
    reply.header('etag', entityTag(user)).header('location', `${base(request)}/Users/${user.id}`);
    return send(reply, status, resource);
  };

  const list = async (parameters: QuerySource, request: FastifyRequest, reply: FastifyReply) => {
    const { resources, total } = await findUsers(scim, parameters, base(request));
    return sendList(reply, resources, total, rangeOf(parameters).startIndex);
  };
  app.get('/Users', hidden, (request, reply) => list(request, request, reply));
  app.post('/Users/.search', hidden, (request, reply) => list({ query: readSearch(request.body) }, request, reply));

  app.post('/Users', hidden, async (request, reply) => {
    const outcome = await scim.createUser(callerOf(request), readUser(request.body));
    return outcome.ok ? sendUser(request, reply, 201, outcome.value) : sendDirectoryRefusal(reply, outcome.refusal);
  });

  app.get<WithId>('/Users/:id', hidden, async (request, reply) => {
    const outcome = await scim.user(request.params.id);
    if (!outcome.ok) return sendDirectoryRefusal(reply, outcome.refusal);
    const tag = entityTag(outcome.value);
    if (isKnown(request, tag)) return reply.code(304).header('etag', tag).send();
    return sendUser(request, reply, 200, outcome.value);
  });

  const versionIn = (request: FastifyRequest<WithId>) => versionOf(request, () => scim.user(request.params.id));
  app.put<WithId>('/Users/:id', hidden, async (request, reply) => {
    const attributes = readUser(request.body);
    // A body that does not say whether the person is active brings nobody back.
    const outcome = await scim.changeUser(
      callerOf(request),
      request.params.id,
      await versionIn(request),
      ({ active }) => (tellsActive(request.body) ? attributes : { ...attributes, active }),
    );
    return outcome.ok ? sendUser(request, reply, 200, outcome.value) : sendDirectoryRefusal(reply, outcome.refusal);
  });

  app.patch<WithId>('/Users/:id', hidden, async (request, reply) => {
    const operations = readPatch(request.body);
    const outcome = await scim.changeUser(callerOf(request), request.params.id, await versionIn(request), (before) =>
      patchUser(before, operations),
    );
    return outcome.ok ? sendUser(request, reply, 200, outcome.value) : sendDirectoryRefusal(reply, outcome.refusal);
  });

  app.delete<WithId>('/Users/:id', hidden, async (request, reply) => {
    const outcome = await scim.deleteUser(callerOf(request), request.params.id, await versionIn(request));
    return outcome.ok ? reply.code(204).send() : sendDirectoryRefusal(reply, outcome.refusal);
  });
}

function addGroups(app: App, { scim }: Services, base: Base): void {
  const groupOf = async (request: FastifyRequest, group: DirectoryGroup, projection: Projection) => {
    const members = includes(projection, 'members') ? await scim.members(group.id, membersOfGroup) : null;
    return project(renderGroup(group, members, base(request)), projection);
  };
  const sendGroup = async (request: FastifyRequest, reply: FastifyReply, status: number, group: DirectoryGroup) => {
    const resource = await groupOf(request, group, projectionOf(request));
    reply.header('etag', entityTag(group)).header('location', `${base(request)}/Groups/${group.id}`);
    return send(reply, status, resource);
  };

  const list = async (parameters: QuerySource, request: FastifyRequest, reply: FastifyReply) => {
    const { resources, total } = await findGroups(scim, parameters, base(request));
    return sendList(reply, resources, total, rangeOf(parameters).startIndex);
  };
  app.get('/Groups', hidden, (request, reply) => list(request, request, reply));
  app.post('/Groups/.search', hidden, (request, reply) => list({ query: readSearch(request.body) }, request, reply));

  app.post('/Groups', hidden, async (request, reply) => {
    const { members, ...attributes } = readGroup(request.body);
    const outcome = await scim.createGroup(callerOf(request), attributes, members);
    return outcome.ok ? sendGroup(request, reply, 201, outcome.value) : sendDirectoryRefusal(reply, outcome.refusal);
  });

  app.get<WithId>('/Groups/:id', hidden, async (request, reply) => {
    const outcome = await scim.group(request.params.id);
    if (!outcome.ok) return sendDirectoryRefusal(reply, outcome.refusal);
    const tag = entityTag(outcome.value);
    if (isKnown(request, tag)) return reply.code(304).header('etag', tag).send();
    return sendGroup(request, reply, 200, outcome.value);
  });

  const versionIn = (request: FastifyRequest<WithId>) => versionOf(request, () => scim.group(request.params.id));
  app.put<WithId>('/Groups/:id', hidden, async (request, reply) => {
    const { members, ...attributes } = readGroup(request.body);
    const change = { attributes, members: [{ kind: 'replace', ids: members } as const] };
    const outcome = await scim.changeGroup(callerOf(request), request.params.id, await versionIn(request), change);
    return outcome.ok ? sendGroup(request, reply, 200, outcome.value) : sendDirectoryRefusal(reply, outcome.refusal);
  });

  app.patch<WithId>('/Groups/:id', hidden, async (request, reply) => {
    const { members, ...attributes } = groupPatch(readPatch(request.body));
    const change = { attributes, members };
    const outcome = await scim.changeGroup(callerOf(request), request.params.id, await versionIn(request), change);
    if (!outcome.ok) return sendDirectoryRefusal(reply, outcome.refusal);
    // RFC 7644 3.5.2: with a body where attributes are asked for. A group may have ten thousand members.
    if (projectionOf(request).only !== null) return sendGroup(request, reply, 200, outcome.value);
    return reply.code(204).header('etag', entityTag(outcome.value)).send();
  });

  app.delete<WithId>('/Groups/:id', hidden, async (request, reply) => {
    const outcome = await scim.deleteGroup(callerOf(request), request.params.id, await versionIn(request));
    return outcome.ok ? reply.code(204).send() : sendDirectoryRefusal(reply, outcome.refusal);
  });
}

interface Found {
  readonly resources: readonly object[];
  readonly total: number;
}

async function findUsers(
  scim: Services['scim'],
  parameters: QuerySource,
  base: string,
  range = rangeOf(parameters),
): Promise<Found> {
  const filter = filterOf(parameters);
  const projection = projectionOf(parameters);
  const { items, total } = await scim.users(filter === undefined ? [] : readUserFilter(filter), range);
  return { resources: items.map((user) => project(renderUser(user, base), projection)), total };
}

async function findGroups(
  scim: Services['scim'],
  parameters: QuerySource,
  base: string,
  range = rangeOf(parameters),
): Promise<Found> {
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
}

/** RFC 7644 3.4.3 over people and groups together: all people come first. A filter must fit both. */
function addSearch(app: App, { scim }: Services, base: Base): void {
  app.post('/.search', hidden, async (request, reply) => {
    const parameters = { query: readSearch(request.body) };
    const { startIndex, count } = rangeOf(parameters);
    const users = await findUsers(scim, parameters, base(request), { startIndex, count });
    const groups = await findGroups(scim, parameters, base(request), {
      startIndex: Math.max(1, startIndex - users.total),
      count: count - users.resources.length,
    });
    const resources = [...users.resources, ...groups.resources];
    return sendList(reply, resources, users.total + groups.total, startIndex);
  });
}

/** RFC 7644 4. A filter on them is refused there, and nothing else is. */
function addDiscovery(app: App, base: Base): void {
  app.get('/ServiceProviderConfig', hidden, (request, reply) => send(reply, 200, serviceProviderConfig(base(request))));
  for (const [path, all] of [
    ['/ResourceTypes', resourceTypes],
    ['/Schemas', schemas],
  ] as const) {
    app.get(path, hidden, (request, reply) => {
      if (filterOf(request) !== undefined) return sendScimError(reply, 403, 'this list cannot be filtered');
      const resources = all(base(request));
      return sendList(reply, resources, resources.length, 1);
    });
    app.get<WithId>(`${path}/:id`, hidden, (request, reply) => {
      const found = all(base(request)).find(({ id }) => id.toLowerCase() === request.params.id.toLowerCase());
      return found ? send(reply, 200, found) : sendScimError(reply, 404, 'there is no such resource');
    });
  }
}

/** RFC 9110 15.5.6, in the form of SCIM. */
function refuseOtherMethods(app: App, paths: ReadonlySet<string>): void {
  for (const url of [...paths]) {
    const taken = (method: string) => app.hasRoute({ method, url: `${app.prefix}${url}` });
    const allow = app.supportedMethods.filter(taken).sort().join(', ');
    app.route({
      method: app.supportedMethods.filter((method) => !taken(method)),
      url,
      ...hidden,
      config: { otherMethods: true },
      handler: (_request, reply) => sendScimError(reply.header('allow', allow), 405, `this resource takes ${allow}`),
    });
  }
}
