import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressKey } from '../server/connections.js';

/**
 * Lets a call wait until `over` is aborted. That happens if its client has gone, if the service closes, if too many
 * calls of its name wait, or if another caller needs its connection. Calls count by the exact name of the caller. A
 * call without a caller counts by its address.
 */
export async function whileWaiting<T>(
  { principal, raw, remoteAddress, server }: FastifyRequest,
  reply: FastifyReply,
  wait: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  reply.raw.once('close', () => over.abort());
  if (reply.raw.closed) over.abort();
  const name = principal?.name ?? `from ${addressKey(remoteAddress)}`;
  const leave = server.connections.wait(raw.socket, name, () => {
    reply.header('connection', 'close');
    over.abort();
  });
  return wait(over.signal).finally(leave);
}
