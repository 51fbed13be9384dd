import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
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
export function credentialOf(
  request: FastifyRequest,
  takesSessions: boolean,
  publicUrl: string | null = null,
): Credential | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    if (request.route.config.takesKeyProofs && /^KubepassProof(?: |$)/i.test(authorization))
      return keyProofOf(request, authorization, publicUrl);
    const token = bearer.exec(authorization)?.[1];
    return token === undefined ? { kind: 'unreadable' } : { kind: 'bearer', token };
  }
  const secret = takesSessions ? cookieOf(request, sessionCookie) : undefined;
  if (secret !== undefined) return { kind: 'session', secret };
  return clientCertificateOf(request);
}

/** The header is there once, with one space. Node joins several with commas. */
function keyProofOf(request: FastifyRequest, authorization: string, publicUrl: string | null): Credential {
  const text = /^KubepassProof ([A-Za-z0-9_-]{1,4096}\.[A-Za-z0-9_-]{1,4096}\.[A-Za-z0-9_-]{1,1024})$/.exec(
    authorization,
  )?.[1];
  const { url = '', method = '', socket } = request.raw;
  if (text === undefined) return { kind: 'unreadable' };
  const { fingerprintSha256 = '' } = request.params as Readonly<Record<string, string>>;
  const address = publicUrl ?? listeningAddress(socket);
  return { kind: 'key-proof', presented: { text, method, path: url, fingerprintSha256, address } };
}

/** The URL of the end of the connection that is ours: where the service listens. */
export function listeningAddress(socket: Socket): string {
  const { localAddress = '127.0.0.1', localPort = 0 } = socket;
  // RFC 4291 section 2.5.5.2: IPv4 on a listener for both.
  const address = localAddress.replace(/^::ffff:(?=[0-9.]+$)/, '');
  return `${socket instanceof TLSSocket ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}

/** The client certificate of the connection; null where its listener asks for none, or the client has sent none. */
function clientCertificateOf({ raw: { socket } }: FastifyRequest): Credential | null {
  const peer = peerCertificateOf(socket);
  if (peer === null) return null;
  const { der, untrusted } = peer;
  return untrusted === null ? { kind: 'client-certificate', der } : { kind: 'untrusted-certificate', why: untrusted };
}
