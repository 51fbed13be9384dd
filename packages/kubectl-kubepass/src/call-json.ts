import { request as plainRequest } from 'node:http';
import { request as tlsRequest, type RequestOptions } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Machine } from './machine.js';
import { ProxyError, whyNoConnection } from './connection-errors.js';
import { UnavailableError } from './plugin-error.js';

interface JsonCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM: the only CA that is trusted; null: those that Node.js trusts. */
  readonly certificateAuthority: string | null;
  /** How a person makes the CA of this place a trusted one. */
  readonly trustAdvice: string;
  readonly timeoutMilliseconds: number;
  /** Names the proxy: HTTPS_PROXY and NO_PROXY, or these in small letters. */
  readonly environment: Machine['environment'];
  readonly now: Machine['now'];
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Null where the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

const longestBody = 4 * 1024 * 1024;

/**
 * Calls by Node's own client, because its `fetch` takes no CA. Redirects are not followed: a token is for one address.
 * Throws `UnavailableError` where there is no answer.
 */
export async function callJson(asked: JsonCall): Promise<JsonAnswer> {
  const { url, timeoutMilliseconds, environment, certificateAuthority, trustAdvice } = asked;
  const place = new URL(url);
  // A bound on the whole, which `timeout` is not.
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  try {
    const proxy = proxyFor(place, environment);
    const through = proxy === null ? null : await tunnel(place, proxy, signal);
    return await answerOf(asked, place, through, signal);
  } catch (error) {
    const attempted = { place, isPinned: certificateAuthority !== null, trustAdvice, now: asked.now() };
    const why = signal.aborted
      ? `no answer within ${timeoutMilliseconds / 1000} s: check the network, a proxy or firewall on the way, and whether it runs`
      : whyNoConnection(error, attempted);
    throw new UnavailableError(`${place.origin} cannot be reached: ${why}`, { cause: error });
  }
}

/** `through`: the connection to use; null: a new one. Nothing is kept open for a next call. */
function answerOf(
  { method, headers = {}, body, certificateAuthority }: JsonCall,
  place: URL,
  through: Socket | null,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const request = place.protocol === 'https:' ? tlsRequest : plainRequest;
  // A kubeconfig sets variables of the environment, NODE_TLS_REJECT_UNAUTHORIZED among them.
  const trusted = { rejectUnauthorized: true, ...(certificateAuthority !== null && { ca: certificateAuthority }) };
  const host = hostOf(place);
  // An address is no name for SNI (RFC 6066 section 3).
  const peer = { host, servername: isIP(host) === 0 ? host : '' };
  const options: RequestOptions = {
    method,
    ...trusted,
    headers: {
      accept: 'application/json',
      ...headers,
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    },
    signal,
    // Without an agent, Node takes the connection that it is given.
    ...(through === null
      ? { agent: false }
      : { createConnection: () => tlsConnect({ ...trusted, ...peer, socket: through }) }),
  };
  return new Promise((resolve, reject) => {
    const call = request(place, options, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > longestBody) call.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: objectOf(text) });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

type Environment = Machine['environment'];

/**
 * The proxy for an https URL, by HTTPS_PROXY and NO_PROXY or these in small letters, on every version of Node; null:
 * none. Plain http is for this machine alone, and goes past every proxy, which would read the token.
 */
function proxyFor(place: URL, environment: Environment): URL | null {
  if (place.protocol !== 'https:') return null;
  const text = valueOf(environment, 'HTTPS_PROXY');
  if (text === '' || isExcluded(place, valueOf(environment, 'NO_PROXY'))) return null;
  const url = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol))
    throw new ProxyError('HTTPS_PROXY is no URL of an http or https proxy: write http://HOST:PORT');
  return new URL(url);
}

const valueOf = (environment: Environment, name: string): string =>
  (environment[name] || environment[name.toLowerCase()] || '').trim();

/** NO_PROXY as kubectl reads it: names with all below them, addresses, networks, with or without a port; `*`. */
function isExcluded(place: URL, list: string): boolean {
  const host = hostOf(place);
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, name = entry, port = null] = /^(.*?):(\d+)$/.exec(isIP(entry) === 6 ? '' : entry) ?? [];
    if (name === '' || (port !== null && port !== portOf(place))) return false;
    if (isIP(host) !== 0) return isOfNetwork(host, name.replace(/^\[|\]$/g, ''));
    const domain = name.toLowerCase().replace(/^\*?\./, '.');
    return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
  });
}

function isOfNetwork(host: string, entry: string): boolean {
  const [address = '', bits] = entry.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv6' ? 128 : 32;
  const prefix = bits === undefined ? longest : Number(bits);
  if (isIP(address) === 0 || !(Number.isInteger(prefix) && prefix >= 0 && prefix <= longest)) return false;
  const network = new BlockList();
  network.addSubnet(address, prefix, family);
  return network.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** Without the brackets of an address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').toLowerCase();
const portOf = ({ port }: URL): string => port || '443';

/**
 * A connection through the proxy to the place, for TLS to go over (RFC 9110 section 9.3.6). The proxy sees no more than
 * the host.
 */
export function tunnel(place: URL, proxy: URL, signal: AbortSignal): Promise<Socket> {
  const request = proxy.protocol === 'https:' ? tlsRequest : plainRequest;
  const target = `${place.hostname}:${portOf(place)}`;
  const login = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
  const authorization = { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
  return new Promise((resolve, reject) => {
    request({
      ...{ host: hostOf(proxy), port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80) },
      ...{ method: 'CONNECT', path: target, agent: false, signal },
      headers: { host: target, ...(login !== ':' && authorization) },
    })
      .on('connect', ({ statusCode = 0 }, socket) => {
        if (statusCode >= 200 && statusCode < 300) {
          resolve(socket);
          return;
        }
        socket.destroy();
        reject(new ProxyError(`the proxy ${proxy.host} ${refusalOf(statusCode, place)}`));
      })
      .on('error', ({ message }) => {
        reject(
          new ProxyError(`the proxy ${proxy.host} cannot be reached: ${message}. Check HTTPS_PROXY, or set NO_PROXY`),
        );
      })
      .end();
  });
}

const refusalOf = (status: number, { hostname }: URL): string =>
  status === 407
    ? 'answers 407: it wants a name and a password, as in HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT'
    : `answers ${status} and does not connect to ${hostname}: ask whoever runs it, or name the host in NO_PROXY`;
