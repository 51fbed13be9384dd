import { hash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The client certificate of a connection, as it was in the handshake. */
interface PeerCertificate {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprintSha256: string;
  /** The error of TLS; null: the chain and the key were verified. A certificate is readable without either. */
  readonly untrusted: string | null;
}

const peers = new WeakMap<Socket, PeerCertificate>();

/** Called when a handshake has ended, and before the first request. */
export function rememberPeerCertificate(socket: TLSSocket): void {
  const der = socket.getPeerX509Certificate()?.raw;
  if (der === undefined) return;
  const untrusted = socket.authorized ? null : String(socket.authorizationError);
  peers.set(socket, { der, fingerprintSha256: hash('sha256', der, 'hex'), untrusted });
}

/** Null where the listener asks for none, or the client has sent none. */
export const peerCertificateOf = (socket: Socket): PeerCertificate | null => peers.get(socket) ?? null;
