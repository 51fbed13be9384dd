// Tests src/http/pages/documentation-routes.ts, src/http/pages/sign-in-bar.ts, src/callers/routes/login-routes.ts,
// src/http/hooks/authentication.ts
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from '../http/support/call.js';
import { startService } from '../http/support/service.js';
import { startSignInService, type SignInService } from '../http/support/sign-in.js';
import { makeTlsPair } from '../http/support/tls-files.js';
import { chromiumPath, launchChromium, screenshots } from './chromium.js';
import { tryOut } from './swagger-page.js';

const accounts = {
  jane: { groups: ['staff'] },
  bob: { groups: ['oncall'] },
  ivan: { groups: ['staff', 'oncall'] },
  lena: { groups: ['staff'] },
};

let opened: SignInService;
let browser: Browser;
/** Everything that the identity provider answered to the service for a code. */
const tokens: string[] = [];

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  await mkdir(screenshots, { recursive: true });
  opened = await startSignInService({ accounts, app: { tls: makeTlsPair() } });
  opened.provider.intercept = (request, response) => {
    if (request.url !== '/token') return false;
    const end = response.end.bind(response);
    response.end = ((body: string) => {
      const answered = JSON.parse(body) as Readonly<Record<string, unknown>>;
      tokens.push(...['access_token', 'id_token'].map((name) => String(answered[name])));
      return end(body);
    }) as typeof response.end;
    return false;
  };
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await opened.close();
});

/** A person with a browser of their own, and everything that a page of it could have seen. */
async function person() {
  // The service and the provider have certificates that no browser knows.
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 1600 } });
  const page = await context.newPage();
  const urls: string[] = [];
  const bodies: Promise<string>[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => urls.push(request.url(), request.postData() ?? ''));
  page.on('framenavigated', (frame) => urls.push(frame.url()));
  page.on('response', (response) => {
    if (new URL(response.url()).origin === opened.origin) bodies.push(response.text().catch(() => ''));
  });
  page.on('console', (message) => {
    const isOurs = message.location().url.startsWith(opened.origin);
    if (isOurs && (message.type() === 'error' || message.text().includes('Content Security Policy')))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const seen = async () =>
    [
      ...urls,
      ...(await Promise.all(bodies)),
      await page.content(),
      ...complaints,
      JSON.stringify(await storageOf(page)),
    ].join('\n');
  return { context, page, complaints, seen };
}

const storageOf = (page: Page): Promise<unknown> =>
  page.evaluate(`(async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    cookies: document.cookie,
    name: window.name,
    history: history.state,
  }))()`);

const barOf = (page: Page) => page.getByRole('region', { name: 'Sign-in' });

/** Signs in from Swagger UI, as a person does. `again`: the provider remembers them, and asks nothing. */
async function signIn(page: Page, account: string, { again = false } = {}): Promise<void> {
  await page.goto(`${opened.origin}/docs`);
  await barOf(page).getByRole('link', { name: 'Sign in with corp' }).click();
  if (!again) {
    await page.getByRole('textbox', { name: 'Login' }).fill(account);
    await page.getByRole('textbox', { name: 'Password' }).fill('any');
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  await page.waitForURL(`${opened.origin}/docs`);
  await barOf(page).getByText(`Signed in as ${account}`).waitFor();
}

/** The cookies of the service. The provider, whose host is the same, has others. */
const cookiesOf = async (context: BrowserContext) =>
  (await context.cookies(opened.origin)).filter(({ name }) => name.includes('kubepass'));
const secretOf = async (context: BrowserContext) =>
  (await cookiesOf(context)).find(({ name }) => name === '__Host-kubepass-session')?.value ?? '';

/** Signs in without Swagger UI, which takes its time. */
async function signInQuickly(page: Page, account: string): Promise<void> {
  await page.goto(`${opened.origin}/v1/login/corp?returnTo=/v1/whoami`);
  await page.getByRole('textbox', { name: 'Login' }).fill(account);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${opened.origin}/v1/whoami`);
  expect(await page.content()).toContain(`"name":"${account}"`);
}

describe.skipIf(chromiumPath === undefined)('Swagger UI after a sign-in', () => {
  it('asks, lets a second person approve, and signs out, and no token is anywhere in the browser or the log', async () => {
    const [jane, bob] = [await person(), await person()];
    await jane.page.goto(`${opened.origin}/docs`);
    await jane.page.screenshot({ path: join(screenshots, 'sign-in-bar.png') });
    await signIn(jane.page, 'jane');
    expect(await barOf(jane.page).innerText()).toContain('Signed in as jane (requester)');
    await jane.page.screenshot({ path: join(screenshots, 'signed-in.png') });

    const asked = await tryOut(jane.page, 'post', '/v1/certificate-requests', {
      username: 'jane-laptop',
      groups: ['ops-eu'],
    });
    expect(asked.status).toBe('201');
    const id = /"id":\s*"([0-9a-f-]{36})"/.exec(asked.body)?.[1] ?? '';
    const own = await tryOut(jane.page, 'post', '/v1/certificate-requests/{id}/approve', { comment: 'mine' }, { id });
    expect(own.status).toBe('403');

    await signIn(bob.page, 'bob');
    expect(await barOf(bob.page).innerText()).toContain('Signed in as bob (approver)');
    const approved = await tryOut(
      bob.page,
      'post',
      '/v1/certificate-requests/{id}/approve',
      { comment: 'as agreed' },
      { id },
    );
    expect(approved.status).toBe('200');
    expect(approved.body).toContain('"state": "approved"');
    const collected = await tryOut(jane.page, 'post', '/v1/certificate-requests/{id}/kubeconfig', null, { id });
    expect(collected.status).toBe('200');
    expect(collected.body).toContain('client-key-data:');

    // Both have a session, and only the cookie jar knows its secret.
    const secrets = [await secretOf(jane.context), await secretOf(bob.context)];
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/);
    const stored = JSON.stringify(await storageOf(jane.page));
    expect(stored).toContain('__Host-kubepass-signed-in=1');

    await barOf(jane.page).getByRole('button', { name: 'Sign out' }).click();
    await barOf(jane.page).getByText('Signed out.').waitFor();
    await jane.page.screenshot({ path: join(screenshots, 'signed-out.png') });
    expect(await cookiesOf(jane.context)).toEqual([]);
    const refused = await tryOut(jane.page, 'get', '/v1/whoami', null);
    expect(refused.status).toBe('401');
    expect(refused.body).toContain('/v1/login/corp');
    expect(jane.complaints.filter((text) => !/status of (401|403)/.test(text))).toEqual([]);
    expect(bob.complaints).toEqual([]);

    expect(tokens).toHaveLength(4);
    for (const secret of [...tokens, ...secrets, opened.clientSecret]) {
      expect(secret.length).toBeGreaterThan(20);
      for (const text of [await jane.seen(), await bob.seen(), opened.service.log()])
        expect(text).not.toContain(secret);
    }
    for (const text of [await jane.seen(), await bob.seen(), opened.service.log()])
      expect(text).not.toMatch(/\beyJ[\w-]+\.eyJ/);

    const { items } = as.events(await opened.service.as('audrey')('get', '/v1/audit-events?limit=500'));
    const told = items
      .filter(({ type }) => /^Signed|RequestApproved/.test(type))
      .map(({ type, principal }) => [type, principal]);
    expect(told).toEqual([
      ['SignedIn', 'jane'],
      ['SignedIn', 'bob'],
      ['RequestApproved', 'bob'],
      ['SignedOut', 'jane'],
    ]);
    await Promise.all([jane.context.close(), bob.context.close()]);
  });

  it('ends when it was not used for an hour, and when the person is blocked', async () => {
    const lena = await person();
    await signIn(lena.page, 'lena');
    expect((await tryOut(lena.page, 'get', '/v1/whoami', null)).status).toBe('200');
    opened.service.advance(3_601);
    await lena.page.reload();
    await expect.poll(() => barOf(lena.page).textContent()).toContain('Your session has ended.');
    expect((await tryOut(lena.page, 'get', '/v1/whoami', null)).status).toBe('401');
    expect(await cookiesOf(lena.context)).toEqual([]);

    await signIn(lena.page, 'lena', { again: true });
    await opened.service
      .as('petra')('post', '/v1/identities/lena/block')
      .send({ reason: 'cessationOfOperation' })
      .expect(200);
    expect((await tryOut(lena.page, 'get', '/v1/whoami', null)).status).toBe('401');

    // The identity provider still knows her; kubepass does not let her in.
    await lena.page.goto(`${opened.origin}/v1/login/corp`);
    await lena.page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
    await lena.page.screenshot({ path: join(screenshots, 'not-signed-in.png') });
    expect(lena.page.url()).toContain('/v1/login/corp/callback');
    expect(await secretOf(lena.context)).toBe('');
    await lena.context.close();
  });
});

describe.skipIf(chromiumPath === undefined)('a session of an API token over plain HTTP', () => {
  it.each(['127.0.0.1', 'localhost'])('is kept by the browser under %s, and ends with the token', async (host) => {
    const plain = await startService();
    const origin = plain.address.replace('127.0.0.1', host);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${origin}/docs`);
    await barOf(page).getByRole('link', { name: 'Sign in with an API token' }).waitFor();
    const made = as.token(
      await plain
        .as('root')('post', '/v1/api-tokens')
        .send({ name: 'tok', roles: ['requester'] })
        .expect(201),
    );
    const headers = JSON.stringify({ authorization: `Bearer ${made.token}` });
    expect(
      await page.evaluate(`fetch('/v1/sessions', { method: 'POST', headers: ${headers} }).then((a) => a.status)`),
    ).toBe(201);
    await page.reload();
    await barOf(page).getByText('Signed in as tok (requester)').waitFor();
    const asked = await tryOut(page, 'post', '/v1/certificate-requests', { username: 'x', groups: ['ops-eu'] });
    expect(asked.status).toBe('201');
    await plain.as('root')('delete', `/v1/api-tokens/${made.id}`).expect(204);
    await page.reload();
    await expect.poll(() => barOf(page).textContent()).toContain('Your session has ended.');
    expect(await context.cookies(origin)).toEqual([]);
    await context.close();
    await plain.close();
  });
});

describe.skipIf(chromiumPath === undefined)('a page of another origin', () => {
  let server: Server;
  let port: number;
  /** The page that the server serves next. */
  let html = '';
  beforeAll(async () => {
    server = createServer(makeTlsPair(), (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** A request that waits for an approver, and a session of one. */
  async function approver() {
    const ask = { username: 'mallory', groups: ['ops-eu'] };
    const { headers } = await opened.service.as('alice')('post', '/v1/certificate-requests').send(ask).expect(201);
    const ivan = await person();
    await signInQuickly(ivan.page, 'ivan');
    return { ...ivan, approve: `${opened.origin}${headers['location']}/approve`, request: headers['location'] ?? '' };
  }
  const stateOf = async (request: string) => as.request(await opened.service.as('audrey')('get', request)).state;

  /** A neighbour is the same site: the browser sends the cookie, SameSite or not. */
  const neighbour = () => `https://127.0.0.1:${port}/`;
  const stranger = () => `https://localhost:${port}/`;

  const forms: Readonly<Record<string, (action: string) => string>> = {
    'an empty form': (action) => `<form method="post" action="${action}"><button>x</button></form>`,
    'a form': (action) =>
      `<form method="post" action="${action}"><input name="comment" value="x"><button>x</button></form>`,
    'a form of text that is JSON': (action) =>
      `<form method="post" enctype="text/plain" action="${action}"><input name='{"comment":"' value='"}'><button>x</button></form>`,
    'a form with files': (action) =>
      `<form method="post" enctype="multipart/form-data" action="${action}"><input name="comment" value="x"><button>x</button></form>`,
  };

  it.each(Object.keys(forms))('cannot approve with %s and the cookie', async (form) => {
    const { context, page, approve, request } = await approver();
    html = forms[form]!(approve);
    for (const [from, cookieAsNone] of [
      [neighbour(), false],
      [stranger(), true],
    ] as const) {
      // A browser that ignored SameSite would send it to strangers' forms too.
      if (cookieAsNone) {
        const cookie = { name: '__Host-kubepass-session', value: await secretOf(context), url: opened.origin };
        await context.addCookies([{ ...cookie, secure: true, httpOnly: true, sameSite: 'None' }]);
      }
      await page.goto(from);
      const before = opened.service.log().length;
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.url() === approve),
        page.getByRole('button').click(),
      ]);
      expect(await answer.request().headerValue('cookie')).toContain('__Host-kubepass-session=');
      expect(answer.status()).toBe(403);
      expect(opened.service.log().slice(before)).toContain('Sec-Fetch-Site is not same-origin');
    }
    expect(await stateOf(request)).toBe('pending');
    await context.close();
  });

  it('does not even get the cookie along where it is a stranger', async () => {
    const { context, page, approve, request } = await approver();
    html = forms['an empty form']!(approve);
    await page.goto(stranger());
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url() === approve),
      page.getByRole('button').click(),
    ]);
    expect(answer.status()).toBe(401);
    expect(await stateOf(request)).toBe('pending');
    await context.close();
  });

  it('cannot call by script, and reads nothing', async () => {
    const { context, page, approve, request } = await approver();
    html = '<title>neighbour</title>';
    await page.goto(neighbour());
    const tried = await page.evaluate(`(async () => {
      const outcome = (call) => call.then((answer) => answer.type + ' ' + answer.status, () => 'failed');
      const init = { method: 'POST', credentials: 'include' };
      return [
        await outcome(fetch('${approve}', { ...init, mode: 'no-cors' })),
        await outcome(fetch('${approve}', { ...init, mode: 'no-cors', body: '{}' })),
        await outcome(fetch('${approve}', { ...init, headers: { 'content-type': 'application/json' }, body: '{}' })),
        await outcome(fetch('${opened.origin}/v1/whoami', { credentials: 'include' })),
        await outcome(fetch('${opened.origin}/v1/sessions/current', { method: 'DELETE', credentials: 'include' })),
      ];
    })()`);
    expect(tried).toEqual(Array(5).fill('failed'));
    expect(await stateOf(request)).toBe('pending');
    const answer = await page.goto(`${opened.origin}/v1/whoami`);
    expect(answer?.status()).toBe(200);
    await context.close();
  });

  it('is not where a sign-in leads, and does not frame one', async () => {
    const { page, context } = await person();
    const answer = await page.goto(
      `${opened.origin}/v1/login/corp?returnTo=${encodeURIComponent(`//127.0.0.1:${port}/`)}`,
    );
    expect(answer?.status()).toBe(400);
    html = `<iframe src="${opened.origin}/docs"></iframe>`;
    await page.goto(neighbour());
    expect(await page.frames()[1]?.content()).not.toContain('swagger-ui');
    await context.close();
  });
});
