import type { FastifyReply, FastifyRequest } from 'fastify';
import { type PatchOperation, patchUser, readPatch, readUser } from './user-attributes.js';
import {
  type Projection,
  entityTag,
  isShown,
  project,
  renderGroup,
  renderUser,
  resourceTypes,
  schemas,
  serviceProviderConfig,
} from './render.js';
import {
  type DirectoryGroup,
  type DirectoryRange,
  type DirectoryUser,
  directoryBounds,
} from '../../model/directory.js';
import type { DirectoryOutcome } from '../../model/outcome.js';
import { namesEntityTag } from '../../http/answers/responses.js';
import { authenticateCallers, callerOf, requireRoles } from '../../http/hooks/authentication.js';
import { answerOtherMethods, rememberPaths } from '../../http/hooks/errors.js';
import { jsonBodyParser, negotiate } from '../../http/hooks/request-input.js';
import { limitBodies } from '../../http/hooks/request-bodies.js';
import { ProblemError, problem } from '../../http/problems/problem.js';
import type { App } from '../../http/server/types.js';
import {
  type Base,
  type QuerySource,
  type WithId,
  answerErrorsAsScim,
  expectedVersion,
  filterOf,
  hidden,
  projectionOf,
  rangeOf,
  readSearch,
  send,
  sendDirectoryRefusal,
  sendList,
  sendScimError,
} from './messages.js';
import { readGroupFilter, readUserFilter } from './scim-input.js';
import { groupPatch, readGroup } from './group-attributes.js';
import type { BudgetUse } from '../../model/budget.js';
import type { Principal } from '../../model/principal.js';
import { changeGroup, createGroup, deleteGroup } from '../change-group.js';
import { changeUser, createUser, deleteUser, type ProvisioningContext } from '../change-user.js';
import { findGroup, findGroups, findMembers, findUser, findUsers } from '../read-directory.js';
import type { Context } from '../../context/context.js';
import type { HttpContext } from '../../http/server/http-context.js';

/** How people or groups are found, changed and shown. Throws what is wrong with a body. */
interface ResourceKind<Item> {
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
  /** The budgets of a call that changes a resource. */
  readonly budgetUse: BudgetUse;
}

/** The caller, and the resource to change, in this version; null: whichever there is. */
export type Target = readonly [caller: Principal, id: string, version: number | null];

interface FoundResources {
  readonly resources: readonly object[];
  /** The number of all that match. */
  readonly total: number;
}

const users = (context: ProvisioningContext): ResourceKind<DirectoryUser> => ({
  path: '/Users',
  async find(parameters, base, range = rangeOf(parameters)) {
    const filter = filterOf(parameters);
    const projection = projectionOf(parameters);
    const { items, total } = await findUsers(context, filter === undefined ? [] : readUserFilter(filter), range);
    return { resources: items.map((user) => project(renderUser(user, base), projection)), total };
  },
  read: (id) => findUser(context, id),
  create: (caller, body) => createUser(context, caller, readUser(body).attributes),
  replace(target, body) {
    const { attributes, tellsActive } = readUser(body);
    // A body that does not say whether the person is active brings nobody back.
    return changeUser(context, ...target, ({ active }) => (tellsActive ? attributes : { ...attributes, active }));
  },
  patch: (target, operations) => changeUser(context, ...target, (before) => patchUser(before, operations)),
  isShownAfterPatch: true,
  delete: (target) => deleteUser(context, ...target),
  render: (user, base, projection) => Promise.resolve(project(renderUser(user, base), projection)),
  // Each change may be how somebody leaves. So a connector that has spent its writes on joiners still tells of leavers.
  budgetUse: 'endingAccess',
});

/** Members in one answer. A list of groups ends its page before it has more; a group by itself has all. */
const membersOfPage = 20_000;
const membersOfGroup = 1_000_000;

const groups = (context: Context): ResourceKind<DirectoryGroup> => ({
  path: '/Groups',
  async find(parameters, base, range = rangeOf(parameters)) {
    const filter = filterOf(parameters);
    const projection = projectionOf(parameters);
    const { items, total } = await findGroups(context, filter === undefined ? [] : readGroupFilter(filter), range);
    const resources: object[] = [];
    let left = membersOfPage;
    for (const group of items) {
      const members = isShown(projection, 'members')
        ? await findMembers(context, group.id, resources.length === 0 ? membersOfGroup : left + 1)
        : null;
      if (members !== null && resources.length > 0 && members.length > left) break;
      left -= members?.length ?? 0;
      resources.push(project(renderGroup(group, members, base), projection));
    }
    return { resources, total };
  },
  read: (id) => findGroup(context, id),
  create(caller, body) {
    const { members, ...attributes } = readGroup(body);
    return createGroup(context, caller, attributes, members);
  },
  replace(target, body) {
    const { members, ...attributes } = readGroup(body);
    return changeGroup(context, ...target, { attributes, members: [{ kind: 'replace', ids: members }] });
  },
  patch(target, operations) {
    const { members, ...attributes } = groupPatch(operations);
    return changeGroup(context, ...target, { attributes, members });
  },
  // RFC 7644 3.5.2. A group may have ten thousand members.
  isShownAfterPatch: false,
  delete: (target) => deleteGroup(context, ...target),
  async render(group, base, projection) {
    const members = isShown(projection, 'members') ? await findMembers(context, group.id, membersOfGroup) : null;
    return project(renderGroup(group, members, base), projection);
  },
  budgetUse: 'writing',
});

/**
 * SCIM 2.0 (RFC 7643, RFC 7644) for an identity provider. It has its own form of errors and its own media type, so an
 * OpenAPI document of its own describes it.
 */
export function addScim(app: App, context: ProvisioningContext & HttpContext, failuresPerMinute: number): void {
  answerErrorsAsScim(app);
  authenticateCallers(app, context.authenticator, {
    failuresPerMinute,
    publicUrl: null,
    forDirectory: true,
    budgets: context.budgets,
  });
  requireRoles(app, 'provision-directory');
  readScim(app);
  app.addHook('onRequest', async (request) => {
    const accepted = negotiate(request.headers.accept, ['application/scim+json', 'application/json']);
    if (accepted === null)
      throw new ProblemError(problem('not-acceptable', 'this resource comes as application/scim+json'));
  });
  const paths = rememberPaths(app);
  const base: Base = (request) =>
    `${context.publicAddress?.url ?? `${request.protocol}://${request.host}`}${app.prefix}`;
  addResources(app, users(context), base);
  addResources(app, groups(context), base);
  addDiscovery(app, base);
  addSearch(app, context, base);
  answerOtherMethods(app, paths);
}

function readScim(app: App): void {
  app.removeAllContentTypeParsers();
  const parser = jsonBodyParser(app, directoryBounds.json);
  app.addContentTypeParser<Buffer>(['application/scim+json', 'application/json'], { parseAs: 'buffer' }, parser);
  limitBodies(app, directoryBounds.body);
}

const hiddenAnd = (budgetUse: BudgetUse) => ({ ...hidden, config: { budgetUse } });

/** RFC 7644 3.4.3 over people and groups together: all people come first. A filter must fit both. */
function addSearch(app: App, context: ProvisioningContext, base: Base): void {
  app.post('/.search', hiddenAnd('reading'), async (request, reply) => {
    const parameters = { query: readSearch(request.body) };
    const { startIndex, count } = rangeOf(parameters);
    const people = await users(context).find(parameters, base(request), { startIndex, count });
    const teams = await groups(context).find(parameters, base(request), {
      startIndex: Math.max(1, startIndex - people.total),
      count: count - people.resources.length,
    });
    return sendList(reply, [...people.resources, ...teams.resources], people.total + teams.total, startIndex);
  });
}

/** The routes of people or of groups (RFC 7644 3.2). */
function addResources<Item extends DirectoryUser | DirectoryGroup>(
  app: App,
  kind: ResourceKind<Item>,
  base: Base,
): void {
  const { path } = kind;
  const change = hiddenAnd(kind.budgetUse);
  const one = `${path}/:id`;

  const list = async (parameters: QuerySource, request: FastifyRequest, reply: FastifyReply) => {
    const { resources, total } = await kind.find(parameters, base(request));
    return sendList(reply, resources, total, rangeOf(parameters).startIndex);
  };
  const show = async (request: FastifyRequest, reply: FastifyReply, item: Item, status = 200) => {
    const resource = await kind.render(item, base(request), projectionOf(request));
    reply.header('etag', entityTag(item)).header('location', `${base(request)}${path}/${item.id}`);
    return send(reply, status, resource);
  };
  const answer = (request: FastifyRequest, reply: FastifyReply, outcome: DirectoryOutcome<Item>, status?: number) =>
    outcome.ok ? show(request, reply, outcome.value, status) : sendDirectoryRefusal(reply, outcome.refusal);
  const targetOf = async (request: FastifyRequest<WithId>): Promise<Target> => {
    const { id } = request.params;
    return [callerOf(request), id, await expectedVersion(request, () => kind.read(id))];
  };

  app.get(path, hidden, (request, reply) => list(request, request, reply));
  app.post(`${path}/.search`, hiddenAnd('reading'), (request, reply) =>
    list({ query: readSearch(request.body) }, request, reply),
  );

  app.post(path, hiddenAnd('writing'), async (request, reply) =>
    answer(request, reply, await kind.create(callerOf(request), request.body), 201),
  );

  app.get<WithId>(one, hidden, async (request, reply) => {
    const outcome = await kind.read(request.params.id);
    const tag = outcome.ok ? entityTag(outcome.value) : null;
    if (tag !== null && namesEntityTag(request.headers['if-none-match'], tag))
      return reply.code(304).header('etag', tag).send();
    return answer(request, reply, outcome);
  });

  app.put<WithId>(one, change, async (request, reply) =>
    answer(request, reply, await kind.replace(await targetOf(request), request.body)),
  );

  app.patch<WithId>(one, change, async (request, reply) => {
    const outcome = await kind.patch(await targetOf(request), readPatch(request.body));
    // RFC 7644 3.5.2: with a body where attributes are asked for.
    if (!outcome.ok || kind.isShownAfterPatch || projectionOf(request).only !== null)
      return answer(request, reply, outcome);
    return reply.code(204).header('etag', entityTag(outcome.value)).send();
  });

  app.delete<WithId>(one, change, async (request, reply) => {
    const outcome = await kind.delete(await targetOf(request));
    return outcome.ok ? reply.code(204).send() : sendDirectoryRefusal(reply, outcome.refusal);
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
