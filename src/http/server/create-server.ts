import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { answerInTurn } from './answer-in-turn.js';
import { everyRequest, refuseAmbiguousRequests } from './refuse-ambiguous-requests.js';
import { tlsSettings, tlsSettingsForCertificates, type TlsPair } from './tls-settings.js';

/** How long a server waits for its clients. */
export interface Patience {
  /** Headers and body of a request have to arrive within this time. It begins with the connection, or after an answer with the next request. */
  readonly arrivalMilliseconds: number;
  /** How often Node looks for requests that are late. A late one is found up to this much later. */
  readonly lookMilliseconds: number;
  /** A TLS handshake has to end within this time. It comes before the time for the first request. */
  readonly handshakeMilliseconds: number;
}

export const usualPatience: Patience = {
  arrivalMilliseconds: 30_000,
  lookMilliseconds: 1_000,
  handshakeMilliseconds: 10_000,
};

const settingsFor = ({ arrivalMilliseconds, lookMilliseconds }: Patience) => ({
  headersTimeout: arrivalMilliseconds - lookMilliseconds,
  requestTimeout: arrivalMilliseconds - lookMilliseconds,
  connectionsCheckingInterval: lookMilliseconds,
  ...everyRequest,
  /** Longer than the 60 s for which proxies usually keep an idle connection, so that they do not use one that is closing. */
  keepAliveTimeout: 72_000,
});

/** The server of Node: HTTPS with a pair, else plain HTTP. */
export function createServer(handler: RequestListener, pair?: TlsPair, patience = usualPatience): Server {
  return pair === undefined
    ? answerInTurn(createHttpServer(settingsFor(patience)), refuseAmbiguousRequests(handler))
    : createTlsServer(handler, tlsSettings(pair), patience);
}

/**
 * A server that asks for a client certificate. It answers callers without one, or with one that it does not trust, as well:
 * whoever reads the certificate looks at `authorized` first.
 */
export function createCertificateServer(handler: RequestListener, pair: TlsPair, certificateAuthority: string): Server {
  const settings = tlsSettingsForCertificates(pair, certificateAuthority);
  return createTlsServer(handler, { ...settings, requestCert: true, rejectUnauthorized: false }, usualPatience);
}

function createTlsServer(
  handler: RequestListener,
  settings: SecureContextOptions & { readonly requestCert?: true; readonly rejectUnauthorized?: false },
  patience: Patience,
): Server {
  const handshakeTimeout = patience.handshakeMilliseconds;
  const server = createHttpsServer({ ...settingsFor(patience), ...settings, handshakeTimeout });
  // Before a handshake has ended nothing can be sent, and an orderly end would wait for that forever.
  server.prependListener('tlsClientError', (_error, socket) => socket.destroy());
  return answerInTurn(server, refuseAmbiguousRequests(handler));
}

/** Shows another certificate from the next handshake on. Connections that are open keep theirs. Throws for a server without TLS. */
export function replaceCertificate(server: Server, pair: TlsPair): void {
  setSecureContext(server, tlsSettings(pair));
}

/** The same for a server that asks for client certificates, which may get other CAs too. */
export function replaceTrust(server: Server, pair: TlsPair, certificateAuthority: string): void {
  setSecureContext(server, tlsSettingsForCertificates(pair, certificateAuthority));
}

function setSecureContext(server: Server, settings: SecureContextOptions): void {
  if (!(server instanceof HttpsServer)) throw new Error('a server without TLS has no certificate');
  server.setSecureContext(settings);
}
