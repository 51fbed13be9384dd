// Tests src/http/hooks/every-request.ts, src/http/server/connections.ts
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectRaw } from './support/raw-client.js';
import { startService, type TestService, type TestServiceOptions } from './support/service.js';

let service: TestService;
const proxies: Server[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) {
    proxy.closeAllConnections();
    proxy.close();
  }
  await service.close();
});

const start = async (trustedProxies: string | undefined, more: TestServiceOptions = {}) => {
  service = await startService({
    app: { failedAuthenticationsPerMinute: 5 },
    ...more,
    ...(trustedProxies !== undefined && { environment: { KUBEPASS_TRUSTED_PROXIES: trustedProxies } }),
  });
};

/** A proxy that forwards calls from an address of its own, and adds that of its client. Answers its URL. */
async function proxyAt(localAddress: string, header: 'x-forwarded-for' | 'forwarded' | null): Promise<string> {
  const { hostname, port } = new URL(service.address);
  const proxy = createServer((incoming, outgoing) => {
    const { method, url: path, headers, socket } = incoming;
    const client = (socket.remoteAddress ?? '').replace('::ffff:', '');
    const told = header === 'forwarded' ? `for="${client}:${socket.remotePort ?? 0}"` : client;
    const before = header === null ? undefined : headers[header];
    const added = header === null ? {} : { [header]: [...(before === undefined ? [] : [before]), told].flat() };
    const call = request(
      { hostname, port, method, path, localAddress, headers: { ...headers, ...added } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      },
    );
    call.on('error', () => outgoing.destroy());
    incoming.pipe(call);
  });
  proxies.push(proxy);
  proxy.listen(0, localAddress);
  await once(proxy, 'listening');
  return `http://${localAddress}:${(proxy.address() as AddressInfo).port}`;
}

/** The status of a guess that comes from this address through the proxy. */
async function guess(proxy: string, localAddress: string, headers: Readonly<Record<string, string>> = {}) {
  const { hostname, port } = new URL(proxy);
  const authorization = `Bearer kubepass_${randomBytes(32).toString('base64url')}`;
  const call = request({
    hostname,
    port,
    localAddress,
    path: '/v1/whoami',
    headers: { authorization, ...headers },
  }).end();
  const [answer] = (await once(call, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  return answer.statusCode;
}
const guesses = async (proxy: string, localAddress: string, times: number) => {
  const statuses: number[] = [];
  for (let i = 0; i < times; i += 1) statuses.push(await guess(proxy, localAddress));
  return statuses;
};

describe.each(['x-forwarded-for', 'forwarded'] as const)('behind a trusted proxy that tells %s', (header) => {
  it('the failures of one caller count for that caller, in the limit and in the log', async () => {
    await start('127.0.0.9, 127.0.0.10');
    const proxy = await proxyAt('127.0.0.9', header);
    expect(await guesses(proxy, '127.0.0.21', 7)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(await guesses(proxy, '127.0.0.22', 1)).toEqual([401]);
    const lines = service
      .log()
      .split('\n')
      .filter((line) => line.includes('authentication failed'));
    expect(lines.map((line) => (JSON.parse(line) as { remoteAddress: string }).remoteAddress)).toEqual([
      ...Array.from({ length: 5 }, () => '127.0.0.21'),
      '127.0.0.22',
    ]);
    expect(service.log()).toMatch(/"remoteAddress":"127.0.0.22".*"request answered"/);
  });

  it('nobody gets another address by a header of their own', async () => {
    await start('127.0.0.9');
    const proxy = await proxyAt('127.0.0.9', header);
    const forged = (i: number) => ({ [header]: header === 'forwarded' ? `for=203.0.113.${i}` : `203.0.113.${i}` });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push(await guess(proxy, '127.0.0.21', forged(i)));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    // The other header as well: then neither counts, and the call is one of the proxy's address.
    const other = header === 'forwarded' ? { 'x-forwarded-for': '203.0.113.1' } : { forwarded: 'for=203.0.113.1' };
    for (let i = 0; i < 6; i += 1) statuses.push(await guess(proxy, '127.0.0.21', other));
    expect(statuses.at(-1)).toBe(429);
    expect(await guesses(proxy, '127.0.0.22', 1)).toEqual([401]);
    expect(service.log()).not.toContain('203.0.113');
  });
});

describe('a chain of proxies', () => {
  it('is followed as far as its proxies are trusted', async () => {
    await start('127.0.0.8/31');
    const [inner, outer] = [await proxyAt('127.0.0.8', 'x-forwarded-for'), '127.0.0.9'];
    expect(await guess(inner, outer, { 'x-forwarded-for': '203.0.113.5' })).toBe(401);
    expect(service.log()).toMatch(/"remoteAddress":"203.0.113.5".*authentication failed/);
    expect(await guess(inner, '127.0.0.21', { 'x-forwarded-for': '203.0.113.6' })).toBe(401);
    expect(service.log()).not.toContain('203.0.113.6');
  });
});

describe('a proxy that is not trusted', () => {
  it.each([undefined, '127.0.0.30'])('tells nothing that counts, with trustedProxies %s', async (trustedProxies) => {
    await start(trustedProxies);
    const proxy = await proxyAt('127.0.0.9', 'x-forwarded-for');
    expect(await guesses(proxy, '127.0.0.21', 5)).toEqual([401, 401, 401, 401, 401]);
    expect(await guesses(proxy, '127.0.0.22', 1)).toEqual([429]);
    expect(service.log()).toMatch(/"remoteAddress":"127.0.0.9".*authentication failed/);
  });
});

describe('the connections of a trusted proxy', () => {
  it('are those of many callers, so that the limit of one address is not for them', async () => {
    await start('127.0.0.9', { app: { connections: { max: 20, maxPerAddress: 2, newMilliseconds: 0 } } });
    const open = async (localAddress: string) => {
      const client = await connectRaw(service.address, { localAddress });
      client.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(client.socket, 'data');
      return client;
    };
    const ofProxy = await Promise.all(Array.from({ length: 6 }, () => open('127.0.0.9')));
    const ofOne = [await open('127.0.0.21'), await open('127.0.0.21'), await open('127.0.0.21')];
    // The oldest of three is one too many.
    await ofOne[0]?.ended;
    for (const { socket } of [...ofProxy, ...ofOne.slice(1)]) {
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(socket, 'data');
    }
    for (const { socket } of [...ofProxy, ...ofOne]) socket.destroy();
  });
});
