import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressKey } from '../server/connections.js';
import type { App } from '../server/types.js';
import { Waits } from '../server/waits.js';

/** Makes waits possible: a third of all connections may wait. */
export function countWaits(app: App, mostConnections: number): void {
  const waits = new Waits(Math.ceil(mostConnections / 3));
  app.decorate('waits', waits);
  app.addHook('preClose', (done) => {
    waits.endAll();
    done();
  });
}

/**
 * Lets a call wait until `over`: its client has gone, the service closes, more calls of its name wait than may, or
 * somebody else needs its connection. Calls count by the exact name of the caller, else by address.
 */
export async function whileWaiting<T>(
  { principal, raw, remoteAddress, server }: FastifyRequest,
  reply: FastifyReply,
  wait: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const name = principal?.name ?? `from ${addressKey(remoteAddress)}`;
  const end = () => over.abort();
  server.waits.join(name, end);
  reply.raw.once('close', end);
  server.connections.waits(raw.socket, () => {
    reply.header('connection', 'close');
    end();
  });
  try {
    return await wait(over.signal);
  } finally {
    server.connections.waits(raw.socket, null);
    server.waits.leave(name, end);
  }
}
