// Tests src/callers/sessions.ts, src/callers/routes/session-routes.ts
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionBody } from '../../../src/callers/routes/session-routes.js';
import { createLogger } from '../../../src/observability/logger.js';
import { buildApp } from '../../../src/start/app.js';
import type { Role } from '../../../src/model/principal.js';
import { aPolicy } from '../../helpers/policies.js';
import { makeTlsPair } from '../../http/support/tls-files.js';
import { as, type Answer } from '../../http/support/call.js';
import { policies, startService, type Caller, type Method, type TestService } from '../../http/support/service.js';
import { comingAs, lettingIn } from '../../http/support/ways-in.js';

const byTwo = aPolicy('by-two', { groups: ['two-*'] }, { approval: { mode: 'manual', stages: [{ count: 2 }] } });

let service: TestService;
beforeAll(async () => {
  service = await startService({ context: lettingIn, policies: policies + byTwo });
});
afterAll(() => service.close());

const detailOf = (answer: Answer) => as.problem(answer).detail;
const cookieIn = (answer: Answer): string => {
  const cookies = answer.headers['set-cookie'] as unknown as readonly string[];
  return cookies.map((cookie) => cookie.split(';')[0]).join('; ');
};

interface MadeToken {
  readonly id: string;
  readonly token: string;
}
async function makeToken(name: string, roles: readonly Role[], more: object = {}, maker = service.as('root')) {
  return as.token(
    await maker('post', '/v1/api-tokens')
      .send({ name, roles, ...more })
      .expect(201),
  ) as MadeToken;
}

interface Browser {
  readonly session: SessionBody;
  readonly cookie: string;
  /** Calls as a page of the service does. */
  readonly call: Caller;
}
/** Signs a browser in with the token. */
async function signedIn(token: string, at = service): Promise<Browser> {
  const answer = await at.withToken(token)('post', '/v1/sessions').expect(201);
  const cookie = cookieIn(answer);
  const call = (method: Method, url: string) =>
    at.anonymous(method, url).set('cookie', cookie).set('sec-fetch-site', 'same-origin');
  return { session: answer.body as SessionBody, cookie, call };
}
const eventsOf = async (type: string, name: string) =>
  as
    .events(await service.as('audrey')('get', `/v1/audit-events?type=${type}&limit=500`).expect(200))
    .items.filter(({ principal, details }) => principal === name || details['name'] === name);

describe('a session of an API token', () => {
  it('is the principal of the token, and neither the answer, the log nor the audit log holds a secret', async () => {
    const { id, token } = await makeToken('tok-1', ['requester', 'auditor'], { groups: ['onboarding'] });
    const answer = await service.withToken(token)('post', '/v1/sessions').expect(201);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    const session = answer.body as SessionBody;
    expect(answer.headers['location']).toBe(`/v1/sessions/${session.id}`);
    expect(session).toMatchObject({ name: 'tok-1', groups: ['onboarding'], issuer: null, tokenId: id, current: true });
    expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(43_200_000);
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-kubepass-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      '__Host-kubepass-signed-in=1; Path=/; Secure; SameSite=Lax',
    ]);
    const secret = /session=([\w-]{43})/.exec(cookieIn(answer))?.[1] ?? '';
    const { call } = await signedIn(token);
    expect(as.whoami(await call('get', '/v1/whoami').expect(200))).toMatchObject({
      ...{ name: 'tok-1', groups: ['onboarding'], roles: ['requester', 'auditor'], method: 'session' },
      ...{ createdBy: ['root'], cluster: null },
    });
    const events = await eventsOf('SignedIn', 'tok-1');
    expect(events[0]?.details).toEqual({
      ...{ sessionId: session.id, issuer: null, tokenId: id, roles: ['requester', 'auditor'] },
      expiresAt: session.expiresAt,
    });
    for (const text of [answer.text, service.log(), JSON.stringify(events)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(token);
    }
    expect(service.log()).toContain(`"sessionId":"${session.id}"`);
  });

  it('is listed and ended as every other one', async () => {
    const { id, token } = await makeToken('tok-2', ['requester']);
    const [one, other] = [await signedIn(token), await signedIn(token)];
    const list = async (call: Caller) =>
      ((await call('get', '/v1/sessions?limit=500').expect(200)).body as { items: SessionBody[] }).items;
    expect((await list(one.call)).map((session) => [session.id, session.current])).toEqual([
      [other.session.id, false],
      [one.session.id, true],
    ]);
    expect((await list(one.call))[1]).toEqual(one.session);
    expect((await list(service.as('root'))).map((session) => session.id)).toContain(one.session.id);
    await other.call('delete', '/v1/sessions/current').expect(204);
    await other.call('get', '/v1/whoami').expect(401);
    await service.as('root')('delete', `/v1/sessions/${one.session.id}`).expect(204);
    await one.call('get', '/v1/whoami').expect(401);
    const ended = await eventsOf('SignedOut', 'tok-2');
    expect(ended.map(({ principal, details }) => [principal, details['reason']])).toEqual([
      ['tok-2', 'SignedOut'],
      ['root', 'EndedByAnother'],
    ]);
    for (const { details } of ended) expect(details).toMatchObject({ issuer: null, tokenId: id });
    await service.withToken(token)('get', '/v1/whoami').expect(200);
  });

  it('begins with a token alone: not by a session, another way in, a machine, or nothing', async () => {
    const { token } = await makeToken('tok-3', ['admin']);
    const { call } = await signedIn(token);
    const why = 'a session begins here with an API token';
    expect(detailOf(await call('post', '/v1/sessions').expect(403))).toContain(why);
    for (const method of ['oidc', 'session', 'client-certificate', 'service-account', 'key-proof'] as const)
      expect(
        detailOf(await comingAs(service, 'jane', ['admin'], { method })('post', '/v1/sessions').expect(403)),
      ).toContain(why);
    const reviewer = await makeToken('tok-3-r', ['reviewer'], { cluster: 'demo', expiresInSeconds: null });
    expect(detailOf(await service.withToken(reviewer.token)('post', '/v1/sessions').expect(403))).toContain(
      'a reviewer asks for access reviews',
    );
    const directory = await makeToken('tok-3-d', ['directory']);
    expect(detailOf(await service.withToken(directory.token)('post', '/v1/sessions').expect(403))).toContain(
      'the connector of a directory uses',
    );
    await service.anonymous('post', '/v1/sessions').expect(401);
    await service
      .withToken(`kubepass_${'a'.repeat(43)}`)('post', '/v1/sessions')
      .expect(401);
    await service.withToken(token)('post', '/v1/sessions').send({ returnTo: '/' }).expect(400);
  });

  it('ends at once with its token where an admin revokes it, and is listed no more', async () => {
    const { id, token } = await makeToken('tok-4', ['requester']);
    const kept = await signedIn((await makeToken('tok-4', ['requester'])).token);
    const { call, session } = await signedIn(token);
    await call('get', '/v1/whoami').expect(200);
    await service.as('root')('delete', `/v1/api-tokens/${id}`).expect(204);
    const refused = await call('get', '/v1/whoami').expect(401);
    expect(refused.headers['set-cookie']).toContain(
      '__Host-kubepass-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    );
    expect(await service.store.sessions.find(session.id)).toMatchObject({ endedAt: expect.any(Date) as Date });
    // Another token of the same name is another matter.
    await kept.call('get', '/v1/whoami').expect(200);
    const { items } = (await kept.call('get', '/v1/sessions')).body as { items: SessionBody[] };
    expect(items.map((one) => one.id)).toEqual([kept.session.id]);
    await service.withToken(token)('post', '/v1/sessions').expect(401);
  });

  it('ends with its token, although it was used a moment ago', async () => {
    const own = await startService();
    const made = await makeToken('tok-5', ['requester'], { expiresInSeconds: 60 }, own.as('root'));
    const { call, session } = await signedIn(made.token, own);
    const { expiresAt } = as.whoami(await own.withToken(made.token)('get', '/v1/whoami'));
    expect(session.expiresAt).toBe(expiresAt);
    own.advance(55);
    await call('get', '/v1/whoami').expect(200);
    own.advance(6);
    await call('get', '/v1/whoami').expect(401);
    await own.close();
  });

  it('ends with a block of the name, and begins with none', async () => {
    const { token } = await makeToken('tok-6', ['requester']);
    const { call } = await signedIn(token);
    const block = { reason: 'privilegeWithdrawn' };
    await service.as('petra')('post', '/v1/identities/TOK-6/block').send(block).expect(200);
    await call('get', '/v1/whoami').expect(401);
    expect(detailOf(await service.withToken(token)('post', '/v1/sessions').expect(403))).toContain('blocked');
    await service.as('petra')('post', '/v1/identities/TOK-6/unblock').send({}).expect(200);
    await call('get', '/v1/whoami').expect(401);
    await signedIn(token);
  });
});

describe('four eyes through the session of a token', () => {
  const all: readonly Role[] = ['admin', 'approver', 'requester'];
  async function ask(caller: Caller, groups = 'ops-eu') {
    const answer = await caller('post', '/v1/certificate-requests').send({ username: 'somebody', groups: [groups] });
    expect(as.request(answer).state).toBe('pending');
    return answer.headers['location'] ?? '';
  }

  it('hold for whoever made the token, directly or through others, in both directions', async () => {
    const jane = comingAs(service, 'eyes-1', all);
    const puppet = await makeToken('eyes-1-puppet', all, {}, jane);
    const next = await makeToken('eyes-1-next', all, {}, (await signedIn(puppet.token)).call);
    const browser = await signedIn(next.token);
    expect(as.whoami(await browser.call('get', '/v1/whoami')).createdBy).toEqual(['eyes-1', 'eyes-1-puppet']);

    const url = await ask(jane);
    for (const decision of ['approve', 'deny'])
      expect(detailOf(await browser.call('post', `${url}/${decision}`).send({}).expect(403))).toBe(
        'this token was created by "eyes-1", who made the request',
      );
    const own = await ask(browser.call);
    for (const decider of [jane, comingAs(service, 'EYES-1', all, { method: 'session' })])
      expect(detailOf(await decider('post', `${own}/approve`).send({}).expect(403))).toContain(
        'you created a token of the requester',
      );
    expect(detailOf(await browser.call('post', `${own}/approve`).send({}).expect(403))).toContain(
      'the requester does not decide',
    );
    await (await signedIn(service.tokenOf('bob'))).call('post', `${own}/approve`).send({}).expect(200);
  });

  it('count nobody twice: neither beside the token itself nor beside its maker', async () => {
    const jane = comingAs(service, 'eyes-2', all);
    const puppet = await makeToken('eyes-2-puppet', all, {}, jane);
    const { call } = await signedIn(puppet.token);
    const url = await ask(service.as('alice'), 'two-eu');
    await call('post', `${url}/approve`).send({}).expect(200);
    const again = await service.withToken(puppet.token)('post', `${url}/approve`).send({}).expect(403);
    expect(detailOf(again)).toContain('nobody counts twice');
    expect(detailOf(await jane('post', `${url}/approve`).send({}).expect(403))).toContain(
      'with a token that you created',
    );
    const { approvals } = as.request(await service.as('audrey')('get', url).expect(200));
    expect(approvals).toMatchObject([{ principal: 'eyes-2-puppet' }]);
    await (await signedIn(service.tokenOf('bob'))).call('post', `${url}/approve`).send({}).expect(200);
  });

  it('make the tokens of a session those of its token', async () => {
    const made = await makeToken('eyes-3', ['admin']);
    const { call } = await signedIn(made.token);
    const { token } = await makeToken('eyes-3-next', ['requester'], {}, call);
    expect(as.whoami(await service.withToken(token)('get', '/v1/whoami')).createdBy).toEqual(['root', 'eyes-3']);
  });
});

/** Calls under this host. */
const under = (host: string, method: 'get' | 'post', path: string, at = service.address) => {
  const call = request(at)[method](path).set('host', host);
  return at.startsWith('https:') ? call.disableTLSCerts() : call;
};
const bearer = () => `Bearer ${service.tokenOf('alice')}`;

describe('over plain HTTP', () => {
  it.each(['127.0.0.1:8080', 'localhost:8080', 'LOCALHOST', '[::1]:8080'])(
    'sessions count on this machine, under the name %s',
    async (host) => {
      const answer = await under(host, 'post', '/v1/sessions').set('authorization', bearer()).expect(201);
      const cookie = cookieIn(answer);
      await under(host, 'get', '/v1/whoami').set('cookie', cookie).expect(200);
      const { body } = await under(host, 'get', '/v1/callers').expect(200);
      expect(body).toMatchObject({ browsers: { issuers: [], apiTokens: true } });
    },
  );

  it.each(['evil.example', 'kubepass.example:8080', '127.0.0.1.evil.example', '192.0.2.1:8080'])(
    'they do not where a browser was sent here under another name: %s',
    async (host) => {
      const { cookie } = await signedIn(service.tokenOf('alice'));
      const refused = await under(host, 'post', '/v1/sessions').set('authorization', bearer()).expect(403);
      expect(detailOf(refused as Answer)).toContain('sessions count over TLS alone');
      expect(refused.headers['set-cookie']).toBeUndefined();
      await under(host, 'get', '/v1/whoami').set('cookie', cookie).expect(401);
      const { body } = await under(host, 'get', '/v1/callers').expect(200);
      expect(body).toMatchObject({ browsers: { issuers: [], apiTokens: false } });
    },
  );

  it('they do not for a caller of whom a trusted proxy on this machine tells', async () => {
    const app = buildApp(service.context, {
      logger: createLogger({ level: 'silent' }),
      trustedProxies: ['127.0.0.1'],
    });
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    const signIn = () => under('localhost', 'post', '/v1/sessions', address).set('authorization', bearer());
    await signIn().set('x-forwarded-for', '192.0.2.7').expect(403);
    await signIn().expect(201);
    await app.close();
  });

  it.each([
    { 'x-forwarded-for': '192.0.2.7' },
    { 'x-forwarded-for': '127.0.0.1, 192.0.2.7' },
    { forwarded: 'for=192.0.2.7' },
    // A caller who adds the other header leaves a doubt, and then the address of the proxy counts.
    { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=127.0.0.1' },
  ])('they do not for a call that a proxy on this machine has passed on: %j', async (headers) => {
    const { cookie } = await signedIn(service.tokenOf('alice'));
    const trusting = buildApp(service.context, {
      logger: createLogger({ level: 'silent' }),
      trustedProxies: ['127.0.0.1'],
    });
    for (const at of [service.address, await trusting.listen({ host: '127.0.0.1', port: 0 })]) {
      await under('localhost', 'post', '/v1/sessions', at).set('authorization', bearer()).set(headers).expect(403);
      await under('localhost', 'get', '/v1/whoami', at).set('cookie', cookie).set(headers).expect(401);
      const local = { 'x-forwarded-for': '127.0.0.1' };
      await under('localhost', 'post', '/v1/sessions', at).set('authorization', bearer()).set(local).expect(201);
    }
    await trusting.close();
  });

  it('a page of another origin changes nothing with the cookie, nor signs in, even on this machine', async () => {
    const { cookie } = await signedIn(service.tokenOf('alice'));
    const origin = 'http://127.0.0.1:8080';
    const ask = (headers: Readonly<Record<string, string>>) =>
      under('127.0.0.1:8080', 'post', '/v1/certificate-requests')
        .set({ cookie, ...headers })
        .send({ username: 'x', groups: ['ops-eu'] });
    const signIn = (headers: Readonly<Record<string, string>>) =>
      under('127.0.0.1:8080', 'post', '/v1/sessions').set({ authorization: bearer(), ...headers });
    for (const call of [ask, signIn]) {
      await call({ origin }).expect(201);
      await call({ 'sec-fetch-site': 'same-origin' }).expect(201);
      for (const headers of [
        { origin: 'http://127.0.0.1:3000' },
        { origin: 'https://127.0.0.1:8080' },
        { origin: 'null' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'cross-site', origin },
      ])
        await call(headers).expect(403);
    }
    await ask({}).expect(403);
  });
});

describe('over TLS', () => {
  it('sessions count under every name, behind a proxy that terminates it and without an issuer', async () => {
    const own = await startService({ environment: { KUBEPASS_TLS_TERMINATED: 'true' } });
    const call = (method: 'get' | 'post', path: string) => under('kubepass.example', method, path, own.address);
    const signIn = () => call('post', '/v1/sessions').set('authorization', `Bearer ${own.tokenOf('alice')}`);
    const cookie = cookieIn(await signIn().set('origin', 'https://kubepass.example').expect(201));
    await signIn().set('origin', 'http://kubepass.example').expect(403);
    await call('get', '/v1/whoami').set('cookie', cookie).expect(200);
    expect((await call('get', '/v1/callers')).body).toMatchObject({ browsers: { issuers: [], apiTokens: true } });
    await own.close();
  });

  it('they count where the service itself speaks it', async () => {
    const app = buildApp(service.context, { logger: createLogger({ level: 'silent' }), tls: makeTlsPair() });
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    const call = (method: 'get' | 'post', path: string) => under('kubepass.example', method, path, address);
    const cookie = cookieIn(await call('post', '/v1/sessions').set('authorization', bearer()).expect(201));
    await call('get', '/v1/whoami').set('cookie', cookie).expect(200);
    await app.close();
  });
});

it('uses of a session are recorded as those of every other one', async () => {
  const own = await startService();
  const { call } = await signedIn(own.tokenOf('alice'), own);
  const usedAt = async () =>
    ((await call('get', '/v1/sessions')).body as { items: { usedAt: string }[] }).items[0]?.usedAt;
  const before = await usedAt();
  own.advance(3_590);
  await call('get', '/v1/whoami').expect(200);
  await expect.poll(usedAt).not.toBe(before);
  own.advance(3_590);
  await call('get', '/v1/whoami').expect(200);
  own.advance(3_601);
  await call('get', '/v1/whoami').expect(401);
  await own.close();
});
