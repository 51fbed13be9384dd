import type { RequestListener, Server } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Connections } from './connections.js';
import { createCertificateServer, replaceTrust } from './create-server.js';
import type { TlsPair } from './tls-settings.js';
import { hash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

interface CertificateListenerOptions {
  readonly handler: RequestListener;
  /** Answers what cannot be read as a request. */
  readonly onClientError: (error: Error, socket: Socket) => void;
  readonly pair: TlsPair;
  /** PEM: the CAs of callers. */
  readonly certificateAuthority: string;
  readonly connections: Connections;
}

/**
 * A second listener of the app, which asks its callers for a client certificate. It is not the first one, so that browsers are
 * not asked: some would show their user a dialog. Everything else is as on the first one, also the limits, which they share.
 */
export class CertificateListener {
  readonly server: Server;
  #pair: TlsPair;
  #certificateAuthority: string;

  constructor({ handler, onClientError, pair, certificateAuthority, connections }: CertificateListenerOptions) {
    this.#pair = pair;
    this.#certificateAuthority = certificateAuthority;
    this.server = connections.guard(createCertificateServer(handler, pair, certificateAuthority));
    // Before the listener of HTTP, which reads the first request.
    this.server.prependListener('secureConnection', rememberPeerCertificate);
    this.server.on('clientError', (error, socket) => {
      if (socket instanceof Socket) onClientError(error, socket);
    });
  }

  /** Answers the address that it listens at. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const { address, family, port: taken } = this.server.address() as AddressInfo;
    return `https://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
  }

  /** From the next handshake on. Connections that are open keep theirs; their certificates are looked at for every request. */
  replace({ pair = this.#pair, certificateAuthority = this.#certificateAuthority }: Partial<Shown>): void {
    replaceTrust(this.server, pair, certificateAuthority);
    this.#pair = pair;
    this.#certificateAuthority = certificateAuthority;
  }

  /** Stops listening; resolves when the last connection has ended. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise((resolve) => this.server.close(resolve));
  }
}

interface Shown {
  readonly pair: TlsPair;
  readonly certificateAuthority: string;
}

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
function rememberPeerCertificate(socket: TLSSocket): void {
  const der = socket.getPeerX509Certificate()?.raw;
  if (der === undefined) return;
  const untrusted = socket.authorized ? null : String(socket.authorizationError);
  peers.set(socket, { der, fingerprintSha256: hash('sha256', der, 'hex'), untrusted });
}

/** Null where the listener asks for none, or the client has sent none. */
export const peerCertificateOf = (socket: Socket): PeerCertificate | null => peers.get(socket) ?? null;
