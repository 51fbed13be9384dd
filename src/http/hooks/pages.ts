import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../config/loopback.js';
import type { Browsers } from '../../model/session.js';

/**
 * The origin of the pages whose sessions count for this call; null: no session counts, because others may read on the
 * way. Over TLS it is that of the configuration, else the one that the call was sent to. Over plain HTTP both ends of
 * the connection are this machine, and so is the host that the browser was sent to: a page of another name that leads
 * here (DNS rebinding) is none of ours. Nor has a proxy passed the call on, trusted or not, for somebody else: it may
 * well stand on this machine and send its own name for us.
 */
export function originOfPages(request: FastifyRequest, { isTls, origin }: Browsers): string | null {
  const { host = '', forwarded, 'x-forwarded-for': told } = request.headers;
  if (isTls) return origin ?? `https://${host}`;
  const { localAddress, remoteAddress } = request.raw.socket;
  const ends = [localAddress, remoteAddress, request.remoteAddress, ...(told?.toString().split(',') ?? [])];
  const isHere = forwarded === undefined && ends.every((end = '') => isLoopback(end.trim().replace(/^::ffff:/, '')));
  return isHere && isLoopback(host.replace(/:\d{1,5}$/, '').toLowerCase()) ? `http://${host.toLowerCase()}` : null;
}
