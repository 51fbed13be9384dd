import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isLoopback } from '../../config/loopback.js';

/** A call to an identity provider. */
interface ProviderCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | URLSearchParams | null;
  readonly signal?: AbortSignal;
}

/**
 * Resolves to the answer, whatever its status; a redirect is an answer too, and is not followed. Rejects with an
 * `Error` that says what is wrong.
 */
export type ProviderFetch = (url: string, call?: ProviderCall) => Promise<Response>;

interface ProviderFetchOptions {
  /** PEM of the CAs that the provider's certificate may chain to; null: the CAs that Node.js trusts. */
  readonly certificateAuthority: string | null;
  /** Bounds sending and the answer together; default 5,000. */
  readonly timeoutMilliseconds?: number;
  /** The longest answer; default 1 MiB. */
  readonly mostOctets?: number;
}

/**
 * Calls an identity provider over HTTPS, without a proxy, or over plain HTTP on loopback. Its certificate is verified
 * whatever the environment says.
 */
export function providerFetch({
  certificateAuthority,
  timeoutMilliseconds = 5_000,
  mostOctets = 1024 * 1024,
}: ProviderFetchOptions): ProviderFetch {
  const https = new HttpsAgent({
    minVersion: 'TLSv1.2',
    // Stated, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
    rejectUnauthorized: true,
    ...(certificateAuthority !== null && { ca: certificateAuthority }),
  });
  const http = new HttpAgent();

  return (url, { method = 'GET', headers = {}, body = null, signal } = {}) => {
    const address = new URL(url);
    const isHttps = address.protocol === 'https:';
    if (!isHttps && !(address.protocol === 'http:' && isLoopback(address.hostname)))
      return Promise.reject(new Error(`${address.origin} is no https address`));
    const content = body === null ? null : Buffer.from(body instanceof URLSearchParams ? body.toString() : body);
    const form = body instanceof URLSearchParams && { 'content-type': 'application/x-www-form-urlencoded' };
    const timeout = AbortSignal.timeout(timeoutMilliseconds);

    return new Promise<Response>((resolve, reject) => {
      const call = (isHttps ? httpsRequest : httpRequest)(address, {
        agent: isHttps ? https : http,
        method,
        headers: {
          'user-agent': 'kubepass',
          accept: 'application/json',
          ...form,
          ...headers,
          ...(content !== null && { 'content-length': content.length }),
        },
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      call.on('error', (error) => {
        reject(new Error(timeout.aborted ? `no answer within ${timeoutMilliseconds / 1000} s` : reasonOf(error)));
      });
      call.once('response', (response) => {
        const parts: Buffer[] = [];
        let octets = 0;
        response.on('data', (part: Buffer) => {
          octets += part.length;
          if (octets > mostOctets) call.destroy(new Error(`the answer has more than ${mostOctets} octets`));
          else parts.push(part);
        });
        // An answer that is cut off has no end, and ends the call with an error.
        response.once('error', reject);
        response.once('end', () => {
          const answered = new Headers();
          for (const [name, values] of Object.entries(response.headersDistinct))
            for (const value of values ?? []) answered.append(name, value);
          const status = response.statusCode ?? 0;
          const isBare = [204, 205, 304].includes(status);
          try {
            resolve(new Response(isBare ? null : Buffer.concat(parts), { status, headers: answered }));
          } catch {
            reject(new Error(`the answer has the status ${status}`));
          }
        });
      });
      call.end(content);
    });
  };
}

/** Node's message. It may quote the provider's certificate, so invisible characters are replaced. */
function reasonOf(error: NodeJS.ErrnoException): string {
  // Several addresses that all fail come as one error without a message.
  const message = error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
  return message.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ').slice(0, 300) || (error.code ?? 'unknown');
}
