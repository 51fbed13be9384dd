// Tests src/http/server/connections.ts, src/http/server/arriving-request.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { everyRoute, type Route } from '../../http/support/every-route.js';
import { probed, slowness } from '../../http/support/probe.js';
import { connectRaw } from '../../http/support/raw-client.js';
import { useProcesses, type ServingProcess } from '../../http/support/serving-process.js';
import { writeTlsFiles } from '../../http/support/tls-files.js';

const attackOctets = 64 * 1024;
const mostWaitMilliseconds = 100;
const mostGrowth = 64 * 1024 * 1024;
const atOnce = 50;

let routes: readonly Route[];
beforeAll(async () => {
  routes = await everyRoute();
});
const { start, inDirectory } = useProcesses();

/** A machine that does other work too is slower itself. */
const expectSmall = (wait: number, what: string) => {
  expect.soft(wait, what).toBeLessThan(mostWaitMilliseconds * (wait < mostWaitMilliseconds ? 1 : slowness()));
};

/** The request again and again, up to 64 KiB. */
const pipelined = (request: string) => request.repeat(Math.floor(attackOctets / request.length));

const requestOf = ({ method, url }: Pick<Route, 'method' | 'url'>, headers = '') => {
  const body = ['GET', 'HEAD'].includes(method) ? '' : 'Content-Type: application/json\r\nContent-Length: 2\r\n';
  return `${method} ${url} HTTP/1.1\r\nHost: x\r\n${headers}${body}\r\n${body && '{}'}`;
};

/** The shortest requests, and those that Node answers by itself if it is let. */
const odd: readonly (readonly [string, string])[] = [
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['an unknown expectation', 'GET / HTTP/1.1\r\nHost:\r\nExpect:x\r\n\r\n'],
  ['100-continue', 'POST / HTTP/1.1\r\nHost:\r\nExpect:100-continue\r\nContent-Length:0\r\n\r\n'],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\nConnection:keep-alive\r\n\r\n'],
  ['a path that cannot be read', 'GET /%zz HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a path of SCIM that cannot be read', 'GET /scim/v2/%zz HTTP/1.1\r\nHost:\r\n\r\n'],
  ['an unknown method', 'PURGE / HTTP/1.1\r\nHost:\r\n\r\n'],
];

describe.each(['HTTP', 'TLS'])('pipelined requests over %s', (protocol) => {
  const startOver = async (): Promise<
    ServingProcess & { readonly at: { readonly address: string; readonly pid: number } }
  > => {
    const service = start({ environment: protocol === 'TLS' ? writeTlsFiles(inDirectory()) : {} });
    const address = await service.address();
    return Object.assign(service, { at: { address, pid: service.child.pid ?? 0 } });
  };

  /** Sends on `connections` connections at once, and waits until each is closed by the service. */
  const attack = async (address: string, text: string, connections = 1) => {
    const clients = await Promise.all(Array.from({ length: connections }, () => connectRaw(address)));
    for (const { socket } of clients) socket.write(text);
    await Promise.all(clients.map(({ ended }) => ended));
    for (const { socket } of clients) socket.destroy();
    return clients.map(({ received }) => received());
  };

  it('to the routes keep nobody waiting and take no memory, with a token or without one', async () => {
    const service = await startOver();
    const token = `Authorization: Bearer ${service.adminToken()}\r\n`;
    // TLS ends below the requests, so some routes stand for all of them there.
    const tried = protocol === 'TLS' ? routes.filter((_, i) => i % 10 === 0) : routes;
    const texts = [
      ...odd.map(([what, request]) => [what, pipelined(request)] as const),
      ...tried.flatMap((route) => [
        [`${route.method} ${route.path}`, pipelined(requestOf(route))] as const,
        [`${route.method} ${route.path} with a token`, pipelined(requestOf(route, token))] as const,
      ]),
    ];
    for (const [, text] of texts.slice(0, 20)) await attack(service.at.address, text);
    const { growth } = await probed(service.at, async () => {
      for (const [what, text] of texts) {
        const { p99 } = await probed(service.at, () => attack(service.at.address, text));
        expectSmall(p99, what);
      }
    });
    expect(growth).toBeLessThan(mostGrowth);
  });

  it('keep nobody waiting on many connections at once', async () => {
    const service = await startOver();
    const text = pipelined(requestOf({ method: 'GET', url: '/livez' }));
    await attack(service.at.address, text, 5);
    const { p99, growth } = await probed(service.at, () => attack(service.at.address, text, atOnce));
    expectSmall(p99, 'the probe');
    expect(growth).toBeLessThan(mostGrowth);
  });

  it.each(['/docs/json', '/openapi.json', '/docs/static/swagger-ui-bundle.js'])(
    'take no memory for answers that nobody reads: %s',
    async (url) => {
      const service = await startOver();
      const text = pipelined(requestOf({ method: 'GET', url })).repeat(3);
      const clients = await Promise.all(Array.from({ length: atOnce }, () => connectRaw(service.at.address)));
      for (const { socket } of clients) socket.pause();
      const { p99, growth } = await probed(service.at, async () => {
        for (const { socket } of clients) socket.write(text);
        await sleep(3_000);
      });
      for (const { socket } of clients) socket.destroy();
      expectSmall(p99, url);
      expect(growth).toBeLessThan(mostGrowth);
    },
  );
});
