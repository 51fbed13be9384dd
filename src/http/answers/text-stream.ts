import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Sends texts as they come, each only when the caller has read those before it. `end` is called when the answer ends, for
 * whatever reason. HEAD gets the headers alone.
 */
export function sendTexts(
  reply: FastifyReply,
  contentType: string,
  texts: AsyncGenerator<string, void, void>,
  end: () => void,
): FastifyReply {
  const isHead = reply.request.method === 'HEAD';
  const stream = Readable.from(isHead ? [] : texts);
  stream.once('close', end);
  return reply.type(contentType).send(stream);
}
