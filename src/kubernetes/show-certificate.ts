import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity, TLSSocket } from 'node:tls';
import { certificatePrefix, credentialId } from './revocation-enforcement-files.js';
import type { ProbedAddress } from '../model/issuer.js';

/** An address of an API server. */
export interface ServerAddress {
  /** `https://host:port`, or with a path before those of the API. */
  readonly address: string;
  /** PEM of the CAs that the server's certificate must chain to. */
  readonly servingCertificateAuthority: string;
  /** The server's certificate must be for one of these hosts, besides that of `address`. */
  readonly otherNames: readonly string[];
  /** The name that is sent in the handshake (RFC 6066 section 3); null: the host of `address`, unless that is an IP. */
  readonly serverName: string | null;
}

/** A client certificate with its key. */
export interface ShownCertificate {
  /** PEM of the certificate, and of the chain behind it. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Lower-case hex. */
  readonly fingerprintSha256: string;
  /** The user that its holder is. */
  readonly username: string;
}

type Found = Omit<ProbedAddress, 'address'>;

/** A SelfSubjectReview is far shorter. */
const mostOctets = 256 * 1024;

/**
 * Shows a client certificate to an API server, with nothing else that could let anybody in, and answers whom it takes
 * the holder for (SelfSubjectReview of authentication.k8s.io/v1). `no`: the server refuses the certificate, or takes no
 * notice of it. `unknown`: it was not shown to that server, or the answer does not say. Never rejects, and answers
 * within `timeoutMilliseconds`.
 */
export async function showCertificate(
  server: ServerAddress,
  shown: ShownCertificate,
  timeoutMilliseconds = 10_000,
): Promise<ProbedAddress> {
  const found = await ask(server, shown, timeoutMilliseconds).catch(() => unknown('Unreachable'));
  return { address: server.address, ...found };
}

const unknown = (reason: string): Found => ({ accepts: 'unknown', acceptedAs: null, reason });
const no = (reason: string, acceptedAs: string | null = null): Found => ({ accepts: 'no', acceptedAs, reason });

const review = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });

/** The host of a URL: a name or an address, without the brackets of IPv6. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');

function ask(server: ServerAddress, shown: ShownCertificate, timeoutMilliseconds: number): Promise<Found> {
  const url = new URL(server.address);
  const host = hostOf(server.address);
  const names = [host, ...server.otherNames];
  return new Promise((resolve) => {
    const call = httpsRequest(url, {
      method: 'POST',
      path: `${url.pathname.replace(/\/$/, '')}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
      // A connection of its own: one that others have used says whom it took them for.
      agent: false,
      minVersion: 'TLSv1.2',
      // Stated, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
      ...(server.servingCertificateAuthority !== '' && { ca: server.servingCertificateAuthority }),
      servername: server.serverName ?? (isIP(host) === 0 ? host : ''),
      checkServerIdentity: (_asked, certificate) =>
        names.map((name) => checkServerIdentity(name, certificate)).reduce((error, next) => error && next),
      cert: shown.certificatePem,
      key: shown.privateKeyPem,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(review),
        'user-agent': 'kubepass',
      },
    });
    const tooLate = setTimeout(() => settle(unknown('TimedOut')), timeoutMilliseconds);
    const settle = (found: Found) => {
      clearTimeout(tooLate);
      resolve(found);
      call.destroy();
    };
    call.on('error', (error: NodeJS.ErrnoException) => settle(whyNotAsked(error, call.socket)));
    call.once('close', () => settle(unknown('Unreachable')));
    call.once('response', (response) => {
      readBody(response, (text) => settle(judge(response.statusCode ?? 0, text, shown)));
    });
    call.end(review);
  });
}

/** `use` gets the text; null where it is cut off, or longer than any review. */
function readBody(response: IncomingMessage, use: (text: string | null) => void): void {
  const parts: Buffer[] = [];
  let octets = 0;
  response.on('data', (part: Buffer) => {
    octets += part.length;
    if (octets > mostOctets) use(null);
    else parts.push(part);
  });
  response.once('error', () => use(null));
  response.once('end', () => use(Buffer.concat(parts).toString('utf8')));
}

/** Alerts about the client's certificate (RFC 8446 section 6.2), as OpenSSL names them. */
const aboutOurs = /ALERT_(?:UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR|NO_CERTIFICATE|(?:\w+_)?CERTIFICATE(?:_\w+)?)$/;

function whyNotAsked({ code = '' }: NodeJS.ErrnoException, socket: unknown): Found {
  // Node sets it to why it ended the handshake, and to nothing before.
  const untrusted = socket instanceof TLSSocket && Boolean(socket.authorizationError as unknown);
  if (untrusted) return unknown('ServingCertificateNotTrusted');
  return aboutOurs.test(code) ? no('RefusedInHandshake') : unknown('Unreachable');
}

const anonymous = 'system:anonymous';
/** Characters of a username that are told. */
const mostOfName = 1024;

function judge(status: number, text: string | null, shown: ShownCertificate): Found {
  if (status === 401) return no('CertificateNotAccepted');
  const answer = objectIn(text);
  // The API server wrote it down: it knows the caller, who may not ask for a review.
  const forbidden =
    status === 403 ? /^[^"]*User "([^"\\]+)" cannot create resource/.exec(textOf(answer['message'])) : null;
  if (forbidden?.[1] !== undefined) return judgeUser(forbidden[1], null, shown);
  if (status !== 200 && status !== 201) return unknown('UnexpectedAnswer');
  const { username, extra } = objectOf(objectOf(answer['status'])['userInfo']);
  if (answer['kind'] !== 'SelfSubjectReview' || typeof username !== 'string' || username === '')
    return unknown('UnexpectedAnswer');
  const ids = objectOf(extra)[credentialId];
  return judgeUser(username, Array.isArray(ids) ? ids.map(String) : null, shown);
}

/** `ids`: the credentials that the server went by, from Kubernetes 1.32 on; null where it does not say. */
function judgeUser(username: string, ids: readonly string[] | null, shown: ShownCertificate): Found {
  // Something before the API server ends the connection, and passes no certificate on.
  if (username === anonymous) return no('Anonymous', anonymous);
  if (username !== shown.username) return no('AcceptedAsAnother', username.slice(0, mostOfName));
  if (ids !== null && !ids.includes(`${certificatePrefix}${shown.fingerprintSha256}`))
    return no('AcceptedOtherwise', username);
  return { accepts: 'yes', acceptedAs: username, reason: null };
}

function objectIn(text: string | null): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(text ?? '') as unknown);
  } catch {
    return {};
  }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
