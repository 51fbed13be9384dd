// Tests src/http/hooks/waits.ts, src/callers/shares.ts, src/callers/routes/login-routes.ts
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../../../src/start/app.js';
import type { RouteContext } from '../../../../src/start/route-context.js';
import { writeAttempt } from '../../../../src/callers/routes/login-routes.js';
import { loginCookie } from '../../../../src/http/hooks/session-cookies.js';
import { standingOf } from '../../http/support/changes.js';
import { connectRaw, type RawClient } from '../../../http/support/raw-client.js';
import { startService, type TestService } from '../../../http/support/service.js';
import { comingAs, lettingIn, tokenOf } from '../../../http/support/ways-in.js';
import { withReaders } from '../../../helpers/other-methods.js';

let service: TestService;
const clients: RawClient[] = [];
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await service.close();
});
const start = async (
  app: Partial<AppOptions>,
  wrap: (context: RouteContext) => RouteContext = (context) => context,
) => {
  service = await startService({ context: (context) => wrap(lettingIn(context)), app });
};
const connect = async (localAddress = '127.0.0.1') => {
  const client = await connectRaw(service.address, { localAddress });
  clients.push(client);
  return client;
};
const call = async (path: string, fields: string, localAddress?: string) => {
  const client = await connect(localAddress);
  client.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`);
  return client;
};
const answered = (all: readonly RawClient[]) => all.filter(({ received }) => received() !== '');
const statusOf = async (client: RawClient) => {
  await client.receives('HTTP/1.1');
  return Number(/^HTTP\/1.1 (\d{3})/.exec(client.received())?.[1]);
};

let credentials = 0;
/** Waits for changes, each time with another credential of the name. */
const waitAs = (name: string, after: string, localAddress?: string) => {
  const token = tokenOf(name, [], { credentialId: `credential-${credentials++}` } as object);
  return call(`/v1/changes?after=${after}`, `Authorization: Bearer ${token}\r\nPrefer: wait=30\r\n`, localAddress);
};
const standing = () => standingOf(comingAs(service, 'somebody', []));
const max = 60;

describe('calls that wait', () => {
  it('are bounded by the exact name, however many credentials it has, and all together by a third of the connections', async () => {
    await start({ connections: { max, maxPerAddress: max } });
    const after = await standing();
    const own: RawClient[] = [];
    for (let i = 0; i < 40; i += 1) own.push(await waitAs('jane', after));
    await expect.poll(() => answered(own).length, { timeout: 20_000 }).toBe(40 - max / 6);
    for (const client of answered(own)) expect(await statusOf(client)).toBe(200);
    const others: RawClient[] = [];
    for (let i = 0; i < 30; i += 1) others.push(await waitAs(`person-${i}`, after));
    const waiting = () => [...own, ...others].length - answered([...own, ...others]).length;
    await expect.poll(waiting, { timeout: 20_000 }).toBe(max / 3);
    expect(answered(own)).toHaveLength(40);
  }, 60_000);

  it('are answered, and their connections closed, where somebody else needs one', async () => {
    const busy = Promise.withResolvers<undefined>();
    let working = 0;
    await start({ connections: { max: 12, maxPerAddress: 12 } }, (context) =>
      withReaders(context, 'certificates', {
        list: async (...asked) => {
          working += 1;
          await busy.promise;
          return context.store.certificates.list(...asked);
        },
      }),
    );
    const after = await standing();
    await expect.poll(() => service.connections(), { timeout: 20_000 }).toBe(0);
    const waiting: RawClient[] = [];
    for (let i = 0; i < 4; i += 1) waiting.push(await waitAs(`person-${i}`, after));
    const authorization = `Authorization: Bearer ${service.tokenOf('root')}\r\n`;
    for (let i = 0; i < 8; i += 1) await call('/v1/certificates', authorization);
    await expect.poll(() => working, { timeout: 20_000 }).toBe(8);
    const others = [];
    for (let i = 0; i < 4; i += 1) others.push(await call('/v1/certificates', authorization, '127.0.0.2'));
    await expect.poll(() => working, { timeout: 20_000 }).toBe(12);
    for (const client of waiting) {
      expect(await statusOf(client)).toBe(200);
      await client.ended;
      expect(client.received()).toMatch(/connection: close/i);
    }
    // Nobody waits any more, and no connection is idle: a probe is answered all the same, again and again.
    for (let i = 0; i < 40; i += 1) expect(await statusOf(await call('/livez', '', '127.0.0.3'))).toBe(200);
    expect(await statusOf(await call('/readyz', '', '127.0.0.3'))).toBe(200);
    const refused = await call('/v1/whoami', authorization, '127.0.0.3');
    expect(await statusOf(refused)).toBe(503);
    expect(refused.received()).toMatch(/retry-after: 1\r\n/i);
    // Guests who say nothing keep no probe out.
    for (let i = 0; i < 80; i += 1) await connect('127.0.0.4');
    expect(await statusOf(await call('/livez', '', '127.0.0.3'))).toBe(200);
    busy.resolve(undefined);
    await once(others[0]!.socket, 'data');
  }, 60_000);
});

describe('sign-ins while the provider hangs', () => {
  const secret = 'a'.repeat(43);
  const attempt = { issuer: 'corp', state: secret, nonce: secret, codeVerifier: secret, returnTo: '/docs' };
  const callback = (localAddress?: string) =>
    call(
      `/v1/login/corp/callback?code=x&state=${secret}`,
      `Cookie: ${loginCookie}=${writeAttempt(attempt)}\r\n`,
      localAddress,
    );

  it('ask it few questions at a time, of each address and in all, and others are answered', async () => {
    let asked = 0;
    await start({ connections: { max: 120, maxPerAddress: 120 } }, (context) => ({
      ...context,
      logins: {
        issuers: ['corp'],
        begin: () => Promise.reject(new Error('nobody begins')),
        finish: () => {
          asked += 1;
          return new Promise(() => undefined);
        },
      },
    }));
    const all: RawClient[] = [];
    for (let i = 0; i < 60; i += 1) all.push(await callback(`127.0.0.${1 + (i % 2)}`));
    // Sixteen of each address.
    await expect.poll(() => answered(all).length, { timeout: 20_000 }).toBe(60 - 32);
    expect(asked).toBe(32);
    for (const client of answered(all)) {
      expect(await statusOf(client)).toBe(503);
      // The browser keeps its attempt, so it can try again.
      expect(client.received()).not.toMatch(/set-cookie/i);
    }
    for (const client of answered(all)) client.socket.destroy();
    const others = [];
    for (let i = 0; i < 80; i += 1) others.push(await call('/livez', '', '127.0.0.3'));
    for (const client of others) expect(await statusOf(client)).toBe(200);
  }, 60_000);
});
