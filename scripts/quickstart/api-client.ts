import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Config } from '../../src/config/config.js';

export interface Reply {
  readonly status: number;
  readonly location: string | null;
  /** `Set-Cookie`, a line for each. */
  readonly cookies: readonly string[];
  readonly body: string;
}

export interface Ask {
  readonly token?: string;
  readonly json?: unknown;
  readonly accept?: string;
}

/** Talks to the service that the quickstart has started. */
export class ApiClient {
  private constructor(
    readonly origin: string,
    /** The certificate that the service must show; null if it speaks plain HTTP. */
    private readonly pinned: X509Certificate | null,
  ) {}

  static async of(config: Pick<Config, 'host' | 'tls'>, port: number): Promise<ApiClient> {
    const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]', '::1': '[::1]' }[config.host] ?? config.host;
    if (config.tls === null) return new ApiClient(`http://${host}:${port}`, null);
    const pinned = new X509Certificate(await readFile(config.tls.certFile));
    return new ApiClient(`https://${host}:${port}`, pinned);
  }

  send(method: string, path: string, { token, json, accept = 'application/json' }: Ask = {}): Promise<Reply> {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const options = {
      method,
      headers: {
        accept,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      timeout: 60_000,
      agent: false as const,
    };
    const url = new URL(path, this.origin);
    return new Promise((resolve, reject) => {
      // The certificate must be the one in the configured file. Its issuer and its names do not matter then.
      const request = this.pinned
        ? httpsRequest(url, { ...options, rejectUnauthorized: false })
        : httpRequest(url, options);
      request.on('error', reject);
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer within 60 s`)));
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { location = null, 'set-cookie': cookies = [] } = response.headers;
          resolve({ status: response.statusCode ?? 0, location, cookies, body: text });
        });
      });
      const { pinned } = this;
      if (pinned === null) {
        request.end(body);
        return;
      }
      request.on('socket', (socket) => {
        socket.once('secureConnect', () => {
          const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
          if (shown?.fingerprint256 === pinned.fingerprint256) request.end(body);
          else request.destroy(new Error(`${this.origin} shows another certificate than the configured one`));
        });
      });
    });
  }
}
