import type { FastifyRequest } from 'fastify';
import type { Credential } from '../../model/authentication.js';
import { peerCertificateOf } from '../server/peer-certificate.js';
import { cookieOf, sessionCookie } from './session-cookies.js';

/** RFC 6750 section 2.1: `b64token`. Node's limit of 16 KiB for all headers stands behind it. */
const bearer = /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/**
 * The caller’s credential; null where there is none. A bearer token counts before the others, because it is the one that
 * somebody put into this request. A session counts where browsers reach the service over TLS: a cookie that comes over
 * anything else has been seen by others.
 */
export function credentialOf(request: FastifyRequest, takesSessions: boolean): Credential | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = bearer.exec(authorization)?.[1];
    return token === undefined ? { kind: 'unreadable' } : { kind: 'bearer', token };
  }
  const secret = takesSessions ? cookieOf(request, sessionCookie) : undefined;
  if (secret !== undefined) return { kind: 'session', secret };
  return clientCertificateOf(request);
}

/** The client certificate of the connection; null where its listener asks for none, or the client has sent none. */
function clientCertificateOf({ raw: { socket } }: FastifyRequest): Credential | null {
  const peer = peerCertificateOf(socket);
  if (peer === null) return null;
  const { der, untrusted } = peer;
  return untrusted === null ? { kind: 'client-certificate', der } : { kind: 'untrusted-certificate', why: untrusted };
}
