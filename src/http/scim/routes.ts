import type { FastifyReply, FastifyRequest } from 'fastify';
import { resourceTypes, schemas, serviceProviderConfig } from '../../scim/discovery.js';
import { readPatch } from '../../scim/user-attributes.js';
import { entityTag } from '../../scim/render.js';
import {
  directoryBounds,
  type DirectoryGroup,
  type DirectoryOutcome,
  type DirectoryUser,
} from '../../model/directory.js';
import type { Services } from '../server/services.js';
import { authenticateCallers, callerOf, requireRoles } from '../plugins/authentication.js';
import { negotiate } from '../plugins/negotiation.js';
import { jsonBodyParser } from '../plugins/request-input.js';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../server/types.js';
import { answerErrorsAsScim, send, sendDirectoryRefusal, sendList, sendScimError } from './answers.js';
import {
  filterOf,
  hidden,
  isKnown,
  projectionOf,
  rangeOf,
  readSearch,
  expectedVersion,
  type Base,
  type QuerySource,
  type WithId,
} from './request.js';
import { groups, users, type ResourceKind, type Target } from './resource-kinds.js';

/**
 * SCIM 2.0 (RFC 7643, RFC 7644) for an identity provider. It has its own form of errors, its own media type and its own
 * description of itself, so the OpenAPI document leaves it out.
 */
export function addScim(app: App, services: Services, failuresPerMinute: number): void {
  answerErrorsAsScim(app);
  authenticateCallers(app, services.authenticator, {
    failuresPerMinute,
    browsers: null,
    publicUrl: null,
    forDirectory: true,
    budgets: services.budgets,
  });
  requireRoles(app, 'provision-directory');
  readScim(app);
  app.addHook('onRequest', async (request) => {
    const accepted = negotiate(request.headers.accept, ['application/scim+json', 'application/json']);
    if (accepted === null)
      throw new ProblemError(problem('not-acceptable', 'this resource comes as application/scim+json'));
  });
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url.slice(app.prefix.length));
  });
  const base: Base = (request) => `${services.scim.address ?? `${request.protocol}://${request.host}`}${app.prefix}`;
  addResources(app, users(services.scim), base);
  addResources(app, groups(services.scim), base);
  addDiscovery(app, base);
  addSearch(app, services, base);
  refuseOtherMethods(app, paths);
}

function readScim(app: App): void {
  app.removeAllContentTypeParsers();
  const parser = jsonBodyParser(app, directoryBounds.json);
  for (const type of ['application/scim+json', 'application/json'])
    app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer', bodyLimit: directoryBounds.body }, parser);
}

/** RFC 7644 3.4.3 over people and groups together: all people come first. A filter must fit both. */
function addSearch(app: App, { scim }: Services, base: Base): void {
  app.post('/.search', hidden, async (request, reply) => {
    const parameters = { query: readSearch(request.body) };
    const { startIndex, count } = rangeOf(parameters);
    const people = await users(scim).find(parameters, base(request), { startIndex, count });
    const teams = await groups(scim).find(parameters, base(request), {
      startIndex: Math.max(1, startIndex - people.total),
      count: count - people.resources.length,
    });
    return sendList(reply, [...people.resources, ...teams.resources], people.total + teams.total, startIndex);
  });
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

/** The routes of people or of groups (RFC 7644 3.2). */
export function addResources<Item extends DirectoryUser | DirectoryGroup>(
  app: App,
  kind: ResourceKind<Item>,
  base: Base,
): void {
  const { path } = kind;
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
  app.post(`${path}/.search`, hidden, (request, reply) => list({ query: readSearch(request.body) }, request, reply));

  app.post(path, hidden, async (request, reply) =>
    answer(request, reply, await kind.create(callerOf(request), request.body), 201),
  );

  app.get<WithId>(one, hidden, async (request, reply) => {
    const outcome = await kind.read(request.params.id);
    const tag = outcome.ok ? entityTag(outcome.value) : null;
    if (tag !== null && isKnown(request, tag)) return reply.code(304).header('etag', tag).send();
    return answer(request, reply, outcome);
  });

  app.put<WithId>(one, hidden, async (request, reply) =>
    answer(request, reply, await kind.replace(await targetOf(request), request.body)),
  );

  app.patch<WithId>(one, hidden, async (request, reply) => {
    const outcome = await kind.patch(await targetOf(request), readPatch(request.body));
    // RFC 7644 3.5.2: with a body where attributes are asked for.
    if (!outcome.ok || kind.isShownAfterPatch || projectionOf(request).only !== null)
      return answer(request, reply, outcome);
    return reply.code(204).header('etag', entityTag(outcome.value)).send();
  });

  app.delete<WithId>(one, hidden, async (request, reply) => {
    const outcome = await kind.delete(await targetOf(request));
    return outcome.ok ? reply.code(204).send() : sendDirectoryRefusal(reply, outcome.refusal);
  });
}

/** RFC 7644 4. A filter on them is refused there, and nothing else is. */
export function addDiscovery(app: App, base: Base): void {
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
