import type { FastifyReply } from 'fastify';
import { uris } from '../../directory/schema-uris.js';
import { scimMediaType } from './errors.js';

export function send(reply: FastifyReply, status: number, resource: object): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').type(scimMediaType).send(JSON.stringify(resource));
}

export function sendList(
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
