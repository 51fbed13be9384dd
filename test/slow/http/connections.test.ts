// Tests src/http/server/connections.ts, src/http/server/create-server.ts
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppOptions } from '../../../src/start/app.js';
import type { RouteContext } from '../../../src/start/route-context.js';
import { connectRaw, type RawClient } from '../../http/support/raw-client.js';
import { startService, type TestService } from '../../http/support/service.js';
import { makeTlsPair } from '../../http/support/tls-files.js';
import { withReaders } from '../../helpers/other-methods.js';

/** An answer that takes as long as `wait`. */
const slowly = (context: RouteContext, wait: () => Promise<unknown>): RouteContext =>
  withReaders(context, 'certificates', {
    list: async (...asked) => {
      await wait();
      return context.store.certificates.list(...asked);
    },
  });

describe.each(['HTTP', 'TLS'])('connections over %s', (protocol) => {
  let service: TestService;
  const clients: RawClient[] = [];
  const start = async (app: Partial<AppOptions>, wait: () => Promise<unknown> = () => sleep(300)) => {
    const tls = protocol === 'TLS' ? { tls: makeTlsPair() } : {};
    service = await startService({ context: (context) => slowly(context, wait), app: { ...app, ...tls } });
  };
  const connect = async (options: Parameters<typeof connectRaw>[1] = {}) => {
    const client = await connectRaw(service.address, options);
    clients.push(client);
    return client;
  };
  const get = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${service.tokenOf('root')}\r\n\r\n`;
  const isOpen = async (client: RawClient) => {
    client.socket.write(get('/livez'));
    return (await Promise.race([once(client.socket, 'data').then(() => 'open'), client.ended])) === 'open';
  };
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await service.close();
  });

  it('are limited for each address once they are not new: the oldest are cut that do nothing, also before a handshake', async () => {
    await start({ connections: { max: 100, maxPerAddress: 5, newMilliseconds: 500 } });
    const silent = [];
    for (let i = 0; i < 8; i += 1) silent.push(await connect({ over: 'TCP' }));
    expect(await isOpen(await connect({ localAddress: '127.0.0.2' }))).toBe(true);
    for (const { ended } of silent.slice(0, 3)) expect(await ended).toBeLessThan(20_000);
    await expect.poll(() => service.connections()).toBe(6);
    expect(await isOpen(await connect())).toBe(true);
    const told = service
      .log()
      .split('\n')
      .filter((line) => line.includes('too many connections'));
    expect(told.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 'warn', cut: 1, remoteAddress: '127.0.0.1', maxPerAddress: 5 }),
    ]);
  });

  it('are limited in all: the address that has most makes room for others', async () => {
    await start({ connections: { max: 4, maxPerAddress: 3 } });
    const first = await connect({ over: 'TCP' });
    for (const localAddress of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) await connect({ over: 'TCP', localAddress });
    await expect.poll(() => service.connections()).toBe(4);
    expect(await isOpen(await connect({ localAddress: '127.0.0.5' }))).toBe(true);
    await first.ended;
    await expect.poll(() => service.connections()).toBe(4);
  });

  it('make room where the rest of their requests does not arrive', async () => {
    await start({ connections: { max: 4, maxPerAddress: 4 } });
    const half = 'POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{';
    for (const localAddress of ['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2'])
      (await connect({ localAddress })).socket.write(half);
    await sleep(200);
    for (const localAddress of ['127.0.0.3', '127.0.0.4', '127.0.0.5'])
      expect(await isOpen(await connect({ localAddress }))).toBe(true);
  });

  it('make room where nobody reads their answers', async () => {
    await start({ connections: { max: 2, maxPerAddress: 2 } });
    for (const localAddress of ['127.0.0.1', '127.0.0.2']) {
      const { socket } = await connect({ localAddress });
      socket.pause();
      socket.write(get('/openapi.json').repeat(5));
    }
    await sleep(200);
    const comes = async () => isOpen(await connect({ localAddress: '127.0.0.3' }));
    await expect.poll(comes, { timeout: 15_000 }).toBe(true);
  });

  it('are refused where each of the others has a request under way', async () => {
    const answer = Promise.withResolvers<undefined>();
    const wait = vi.fn(() => answer.promise);
    await start({ connections: { max: 2, maxPerAddress: 2 } }, wait);
    for (const localAddress of ['127.0.0.1', '127.0.0.2'])
      (await connect({ localAddress })).socket.write(get('/v1/certificates'));
    await expect.poll(() => wait.mock.calls.length, { timeout: 15_000 }).toBe(2);
    expect(await (await connect({ over: 'TCP', localAddress: '127.0.0.3' })).ended).toBeLessThan(20_000);
    answer.resolve(undefined);
  });

  it('are cut when the drain ends, whatever they do, and requests under way are answered', async () => {
    await start({ drainMilliseconds: 1_000 });
    for (let i = 0; i < 50; i += 1) await connect({ over: 'TCP' });
    for (let i = 0; i < 5; i += 1) {
      const { socket } = await connect();
      socket.write('GET /livez HTTP/1.1\r\nHos');
    }
    const busy = await connect();
    busy.socket.write(get('/v1/certificates'));
    await sleep(100);
    const before = performance.now();
    await service.stop();
    const took = performance.now() - before;
    expect(took).toBeGreaterThan(900);
    expect(took).toBeLessThan(4_000);
    expect(busy.received()).toMatch(/^HTTP\/1.1 200 [\s\S]*"items":\[\]/);
    expect(service.log()).toContain('connections are still open: they are cut');
  });

  it('end soon after a request that cannot be read, although the client keeps its side open and goes on', async () => {
    await start({});
    const client = await connect();
    client.socket.write('NONSENSE\r\n\r\n');
    const more = setInterval(() => client.socket.write('MORE\r\n'), 100);
    await client.ended;
    await expect.poll(() => service.connections(), { timeout: 15_000 }).toBe(0);
    clearInterval(more);
    expect(client.received().match(/HTTP\/1.1 400 /g)).toHaveLength(1);
  });

  it('answer the requests before one that cannot be read, each with its own answer', async () => {
    await start({});
    const client = await connect();
    client.socket.write(`${get('/v1/certificates')}${get('/v1/whoami')}NONSENSE\r\n\r\n`);
    await client.ended;
    expect(client.received().match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(client.received()).toMatch(/"items":\[\][\s\S]*"name":"root"[\s\S]*invalid-request/);
  });

  it('answer five requests that come at once, and end where there are more', async () => {
    await start({});
    const five = await connect();
    five.socket.write(get('/v1/certificates').repeat(5));
    await expect.poll(() => five.received().match(/HTTP\/1.1 200/g)?.length).toBe(5);
    expect(await isOpen(five)).toBe(true);
    const many = await connect();
    many.socket.write(get('/v1/certificates').repeat(50));
    await many.ended;
    expect(many.received().match(/HTTP\/1.1 \d+/g)).toEqual(Array.from({ length: 5 }, () => 'HTTP/1.1 200'));
  });

  it('get 400 for a request without a Host, in turn', async () => {
    await start({});
    const client = await connect();
    client.socket.write(`${get('/v1/certificates')}GET /livez HTTP/1.1\r\n\r\n${get('/livez')}`);
    await client.ended;
    expect(client.received().match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });
});
