import { request as plainRequest } from 'node:http';
import { request as tlsRequest, type RequestOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Machine } from './machine.js';
import { errorMessage, UnavailableError } from './plugin-error.js';
import { hostOf, proxyFor, tunnel } from './proxy.js';

export interface JsonCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM: the only CA that is trusted; null: those that Node.js trusts. */
  readonly certificateAuthority: string | null;
  readonly timeoutMilliseconds: number;
  /** Names the proxy: HTTPS_PROXY and NO_PROXY, or these in small letters. */
  readonly environment: Machine['environment'];
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
  const { url, timeoutMilliseconds, environment } = asked;
  const place = new URL(url);
  // A bound on the whole, which `timeout` is not.
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  try {
    const proxy = proxyFor(place, environment);
    const through = proxy === null ? null : await tunnel(place, proxy, signal);
    return await answerOf(asked, place, through, signal);
  } catch (error) {
    const why = signal.aborted ? `no answer within ${timeoutMilliseconds / 1000} s` : errorMessage(error);
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
