import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { WebhookAnswer, WebhookSender } from './webhook.js';

interface HttpsSenderOptions {
  /** https, or http to a loopback address. */
  readonly url: string;
  /** PEM of the CAs that the receiver's certificate may chain to; null: the CAs that Node.js trusts. */
  readonly certificateAuthority: string | null;
  /** Bounds sending and the answer together. */
  readonly timeoutMilliseconds: number;
  /** The most connections at the same time. */
  readonly connections: number;
}

/** A connection is kept if the answer's body, which is dropped, has no more octets. Otherwise it is cut. */
const drainedOctets = 16 * 1024;
/** Shorter than the five seconds after which Node.js, and others, close an idle connection. */
const idleMilliseconds = 4_000;

/**
 * Calls one address over its own connections, without a proxy. The receiver's certificate is verified whatever the
 * environment says. Node's client follows no redirect. Only the status of an answer counts, not its body.
 */
export function httpsSender({
  url,
  certificateAuthority,
  timeoutMilliseconds,
  connections,
}: HttpsSenderOptions): WebhookSender {
  const address = new URL(url);
  const pool = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections, timeout: idleMilliseconds };
  const agent =
    address.protocol === 'https:'
      ? new HttpsAgent({
          ...pool,
          minVersion: 'TLSv1.2',
          // Stated, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
          rejectUnauthorized: true,
          ...(certificateAuthority !== null && { ca: certificateAuthority }),
        })
      : new HttpAgent(pool);
  const request = address.protocol === 'https:' ? httpsRequest : httpRequest;

  return {
    send(payload, headers, signal) {
      return new Promise<WebhookAnswer>((resolve) => {
        if (signal.aborted) {
          resolve({ kind: 'abandoned' });
          return;
        }
        const body = Buffer.from(payload, 'utf8');
        const call = request(address, {
          agent,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-length': body.length,
            'user-agent': 'kubepass',
            ...headers,
          },
        });
        const settle = (answer: WebhookAnswer) => {
          signal.removeEventListener('abort', abandon);
          resolve(answer);
        };
        const abandon = () => {
          settle({ kind: 'abandoned' });
          call.destroy();
        };
        signal.addEventListener('abort', abandon);
        // Also ends an answer whose body does not end, and an endless informational answer.
        const tooLate = setTimeout(() => {
          settle({ kind: 'failed', failure: `no answer within ${timeoutMilliseconds / 1000} s` });
          call.destroy();
        }, timeoutMilliseconds);
        call.once('response', (response) => {
          settle({
            kind: 'answered',
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'] ?? null,
          });
          drain(response, () => call.destroy());
        });
        call.on('error', (error) => {
          settle({ kind: 'failed', failure: `not reached: ${reasonOf(error)}` });
        });
        call.once('close', () => {
          clearTimeout(tooLate);
          settle({ kind: 'failed', failure: 'the connection was closed without an answer' });
        });
        call.end(body);
      });
    },
    close() {
      agent.destroy();
    },
  };
}

function drain(response: IncomingMessage, cut: () => void): void {
  let octets = 0;
  response.on('data', (chunk: Buffer) => {
    octets += chunk.length;
    if (octets > drainedOctets) cut();
  });
  // The status is known, so errors in the rest do not matter.
  response.on('error', () => undefined);
}

/** Node's message. It may quote the receiver's certificate, so invisible characters are replaced. */
function reasonOf(error: NodeJS.ErrnoException): string {
  // Several addresses that all fail come as one error without a message.
  const message = error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
  return message.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ').slice(0, 300) || (error.code ?? 'unknown');
}
