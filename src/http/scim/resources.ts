import type { FastifyReply, FastifyRequest } from 'fastify';
import { readPatch } from '../../directory/patch.js';
import { entityTag } from '../../directory/render.js';
import { readSearch } from '../../directory/search.js';
import type { DirectoryGroup, DirectoryOutcome, DirectoryUser } from '../../model/directory.js';
import { callerOf } from '../plugins/authentication.js';
import type { App } from '../types.js';
import { send, sendList } from './answers.js';
import { sendDirectoryRefusal } from './errors.js';
import {
  hidden,
  isKnown,
  projectionOf,
  rangeOf,
  versionOf,
  type Base,
  type QuerySource,
  type WithId,
} from './request.js';
import type { ResourceKind, Target } from './resource-kind.js';

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
    return [callerOf(request), id, await versionOf(request, () => kind.read(id))];
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
