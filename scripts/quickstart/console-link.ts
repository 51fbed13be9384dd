import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '../../src/config/loopback.js';
import type { ApiClient } from './api-client.js';
import { mustBe } from './obtain-kubeconfig.js';

/** So long somebody may take to open the link. */
const linkSeconds = 60;

/**
 * Offers an address on this machine that signs one browser in to the console, once and within a minute. The sign-in
 * begins when a browser opens it, and its cookies count for the console, because a cookie is for a host and every port
 * of it (RFC 6265 section 8.5). Null where browsers reach the service over TLS or from another machine. Whoever shows
 * the address shows it to the person alone: it is as good as the token.
 */
export async function offerConsoleLink(
  client: Pick<ApiClient, 'origin' | 'send'>,
  adminToken: string,
  seconds = linkSeconds,
): Promise<string | null> {
  const { protocol, hostname } = new URL(client.origin);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'http:' || !isLoopback(hostname)) return null;
  const path = `/${randomBytes(32).toString('base64url')}`;
  let isOpen = true;
  const server = createServer((request, response) => {
    // Each answer ends its connection: a connection that went on would keep the server up after its end.
    const headers = {
      ...{ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'content-type': 'text/plain' },
      connection: 'close',
    };
    if (request.method !== 'GET' || request.url !== path || !isOpen) {
      response.writeHead(404, headers).end('This link opens the console once, and within a minute.\n');
      return;
    }
    isOpen = false;
    void client.send('POST', '/v1/sessions', { token: adminToken }).then(
      (reply) => {
        mustBe(reply, 201, 'signing in to the console');
        response
          .writeHead(303, { ...headers, location: `${client.origin}/console/`, 'set-cookie': [...reply.cookies] })
          .end();
        server.close();
      },
      () => response.writeHead(502, headers).end('kubepass does not answer.\n'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  setTimeout(() => {
    isOpen = false;
    server.close();
  }, seconds * 1000).unref();
  server.unref();
  return `http://${hostname}:${(server.address() as AddressInfo).port}${path}`;
}
