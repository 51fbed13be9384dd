// Tests src/http/hooks/request-bodies.ts, src/callers/shares.ts
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOctets } from '../../../../src/http/hooks/request-bodies.js';
import { everyRoute, type Route } from '../../../http/support/every-route.js';
import type { RouteContext } from '../../../../src/start/route-context.js';
import { connectRaw, type RawClient } from '../../../http/support/raw-client.js';
import { startService, type TestService } from '../../../http/support/service.js';
import { lettingIn, tokenOf } from '../../../http/support/ways-in.js';

const mebibyte = 2 ** 20;
/** Node reads 64 KiB at once, and the headers may come by themselves. */
const mostRead = 2 * 64 * 1024;
/**
 * A body that begins with chunks of a single octet, more than a reader takes. The chunk behind them says how much was
 * read: a request with as many octets in chunks of one costs Node's parser 20 ms.
 */
const manyChunks = Buffer.concat([
  Buffer.from('1\r\na\r\n'.repeat(2_048)),
  Buffer.from(`${(4 * mostRead).toString(16)}\r\n`),
  Buffer.alloc(4 * mostRead),
]);

let service: TestService;
let routes: readonly Route[];
/** The requests that the service has seen, by their id. */
const seen = new Map<string, IncomingMessage>();
const see = (message: unknown) => {
  const { request } = message as { readonly request: IncomingMessage };
  seen.set(String(request.headers['x-request-id']), request);
};
/** Callers are looked up when this has resolved. */
let lookUps: Promise<void> = Promise.resolve();
const lettingInLater = (context: RouteContext): RouteContext => {
  const { authenticator, ...others } = lettingIn(context);
  return {
    ...others,
    authenticator: {
      ...authenticator,
      async authenticate(...given) {
        await lookUps;
        return authenticator.authenticate(...given);
      },
    },
  };
};
beforeAll(async () => {
  subscribe('http.server.request.start', see);
  service = await startService({ context: lettingInLater, environment: { KUBEPASS_BUDGETS: 'off' } });
  const unknown = ['/', '/v1/nowhere', '/scim/v2/Nobody', '/nowhere?x=1', '/docs/nowhere', '/v1/certificates/%zz'];
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
  const known = await everyRoute();
  const paths = [...new Set(known.map(({ url }) => url)), ...unknown];
  routes = paths.flatMap((url) => methods.map((method) => ({ method, url, path: url })));
});
afterAll(async () => {
  unsubscribe('http.server.request.start', see);
  await service.close();
});

const types = { scim: 'application/scim+json', json: 'application/json', upload: 'application/octet-stream' };
let calls = 0;

interface Sent {
  readonly client: RawClient;
  readonly id: string;
}

/** Sends the headers of a call, and what follows. */
async function send(
  { method, url }: Route,
  token: string | null,
  fields: string,
  body: string | Buffer,
): Promise<Sent> {
  const client = await connectRaw(service.address);
  const id = `call-${++calls}`;
  const type = url.startsWith('/scim') ? types.scim : url === '/v1/inspections' ? types.upload : types.json;
  const authorization = token === null ? '' : `Authorization: Bearer ${token}\r\n`;
  const headers = `Host: x\r\nX-Request-Id: ${id}\r\nContent-Type: ${type}\r\n${authorization}${fields}`;
  client.socket.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n\r\n`);
  client.socket.write(body);
  return { client, id };
}

const statusOf = ({ client }: Sent) => Number(/^HTTP\/1.1 (\d{3})/.exec(client.received())?.[1]);

describe('a body that begins with chunks of an octet', () => {
  it.each([
    ['without a credential', () => null],
    ['of somebody without a role', () => tokenOf('nobody', [])],
    ['of an admin', () => service.tokenOf('root')],
  ])('is not read by any method and path, known or not, %s', async (_whose, token) => {
    const wrong: string[] = [];
    const statuses = new Map<number, number>();
    const queue = [...routes];
    const one = async (route: Route) => {
      const sent = await send(route, token(), 'Transfer-Encoding: chunked', manyChunks);
      await sent.client.ended;
      const request = seen.get(sent.id);
      const [read, kept] = [request?.socket.bytesRead ?? Infinity, request?.readableLength ?? Infinity];
      sent.client.socket.destroy();
      const status = statusOf(sent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (!(status >= 200 && status < 500) || read > mostRead || kept > 0)
        wrong.push(`${route.method} ${route.url}: ${status}, ${read} octets read, ${kept} kept`);
    };
    const sender = async () => {
      for (let route = queue.shift(); route; route = queue.shift()) await one(route);
    };
    await Promise.all(Array.from({ length: 60 }, sender));
    expect(wrong).toEqual([]);
    // Public resources are there for everybody, and nobody is let in by mistake.
    if (token() === null) expect([...statuses.keys()].filter((status) => status === 201 || status === 202)).toEqual([]);
  });
});

describe('bodies under way', () => {
  const upload: Route = { method: 'POST', url: '/v1/inspections', path: '/v1/inspections' };
  const half = Buffer.alloc(mebibyte / 2, 0x20);
  const begin = (name: string) => send(upload, tokenOf(name, ['requester']), `Content-Length: ${mebibyte}`, half);
  const refusedOf = (sent: readonly Sent[]) => sent.filter((one) => statusOf(one) === 503);
  const end = (sent: readonly Sent[]) => {
    for (const { client } of sent) client.socket.destroy();
  };

  it('have a share for each name, and a bound for all; beyond it a call is told so before its body is read', async () => {
    const share = bodyOctets.ofName / mebibyte;
    const own = await Promise.all(Array.from({ length: share + 20 }, () => begin('taker')));
    await expect.poll(() => refusedOf(own).length, { timeout: 20_000 }).toBe(20);
    for (const one of refusedOf(own)) {
      expect(one.client.received()).toMatch(/retry-after: 1\r\n/i);
      expect(seen.get(one.id)?.readableLength).toBe(0);
    }
    // Somebody else has a share.
    const [other] = await Promise.all([begin('other')]);
    other.client.socket.write(half);
    await other.client.receives('HTTP/1.1');
    expect(statusOf(other)).toBe(200);
    const names = bodyOctets.all / bodyOctets.ofName;
    const others: Sent[] = [];
    for (let i = 1; i < names; i += 1)
      others.push(...(await Promise.all(Array.from({ length: share }, () => begin(`taker-${i}`)))));
    const late = await begin('late');
    await late.client.receives('HTTP/1.1');
    expect(statusOf(late)).toBe(503);
    expect(refusedOf(others)).toEqual([]);
    end([...own, ...others, late, other]);
    // The room is there again.
    const again = async () => {
      const sent = await begin('late');
      sent.client.socket.write(half);
      await sent.client.receives('HTTP/1.1');
      end([sent]);
      return statusOf(sent);
    };
    await expect.poll(again, { timeout: 20_000 }).toBe(200);
  });

  it('give their room back where their client has gone before its caller was looked up', async () => {
    let lookUp: () => void = () => undefined;
    lookUps = new Promise((resolve) => (lookUp = resolve));
    const octets = 60 * 1024;
    const gone: Sent[] = [];
    for (let i = 0; i < bodyOctets.ofName / octets + 20; i += 1) {
      const sent = await send(
        upload,
        tokenOf('gone', ['requester']),
        `Content-Length: ${octets}`,
        Buffer.alloc(octets),
      );
      sent.client.socket.end();
      gone.push(sent);
    }
    await expect.poll(() => gone.filter(({ id }) => seen.get(id)?.destroyed !== true)).toEqual([]);
    expect(gone.filter(({ id }) => seen.get(id)?.complete)).not.toEqual([]);
    lookUp();
    const next = await begin('gone');
    next.client.socket.write(half);
    await next.client.receives('HTTP/1.1');
    expect(statusOf(next)).toBe(200);
    end([...gone, next]);
  });

  it('are not begun where their length is told, and is too much', async () => {
    const sent = await send(upload, tokenOf('taker', ['requester']), 'Content-Length: 9000000', half);
    await sent.client.receives('HTTP/1.1');
    expect(statusOf(sent)).toBe(413);
    expect(seen.get(sent.id)?.socket.bytesRead).toBeLessThan(mostRead);
    end([sent]);
  });

  it('are asked for by 100 Continue where they are wanted, and nowhere else', async () => {
    const expecting = (token: string | null) =>
      send(upload, token, 'Content-Length: 3\r\nExpect: 100-continue', Buffer.alloc(0));
    const wanted = await expecting(tokenOf('taker', ['requester']));
    await wanted.client.receives('100 Continue');
    wanted.client.socket.write('abc');
    await wanted.client.receives('200 OK');
    expect(wanted.client.received()).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    const unwanted = await expecting(null);
    await unwanted.client.receives('HTTP/1.1');
    expect(statusOf(unwanted)).toBe(401);
    end([wanted, unwanted]);
  });

  it('of a short length that is told are dropped where nobody wants them, and the connection goes on', async () => {
    const { client } = await send(upload, null, 'Content-Length: 6', 'abc');
    await client.receives('HTTP/1.1 401');
    client.socket.write('defGET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.receives('HTTP/1.1 200');
    expect(client.received()).toMatch(/^HTTP\/1.1 401 [\s\S]*HTTP\/1.1 200 OK/);
    client.socket.destroy();
  });
});
