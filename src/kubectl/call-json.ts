import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { messageOf, UnavailableError } from './plugin-error.js';

export interface JsonCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM: the only CA that is trusted; null: those that Node.js trusts. */
  readonly certificateAuthority: string | null;
  readonly timeoutMilliseconds: number;
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
export function callJson({
  method,
  url,
  headers = {},
  body,
  certificateAuthority,
  timeoutMilliseconds,
}: JsonCall): Promise<JsonAnswer> {
  const request = url.startsWith('https:') ? tlsRequest : plainRequest;
  const place = new URL(url);
  const given = { ...(certificateAuthority !== null && { ca: certificateAuthority }) };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(new UnavailableError(`${place.origin} cannot be reached: ${messageOf(error)}`, { cause: error }));
    };
    const options = {
      method,
      ...given,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
      // A bound on the whole, which `timeout` is not.
      signal: AbortSignal.timeout(timeoutMilliseconds),
      agent: false,
    } as const;
    const call = request(place, options, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > longestBody) call.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      answer.on('error', fail);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: objectOf(text) });
      });
    });
    call.on('error', (error) => {
      fail(
        error.name === 'AbortError' || error.name === 'TimeoutError'
          ? new Error(`no answer within ${timeoutMilliseconds / 1000} s`)
          : error,
      );
    });
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
