// Tests src/callers/sessions.ts, src/callers/routes/session-routes.ts, src/http/hooks/session-cookies.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionBody } from '../../../src/callers/routes/session-routes.js';
import { as } from '../../http/support/call.js';
import { SigningBrowser, startSignInService, type SignInService } from '../../http/support/sign-in.js';
import type { Method } from '../../http/support/service.js';

let opened: SignInService;
beforeAll(async () => {
  opened = await startSignInService({
    accounts: { jane: { groups: ['staff'] }, bob: { groups: ['oncall'] }, 'root-person': {} },
    app: { failedAuthenticationsPerMinute: 1000 },
  });
});
afterAll(() => opened.close());

async function signedIn(account: string): Promise<SigningBrowser> {
  const browser = new SigningBrowser(opened);
  await browser.signIn(account);
  return browser;
}
/** A call by a page of the service. */
const call = (browser: SigningBrowser, method: Method, url: string) =>
  opened.service.anonymous(method, url).set('cookie', browser.cookies).set('sec-fetch-site', 'same-origin');
const list = async (browser: SigningBrowser) =>
  ((await call(browser, 'get', '/v1/sessions').expect(200)).body as { items: SessionBody[] }).items;
const endedBy = async () => {
  const { items } = as.events(await opened.service.as('audrey')('get', '/v1/audit-events?type=SignedOut'));
  const last = items.at(-1);
  return { by: last?.principal, ...last?.details };
};

describe('sessions', () => {
  it('are listed to their owner, and all of them to an admin', async () => {
    const [jane, other, admin] = [await signedIn('jane'), await signedIn('jane'), await signedIn('root-person')];
    await signedIn('bob');
    const own = await list(jane);
    expect(own.map(({ name, current }) => [name, current])).toEqual([
      ['jane', false],
      ['jane', true],
    ]);
    expect(own[1]).toMatchObject({ groups: ['staff'], issuer: 'corp' });
    expect(Date.parse(own[1]!.expiresAt) - Date.parse(own[1]!.createdAt)).toBe(43_200_000);
    const all = await list(admin);
    expect(new Set(all.map(({ name }) => name))).toEqual(new Set(['jane', 'bob', 'root-person']));
    expect((await opened.service.as('root')('get', '/v1/sessions').expect(200)).body).toMatchObject({
      items: all.map(({ id }) => ({ id, current: false })),
    });
    expect((await opened.service.as('alice')('get', '/v1/sessions').expect(200)).body).toMatchObject({ items: [] });
    await call(other, 'delete', '/v1/sessions/current').expect(204);
  });

  it('end by themselves: their own browser is signed out and loses its cookies', async () => {
    const jane = await signedIn('jane');
    const { headers } = await call(jane, 'delete', '/v1/sessions/current').expect(204);
    expect(headers['set-cookie']).toEqual([
      '__Host-kubepass-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      '__Host-kubepass-signed-in=; Max-Age=0; Path=/; Secure; SameSite=Lax',
    ]);
    expect(await endedBy()).toMatchObject({ by: 'jane', name: 'jane', issuer: 'corp', reason: 'SignedOut' });
    const refused = await call(jane, 'get', '/v1/whoami').expect(401);
    expect(as.problem(refused).detail).toBe('send a bearer token, or sign in with a browser at /v1/login/corp');
    expect(refused.headers['set-cookie']).toEqual(headers['set-cookie']);
    expect(opened.service.log()).toContain('"reason":"SessionEnded"');
  });

  it('are ended by their owner from another browser, by an admin, and by nobody else', async () => {
    const [jane, home, bob, admin] = [
      ...[await signedIn('jane'), await signedIn('jane')],
      ...[await signedIn('bob'), await signedIn('root-person')],
    ] as const;
    const idOf = async (browser: SigningBrowser) => (await list(browser)).find(({ current }) => current)!.id;
    const ids = [await idOf(jane), await idOf(home)];
    await call(bob, 'delete', `/v1/sessions/${ids[0]}`).expect(404);
    await opened.service.as('alice')('delete', `/v1/sessions/${ids[0]}`).expect(404);
    await call(bob, 'delete', '/v1/sessions/unknown').expect(404);
    await opened.service.as('root')('delete', '/v1/sessions/current').expect(404);

    const { headers } = await call(jane, 'delete', `/v1/sessions/${ids[1]}`).expect(204);
    expect(headers['set-cookie']).toBeUndefined();
    await call(home, 'get', '/v1/whoami').expect(401);
    await call(jane, 'get', '/v1/whoami').expect(200);
    await call(jane, 'delete', `/v1/sessions/${ids[1]}`).expect(204);

    await call(admin, 'delete', `/v1/sessions/${ids[0]}`).expect(204);
    expect(await endedBy()).toMatchObject({ by: 'root-person', name: 'jane', reason: 'EndedByAnother' });
    await call(jane, 'get', '/v1/whoami').expect(401);
  });

  it('do what their owner may do, and no more', async () => {
    const [jane, bob] = [await signedIn('jane'), await signedIn('bob')];
    const asked = await call(jane, 'post', '/v1/certificate-requests').send({ username: 'x', groups: ['ops-a'] });
    expect(asked.status).toBe(201);
    const location = asked.headers['location'] ?? '';
    await call(jane, 'post', `${location}/approve`).send({}).expect(403);
    await call(bob, 'post', `${location}/approve`).send({}).expect(200);
    await call(bob, 'post', '/v1/certificate-requests')
      .send({ username: 'x', groups: ['team-a'] })
      .expect(403);
  });

  it('end when they are not used for an hour, whichever page is open', async () => {
    const own = await startSignInService({ accounts: { jane: {} } });
    const jane = new SigningBrowser(own);
    await jane.signIn('jane');
    const usedAt = async () => {
      const { items } = JSON.parse((await jane.call('/v1/sessions')).body) as { items: { usedAt: string }[] };
      return items[0]?.usedAt;
    };
    for (let i = 0; i < 3; i += 1) {
      const before = await usedAt();
      own.service.advance(3_000);
      expect((await jane.call('/v1/whoami')).status).toBe(200);
      // The answer does not wait for it to be written down.
      await expect.poll(usedAt).not.toBe(before);
    }
    own.service.advance(3_599);
    expect((await jane.call('/v1/whoami')).status).toBe(200);
    own.service.advance(3_601);
    expect((await jane.call('/v1/whoami')).status).toBe(401);
    expect(own.service.log()).toContain('"reason":"SessionExpired"');
    await own.close();
  });
});

describe('the cookie of a session', () => {
  const forged = (cookie: string) => opened.service.anonymous('get', '/v1/whoami').set('cookie', cookie);

  it.each([
    ['an empty secret', '__Host-kubepass-session='],
    ['a secret that is none', `__Host-kubepass-session=${'a'.repeat(43)}`],
    ['a secret in quotes', `__Host-kubepass-session="${'a'.repeat(43)}"`],
    ['an API token', '__Host-kubepass-session=TOKEN'],
  ])('lets nobody in with %s', async (_, cookie) => {
    await forged(cookie.replace('TOKEN', opened.service.tokenOf('root'))).expect(401);
  });

  it('is nothing under another name, or as a bearer token', async () => {
    const jane = await signedIn('jane');
    const secret = /__Host-kubepass-session=([\w-]+)/.exec(jane.cookies)?.[1] ?? '';
    for (const name of ['kubepass-session', '__host-kubepass-session', '__Secure-kubepass-session'])
      await forged(`${name}=${secret}`).expect(401);
    await opened.service.withToken(secret)('get', '/v1/whoami').expect(401);
    await forged(`__Host-kubepass-session=${secret}`).expect(200);
  });

  it('gives way to a bearer token, which is the one that somebody put there', async () => {
    const jane = await signedIn('jane');
    const { body } = await opened.service.as('alice')('get', '/v1/whoami').set('cookie', jane.cookies).expect(200);
    expect(body).toMatchObject({ name: 'alice', method: 'api-token' });
    await opened.service
      .as('alice')('post', '/v1/certificate-requests')
      .set('cookie', jane.cookies)
      .set('sec-fetch-site', 'cross-site')
      .send({ username: 'x', groups: ['ops-a'] })
      .expect(201);
  });

  it('is not believed where browsers do not reach the service over TLS', async () => {
    const { createLogger } = await import('../../../src/observability/logger.js');
    const { buildApp } = await import('../../../src/start/app.js');
    const jane = await signedIn('jane');
    const app = buildApp(opened.service.context, { logger: createLogger({ level: 'silent' }) });
    const { statusCode } = await app.inject({ url: '/v1/whoami', headers: { cookie: jane.cookies } });
    expect(statusCode).toBe(401);
    await app.close();
  });
});

describe('a call with the cookie that changes something', () => {
  const ask = { username: 'x', groups: ['ops-a'] };
  const post = (browser: SigningBrowser) =>
    opened.service.anonymous('post', '/v1/certificate-requests').set('cookie', browser.cookies);

  it.each([
    ['from another site', 'cross-site'],
    ['from a neighbour', 'same-site'],
    ['from nowhere', 'none'],
  ])('is refused %s, and recorded', async (_, site) => {
    const jane = await signedIn('jane');
    const answer = await post(jane).set('sec-fetch-site', site).send(ask).expect(403);
    expect(as.problem(answer)).toMatchObject({ type: 'urn:kubepass:problem:not-permitted' });
    expect(opened.service.log()).toMatch(/"why":"Sec-Fetch-Site is not same-origin".*cookie of a session is refused/);
    await opened.service
      .anonymous('delete', '/v1/sessions/current')
      .set('cookie', jane.cookies)
      .set('sec-fetch-site', site)
      .expect(403);
    // The other page has spent nothing of hers.
    const known = await call(jane, 'get', '/v1/whoami').expect(200);
    expect(known.headers['ratelimit']).toBe('"denied";r=600');
  });

  it('is refused where the browser does not say from where it comes', async () => {
    const jane = await signedIn('jane');
    await post(jane).send(ask).expect(403);
    await post(jane).set('origin', 'https://evil.example').send(ask).expect(403);
    await post(jane).set('origin', opened.origin).send(ask).expect(201);
    // The address on which the service listens behind its proxy.
    await post(jane).set('origin', opened.service.address).send(ask).expect(403);
  });

  it('takes files for an inspection from a page of the service alone', async () => {
    const jane = await signedIn('jane');
    const upload = () =>
      opened.service
        .anonymous('post', '/v1/inspections')
        .set('cookie', jane.cookies)
        .attach('file', Buffer.from('x'), 'x');
    await upload().set('sec-fetch-site', 'same-origin').expect(200);
    await upload().set('sec-fetch-site', 'cross-site').expect(403);
    await upload().set('origin', opened.origin).expect(403);
    await upload().expect(403);
  });

  it('is refused as a form, wherever it comes from', async () => {
    const jane = await signedIn('jane');
    const form = () => post(jane).set('content-type', 'application/x-www-form-urlencoded');
    await form().set('origin', opened.origin).send('username=x').expect(403);
    await form().set('sec-fetch-site', 'same-origin').send('username=x').expect(415);
  });
});

describe('an address with too many failed sign-ins', () => {
  it('gets 429 without a question to the provider, and lets everybody else there sign in', async () => {
    const own = await startSignInService({ accounts: { jane: {} }, app: { failedAuthenticationsPerMinute: 6 } });
    for (let i = 0; i < 6; i += 1) {
      const browser = new SigningBrowser(own);
      expect((await browser.signIn('jane')).status).toBe(302);
    }
    for (let i = 0; i < 6; i += 1)
      await own.service.anonymous('get', '/v1/login/corp/callback?code=x&state=y').expect(400);
    const asked = own.provider.asked.length;
    const before = own.service.log();
    for (let i = 0; i < 20; i += 1) {
      const { headers } = await own.service.anonymous('get', '/v1/login/corp/callback?code=x&state=y').expect(429);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      await own.service.anonymous('get', '/v1/login/corp').expect(302);
    }
    expect(own.provider.asked).toHaveLength(asked);
    const lines = own.service.log().slice(before.length).split('\n');
    expect(lines.filter((line) => line.includes('sign-in'))).toHaveLength(1);
    expect((await new SigningBrowser(own).signIn('jane')).status).toBe(302);
    await own.service.as('alice')('get', '/v1/whoami').expect(200);
    await own.close();
  });

  it('asks the provider about few codes that are made up, and answers 503 then, which is no refusal', async () => {
    const own = await startSignInService({ accounts: { jane: {} }, app: { failedAuthenticationsPerMinute: 6 } });
    const path = async (browser: SigningBrowser) => (await browser.atProvider('jane')).replace(/code=[^&]*/, 'code=x');
    const statuses: number[] = [];
    for (let i = 0; i < 60; i += 1) {
      const browser = new SigningBrowser(own);
      // One that the provider has not been asked about: the state is that of the cookie.
      const begun = await browser.call('/v1/login/corp');
      const state = new URL(begun.headers.location ?? '').searchParams.get('state') ?? '';
      const iss = encodeURIComponent(own.provider.issuer);
      statuses.push((await browser.call(`/v1/login/corp/callback?code=x&state=${state}&iss=${iss}`)).status);
    }
    expect(statuses.slice(0, 6)).toEqual([403, 403, 403, 403, 403, 403]);
    expect(new Set(statuses.slice(6))).toEqual(new Set([429, 503]));
    expect(own.provider.asked.filter((one) => one === '/token').length).toBeLessThan(60);
    const browser = new SigningBrowser(own);
    expect((await browser.call(await path(browser))).status).not.toBe(302);
    await own.close();
  });
});

describe('a service whose identity provider is down', () => {
  it('starts, answers sign-ins with 503, and lets people in when it is up', async () => {
    const own = await startSignInService({ accounts: { jane: {} } });
    await own.provider.stop();
    const { headers } = await own.service.anonymous('get', '/v1/login/corp').expect(503);
    expect(headers['retry-after']).toBe('10');
    expect(own.service.log()).toMatch(/the metadata of https:\/\/127.0.0.1:\d+ cannot be read: .*ECONNREFUSED/);
    await own.provider.restart();
    await expect
      .poll(() => own.service.anonymous('get', '/v1/login/corp'), { interval: 500 })
      .toMatchObject({
        status: 302,
      });
    expect((await new SigningBrowser(own).signIn('jane')).status).toBe(302);
    await own.close();
  });
});

describe('without an issuer by which people sign in', () => {
  it('there is no sign-in by one, and the documentation offers that by API token where there is a console', async () => {
    const { startService } = await import('../../http/support/service.js');
    const own = await startService();
    await own.anonymous('get', '/v1/login/corp').expect(404);
    await own
      .anonymous('get', '/v1/whoami')
      .set('cookie', `__Host-kubepass-session=${'a'.repeat(43)}`)
      .expect(401);
    expect(own.log()).toContain('"reason":"SessionUnknown"');
    expect((await own.anonymous('get', '/docs')).text).toContain('theme/sign-in-bar.js');
    const { text } = await own.anonymous('get', '/docs/static/theme/sign-in-bar.js').expect(200);
    expect(text).toContain('links = [["Sign in with an API token","/console/sign-in?returnTo=/docs"]];');
    await own.close();

    const without = await startService({ app: { console: null } });
    expect((await without.anonymous('get', '/docs')).text).not.toContain('sign-in');
    await without.anonymous('get', '/docs/static/theme/sign-in-bar.js').expect(404);
    await without.close();
  });

  it('with one it does', async () => {
    expect((await opened.service.anonymous('get', '/docs')).text).toContain('theme/sign-in-bar.js');
    const { text, headers } = await opened.service.anonymous('get', '/docs/static/theme/sign-in-bar.js').expect(200);
    expect(headers['content-type']).toContain('javascript');
    expect(text).toContain('links = [["Sign in with corp","/v1/login/corp?returnTo=/docs"],');
    const shown = (await opened.service.anonymous('get', '/docs/json')).body as {
      security: unknown;
      components: { securitySchemes: object };
    };
    expect(shown.security).toEqual([{ bearer: [] }]);
    expect(Object.keys(shown.components.securitySchemes)).toEqual(['bearer']);
  });
});
