import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { WebhookAnswer, WebhookSender } from './webhook.js';

export interface HttpsSenderOptions {
  /** https, or http to a loopback address. */
  readonly url: string;
  /** PEM: what the receiver is trusted by; null: the CAs that Node.js trusts. */
  readonly certificateAuthority: string | null;
  /** How long sending and the answer may take together. */
  readonly timeoutMilliseconds: number;
  /** How many connections at most. */
  readonly connections: number;
}

/** So much of an answer's body is read, and dropped, for the connection to be kept; beyond it the connection is cut. */
const drainedOctets = 16 * 1024;
/** Shorter than the five seconds after which Node.js, and others, close an idle connection. */
const idleMilliseconds = 4_000;

/**
 * Calls one address over connections of its own: straight, without a proxy, its certificate verified whatever the
 * environment says. Node's client follows no redirect. What is answered counts by its status; its body is not looked at.
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
          // Said, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise.
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
        // Also for an answer whose body does not end, and for one that is informational without end.
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
  // The status has been taken; what becomes of the rest is nobody's concern.
  response.on('error', () => undefined);
}

/** Node's words; a certificate's own, which may be in them, in characters that can be seen. */
function reasonOf(error: NodeJS.ErrnoException): string {
  // Several addresses that all fail come as one error without a message.
  const message = error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
  return message.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ').slice(0, 300) || (error.code ?? 'unknown');
}
