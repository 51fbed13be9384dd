import type { RequestListener, Server } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Connections } from './connections.js';
import { createCertificateServer, replaceTrust } from './create-server.js';
import { rememberPeerCertificate } from './peer-certificate.js';
import type { TlsPair } from './tls-settings.js';

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
