import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { tlsSettings, tlsSettingsForCertificates, type TlsPair } from './tls-settings.js';
import { Socket, type AddressInfo } from 'node:net';
import { problem, problemAnswer, type Problem } from '../problems/problem.js';
import { ArrivingRequest, endSlowly, stopReading } from './arriving-request.js';
import { type Connections, answerUnderWay } from './connections.js';
import { hash } from 'node:crypto';

/** How long a server waits for its clients. */
export interface Patience {
  /**
   * Headers and body of a request have to arrive within this time. It begins with the connection, or after an answer
   * with the next request.
   */
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
  /** Longer than the usual 60 s of proxies for an idle connection, so that they do not use one that is closing. */
  keepAliveTimeout: 72_000,
});

/** The server of Node: HTTPS with a pair, else plain HTTP. */
export function createServer(handler: RequestListener, pair?: TlsPair, patience = usualPatience): Server {
  return pair === undefined
    ? answerInTurn(createHttpServer(settingsFor(patience)), refuseAmbiguousRequests(handler))
    : createTlsServer(handler, tlsSettings(pair), patience);
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

/**
 * Shows another certificate from the next handshake on. Connections that are open keep theirs. Throws for a server
 * without TLS.
 */
export function replaceCertificate(server: Server, pair: TlsPair): void {
  setSecureContext(server, tlsSettings(pair));
}

function setSecureContext(server: Server, settings: SecureContextOptions): void {
  if (!(server instanceof HttpsServer)) throw new Error('a server without TLS has no certificate');
  server.setSecureContext(settings);
}

/** RFC 9110 7.2: a name or an address, perhaps with a port. Empty where the target has no authority. */
const hostField = /^(?:(?:[\w.~!$&'()*+;=-]|%[\dA-F]{2})*|\[[\dA-F:.]+\])(?::\d*)?$/i;

/**
 * With these settings `refuseAmbiguousRequests` sees the requests that Node would answer by itself, and no body is kept
 * in pieces.
 */
export const everyRequest = {
  joinDuplicateHeaders: true,
  requireHostHeader: false,
  IncomingMessage: ArrivingRequest,
} as const;

/**
 * Answers 400 to a request that a proxy before us may read in another way than Node does, and ends its connection:
 * behind it could hide a request that the proxy never saw. No route and no hook sees it, nor anything that came behind
 * it.
 */
export function refuseAmbiguousRequests(handler: RequestListener): RequestListener {
  const ended = new WeakSet<Socket>();
  return (request, response) => {
    // Node goes on to read what arrived together with a request that ended its connection.
    if (ended.has(request.socket)) return;
    const why = whyAmbiguous(request);
    if (why === null) {
      // Node reads nothing that follows in the same octets, because they may be of the other protocol.
      if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
      handler(request, response);
      return;
    }
    ended.add(request.socket);
    const { headers, body } = problemAnswer(problem('invalid-request', why));
    response.writeHead(400, headers).end(body);
  };
}

function whyAmbiguous({ httpVersion, url = '', headers }: IncomingMessage): string | null {
  const { host, 'transfer-encoding': coding } = headers;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'the version is neither HTTP/1.1 nor HTTP/1.0';
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    return 'Transfer-Encoding is chunked alone, and of HTTP/1.1 (RFC 9112 6.1)';
  if (host === undefined ? httpVersion === '1.1' : !hostField.test(host))
    return 'Host is there once, with a name or an address (RFC 9112 3.2)';
  if (url.includes('#')) return 'the target of a request has no fragment (RFC 9112 3.2)';
  return null;
}

/** How many requests of a connection may wait while an earlier one is answered. Hardly a client sends more than one. */
const mostWaiting = 4;

/** The requests of one connection. */
interface Line {
  last: ServerResponse;
  /**
   * Octets that had arrived with the last request, if it has a body: Node may answer it at once, and read the next one
   * in the same turn of its loop. Else null.
   */
  bytesRead: number | null;
  waiting: number;
}

/**
 * Hands over one request of a connection at a time, and lets other connections go first before the next, so that nobody
 * holds up others by sending many requests at once (RFC 9112 9.3.2 lets a client do so). If more than four wait, these
 * are answered and the connection ends: a client has to expect that and sends the others again (RFC 9112 9.3.2).
 */
export function answerInTurn(server: Server, handler: RequestListener): Server {
  const lines = new WeakMap<Socket, Line>();
  const listener: RequestListener = (request, response) => {
    const { socket } = request;
    if (request instanceof ArrivingRequest) request.answeredBy(response);
    const line = lines.get(socket);
    if (line === undefined) {
      lines.set(socket, { last: response, bytesRead: octetsBehind(request), waiting: 0 });
      handler(request, response);
      return;
    }
    const { last: before } = line;
    const isAlone = before.closed && (line.bytesRead === null || line.bytesRead !== socket.bytesRead);
    line.last = response;
    line.bytesRead = octetsBehind(request);
    if (isAlone) {
      handler(request, response);
      return;
    }
    line.waiting += 1;
    if (line.waiting > mostWaiting) {
      stopReading(socket);
      before.once('close', () => socket.destroySoon());
      return;
    }
    const next = () => {
      setImmediate(() => {
        line.waiting -= 1;
        if (!socket.destroyed) handler(request, response);
      });
    };
    if (before.closed) next();
    else before.once('close', next);
  };
  // RFC 9110 10.1.1 lets a server ignore an expectation that it does not know. The server says 100 when it wants the
  // body.
  return server.on('request', listener).on('checkExpectation', listener).on('checkContinue', listener);
}

function octetsBehind({ headers, socket }: IncomingMessage): number | null {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return hasBody ? socket.bytesRead : null;
}

/** Where a server listens. Port 0 takes any free one. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Makes the server listen; answers the address and the port that it has then. */
export async function listenAt(server: Server, at: Place): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject).listen({ ...at }, () => {
    server.off('error', reject);
    resolve(undefined);
  });
  await promise;
  const { address, port, family } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

interface CertificateListenerOptions {
  readonly handler: RequestListener;
  readonly pair: TlsPair;
  /** PEM: the CAs of callers. */
  readonly certificateAuthority: string;
  readonly connections: Connections;
}

/**
 * A second listener of the app, which asks its callers for a client certificate. It is not the first one, so that
 * browsers are not asked: some would show their user a dialog. Everything else is as on the first one, also the limits,
 * which they share.
 */
export class CertificateListener {
  readonly server: Server;
  #pair: TlsPair;
  #certificateAuthority: string;

  constructor({ handler, pair, certificateAuthority, connections }: CertificateListenerOptions) {
    this.#pair = pair;
    this.#certificateAuthority = certificateAuthority;
    const settings = tlsSettingsForCertificates(pair, certificateAuthority);
    // It answers callers without a certificate, or with one that it does not trust, as well: whoever reads the
    // certificate looks at `authorized` first.
    const asking = { ...settings, requestCert: true, rejectUnauthorized: false } as const;
    this.server = connections.guard(createTlsServer(handler, asking, usualPatience));
    // Before the listener of HTTP, which reads the first request.
    this.server.prependListener('secureConnection', rememberPeerCertificate);
    this.server.on('clientError', (error, socket) => {
      if (socket instanceof Socket) answerUnreadableRequest(error, socket);
    });
  }

  /** Answers the address that it listens at. */
  async listen(at: Place): Promise<string> {
    return `https://${await listenAt(this.server, at)}`;
  }

  /** From the next handshake on. The certificates of open connections are checked at every request. */
  replace({
    pair = this.#pair,
    certificateAuthority = this.#certificateAuthority,
  }: Partial<Pick<CertificateListenerOptions, 'pair' | 'certificateAuthority'>>): void {
    setSecureContext(this.server, tlsSettingsForCertificates(pair, certificateAuthority));
    this.#pair = pair;
    this.#certificateAuthority = certificateAuthority;
  }

  /** Stops listening; resolves when the last connection has ended. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise((resolve) => this.server.close(resolve));
  }
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

/** Node reports each octet that follows an error as a further error. */
const ended = new WeakSet<Socket>();

/** Answers a request that Node could not read, and ends the connection. No route and no hook sees it. */
export function answerUnreadableRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (ended.has(socket)) return;
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const answer = answerUnderWay(socket);
  if (answer?.req.complete) {
    // This belongs to an earlier request, which is answered first (RFC 9112 9.3.2).
    answer.once('close', () => {
      answerUnreadableRequest(error, socket);
    });
    return;
  }
  ended.add(socket);
  endSlowly(socket, answer?.headersSent ? '' : answerTo(error.code));
}

function answerTo(code: string | undefined): string {
  const found = clientProblem(code);
  const { headers, body } = problemAnswer(found);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status] ?? ''}\r\n${lines.join('')}\r\n${body.toString()}`;
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return problem('header-fields-too-large', 'send fewer or shorter header fields');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('request-timeout', 'the request did not arrive in time');
  return problem('invalid-request', 'this is not a valid HTTP request');
}
