// Tests scripts/quickstart/console-link.ts
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../../../scripts/quickstart/api-client.js';
import { offerConsoleLink } from '../../../scripts/quickstart/console-link.js';
import { startService, type TestService } from '../../http/support/service.js';

let service: TestService;
let client: ApiClient;
beforeAll(async () => {
  service = await startService();
  client = await ApiClient.of({ host: '127.0.0.1', tls: null }, Number(new URL(service.address).port));
});
afterAll(() => service.close());

const offered = async (seconds?: number) => (await offerConsoleLink(client, service.tokenOf('root'), seconds)) ?? '';
const open = (link: string, method = 'GET') => fetch(link, { method, redirect: 'manual' });

it('signs one browser in, which then goes to the console', async () => {
  const link = await offered();
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/);
  for (const method of ['HEAD', 'POST']) expect((await open(link, method)).status).toBe(404);
  expect((await open(new URL('/other', link).href)).status).toBe(404);
  const answer = await open(link);
  expect(answer.status).toBe(303);
  expect(answer.headers.get('location')).toBe(`${client.origin}/console/`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const whoami = await fetch(`${client.origin}/v1/whoami`, { headers: { cookie } });
  expect(await whoami.json()).toMatchObject({ name: 'root' });
  // It is used, so nobody is there, or nobody is let in.
  expect(
    await open(link).then(
      ({ status }) => status,
      () => 404,
    ),
  ).toBe(404);
});

it('ends by itself', async () => {
  const link = await offered(0);
  await expect
    .poll(
      () =>
        open(link).then(
          ({ status }) => status,
          () => 'closed',
        ),
      { interval: 20 },
    )
    .toBe('closed');
});

it('is not there where browsers come over TLS or from elsewhere', async () => {
  for (const origin of ['https://127.0.0.1:1', 'http://kubepass.example:8080'])
    expect(
      await offerConsoleLink({ origin, send: () => Promise.reject(new Error('nobody asks')) }, 'token'),
    ).toBeNull();
});
