// Tests src/callers/oidc/login.ts, src/callers/routes/login-routes.ts, src/http/hooks/session-cookies.ts
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { as } from '../../http/support/call.js';
import { clientSecret, SigningBrowser, startSignInService, type SignInService } from '../../http/support/sign-in.js';

let opened: SignInService;
beforeAll(async () => {
  opened = await startSignInService({
    accounts: {
      jane: { groups: ['staff', 'has spaces'] },
      bob: { groups: ['oncall'] },
      'root-person': {},
      ümlaut: {},
      many: { groups: Array.from({ length: 1001 }, (_, i) => `g${i}`) },
    },
    app: { failedAuthenticationsPerMinute: 1000 },
  });
});
afterAll(() => opened.close());
afterEach(() => {
  opened.provider.intercept = null;
});

const browser = () => new SigningBrowser(opened);
/** The log lines since `before`. */
const logSince = (before: string) => opened.service.log().slice(before.length);
const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the sign-in with a browser', () => {
  it('sends it to the identity provider, with PKCE, a state and a nonce', async () => {
    const { status, headers } = await browser().call('/v1/login/corp?returnTo=/docs', page);
    expect(status).toBe(302);
    expect(headers['cache-control']).toBe('no-store');
    const url = new URL(headers.location ?? '');
    expect(`${url.origin}${url.pathname}`).toBe(`${opened.provider.issuer}/auth`);
    const asked = Object.fromEntries(url.searchParams);
    expect(asked).toEqual({
      client_id: 'kubepass-login',
      response_type: 'code',
      redirect_uri: `${opened.origin}/v1/login/corp/callback`,
      scope: 'openid email groups',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    const [cookie = ''] = headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^__Host-kubepass-login=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(headers['set-cookie']).toHaveLength(1);
  });

  it('comes back as the person, with the roles of name and groups, in a cookie that no page reads', async () => {
    const jane = browser();
    const { status, headers, body } = await jane.signIn('jane', '/docs#/identity');
    expect(status).toBe(302);
    expect(body).toBe('');
    expect(headers.location).toBe('/docs#/identity');
    expect(headers['set-cookie']).toEqual([
      '__Host-kubepass-login=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      expect.stringMatching(/^__Host-kubepass-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      '__Host-kubepass-signed-in=1; Path=/; Secure; SameSite=Lax',
    ]);
    const whoami = JSON.parse((await jane.call('/v1/whoami')).body) as object;
    expect(whoami).toMatchObject({
      name: 'jane',
      groups: ['staff'],
      roles: ['requester'],
      method: 'session',
      createdBy: [],
      cluster: null,
    });
    expect(Number(new Date((whoami as { expiresAt: string }).expiresAt)) - Date.now()).toBeGreaterThan(43_100_000);
    expect(opened.service.log()).toMatch(/"unmatchedGroups":1.*groups of an id token cannot be named here/);
  });

  it('records who signed in, and nothing that opens anything', async () => {
    const bob = browser();
    const before = opened.service.log();
    await bob.signIn('bob');
    const { credentialId } = JSON.parse((await bob.call('/v1/whoami')).body) as { credentialId: string };
    const { items } = as.events(
      await opened.service.as('audrey')('get', '/v1/audit-events?type=SignedIn&principal=bob'),
    );
    expect(items.at(-1)).toMatchObject({
      principal: 'bob',
      details: { sessionId: credentialId, issuer: 'corp', roles: ['approver'] },
    });
    const secrets = [clientSecret, ...bob.cookies.matchAll(/=([\w-]{20,})/g)].map((one) =>
      typeof one === 'string' ? one : one[1]!,
    );
    const codes = bob.seen.join('\n').match(/(?<=[?&]code=)[\w-]+/g) ?? [];
    expect(codes).not.toEqual([]);
    const kept = [logSince(before), JSON.stringify(items), ...bob.seen].join('\n');
    expect(kept).not.toMatch(/eyJ[\w-]+\./);
    for (const secret of [...secrets, ...codes])
      expect([logSince(before), JSON.stringify(items)].join()).not.toContain(secret);
    for (const secret of secrets) expect(bob.seen.join()).not.toContain(secret);
    expect(logSince(before)).toContain('signed in');
  });

  it('gets a new secret each time', async () => {
    const jane = browser();
    await jane.signIn('jane');
    const first = jane.cookies;
    await jane.signIn('jane');
    expect(jane.cookies).not.toBe(first);
  });

  it('asks the provider for its metadata once', async () => {
    await browser().call('/v1/login/corp');
    const asked = () => opened.provider.asked.filter((path) => path.includes('openid-configuration')).length;
    const before = asked();
    for (let i = 0; i < 5; i += 1) await browser().call('/v1/login/corp');
    expect(asked()).toBe(before);
  });
});

describe('a sign-in that is not begun', () => {
  it.each([
    ['by an issuer that there is not', '/v1/login/other', 404, 'nobody signs in by an issuer of this name'],
    ['by a name that is none', '/v1/login/Corp', 400, '/path/name: must be a DNS label'],
    ['to another host', '/v1/login/corp?returnTo=//evil.example', 400, '/query/returnTo: must be a path of kubepass'],
    [
      'to an address',
      '/v1/login/corp?returnTo=https%3A%2F%2Fevil.example',
      400,
      '/query/returnTo: must be a path of kubepass',
    ],
    [
      'with a backslash',
      '/v1/login/corp?returnTo=/%5Cevil.example',
      400,
      '/query/returnTo: must be a path of kubepass',
    ],
    ['with a parameter that there is not', '/v1/login/corp?next=/docs', 400, '/query/next: is not a known parameter'],
    ['with two ways to go', '/v1/login/corp?returnTo=/docs&returnTo=/docs', 400, '/query/returnTo: must be given once'],
  ])('%s', async (_, path, status, detail) => {
    const answer = await opened.service.anonymous('get', path).expect(status);
    expect(as.problem(answer).detail).toContain(detail);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('says so to a browser with a page that repeats nothing', async () => {
    const { status, headers, body } = await browser().call('/v1/login/corp?returnTo=//evil.example', page);
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).toContain('<h1>You are not signed in</h1>');
    expect(body).not.toContain('evil');
  });
});

describe('a callback that is refused', () => {
  /** Calls back as `path` says, and answers the problem with the reason in the log. */
  async function refusal(who: SigningBrowser, path: string) {
    const before = opened.service.log();
    const asked = opened.provider.asked.length;
    const { status, body, headers } = await who.call(path);
    const reason = /"reason":"(\w+)"/.exec(logSince(before))?.[1];
    expect(headers['set-cookie']?.join()).not.toContain('session=');
    const tokens = opened.provider.asked.slice(asked).filter((one) => one === '/token').length;
    return { status, reason, tokens, body, log: logSince(before), cookies: headers['set-cookie'] ?? [] };
  }
  const changed = (path: string, name: string, value: string | null) => {
    const [at, query] = path.split('?');
    const parameters = new URLSearchParams(query);
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
    return `${at}?${parameters.toString()}`;
  };

  it('without the cookie of a sign-in', async () => {
    const path = await browser().atProvider('jane');
    expect(await refusal(browser(), path)).toMatchObject({ status: 400, reason: 'AttemptUnknown', tokens: 0 });
  });

  it('with the cookie of another sign-in, as if somebody sent their own code to another person', async () => {
    const mallory = await browser().atProvider('jane');
    const victim = browser();
    await victim.call('/v1/login/corp');
    expect(await refusal(victim, mallory)).toMatchObject({ status: 400, reason: 'StateUnknown', tokens: 0 });
  });

  it.each([
    ['another state', 'state', 'x'.repeat(43), 'StateUnknown', 400],
    ['no state', 'state', null, 'StateUnknown', 400],
    ['another issuer', 'iss', 'https://evil.example', 'ProviderAnswerInvalid', 403],
    ['no issuer, although the provider names itself', 'iss', null, 'ProviderAnswerInvalid', 403],
    ['no code', 'code', null, 'ProviderAnswerInvalid', 403],
  ])('with %s', async (_, name, value, reason, status) => {
    const jane = browser();
    const path = changed(await jane.atProvider('jane'), name, value);
    const answer = await refusal(jane, path);
    expect(answer).toMatchObject({ status, reason, tokens: 0 });
    expect(answer.cookies[0]).toContain('__Host-kubepass-login=; Max-Age=0');
  });

  it('with two states', async () => {
    const jane = browser();
    const path = await jane.atProvider('jane');
    const asked = opened.provider.asked.length;
    expect((await jane.call(`${path}&state=x`)).status).toBe(400);
    expect(opened.provider.asked.slice(asked)).toEqual([]);
  });

  it('with a code that the provider does not know', async () => {
    const jane = browser();
    const path = changed(await jane.atProvider('jane'), 'code', 'made-up');
    expect(await refusal(jane, path)).toMatchObject({ status: 403, reason: 'CodeNotAccepted', tokens: 1 });
  });

  it('a second time, for the browser that signed in and for whoever has its cookie', async () => {
    const jane = browser();
    const path = await jane.atProvider('jane');
    const cookie = jane.cookies;
    expect((await jane.call(path)).status).toBe(302);
    expect(await refusal(jane, path)).toMatchObject({ status: 400, reason: 'AttemptUnknown', tokens: 0 });
    const copy = browser();
    const before = opened.service.log();
    const answer = await copy.call(path, { cookie });
    expect(answer.status).toBe(400);
    expect(logSince(before)).toContain('"reason":"AttemptUsed"');
  });

  it('with an error of the provider, and repeats nothing of the query', async () => {
    const jane = browser();
    await jane.call('/v1/login/corp');
    const state = jane.cookies; // the state is in the cookie, as JSON in base64url
    const [, own] = JSON.parse(Buffer.from(state.split('=')[1] ?? '', 'base64url').toString()) as [string, string];
    const iss = encodeURIComponent(opened.provider.issuer);
    const query = `state=${own}&iss=${iss}&error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E`;
    const answer = await refusal(jane, `/v1/login/corp/callback?${query}`);
    expect(answer).toMatchObject({ status: 403, reason: 'ProviderRefused', tokens: 0 });
    expect(answer.log).toContain('access_denied');
    expect([answer.body, answer.log].join()).not.toMatch(/script|alert/);
    expect(answer.body).not.toContain('access_denied');
  });

  it.each([
    ['whose name is not one', 'ümlaut', 'NameNotPermitted'],
    ['with more groups than anybody', 'many', 'TooManyGroups'],
  ])('for a person %s', async (_, account, reason) => {
    const who = browser();
    const answer = await refusal(who, await who.atProvider(account));
    expect(answer).toMatchObject({ status: 403, reason, tokens: 1 });
    expect(JSON.parse(answer.body)).toMatchObject({
      detail: 'you were not signed in; an administrator finds the reason in the log',
    });
  });

  it('for an id token with another nonce', async () => {
    const [one, two] = [browser(), browser()];
    const path = await one.atProvider('jane');
    await two.call('/v1/login/corp');
    const read = (who: SigningBrowser) =>
      JSON.parse(Buffer.from(who.cookies.split('=')[1] ?? '', 'base64url').toString()) as string[];
    const [issuer, state, , verifier, returnTo] = read(one);
    const mixed = [issuer, state, read(two)[2], verifier, returnTo];
    const cookie = `__Host-kubepass-login=${Buffer.from(JSON.stringify(mixed)).toString('base64url')}`;
    const before = opened.service.log();
    expect((await browser().call(path, { cookie })).status).toBe(403);
    expect(logSince(before)).toMatch(/"reason":"ProviderAnswerInvalid","why":"unexpected .*nonce/);
  });

  it('with the verifier of another sign-in', async () => {
    const [one, two] = [browser(), browser()];
    const path = await one.atProvider('jane');
    await two.call('/v1/login/corp');
    const read = (who: SigningBrowser) =>
      JSON.parse(Buffer.from(who.cookies.split('=')[1] ?? '', 'base64url').toString()) as string[];
    const [issuer, state, nonce, , returnTo] = read(one);
    const mixed = [issuer, state, nonce, read(two)[3], returnTo];
    const cookie = `__Host-kubepass-login=${Buffer.from(JSON.stringify(mixed)).toString('base64url')}`;
    const before = opened.service.log();
    expect((await browser().call(path, { cookie })).status).toBe(403);
    expect(logSince(before)).toContain('"reason":"CodeNotAccepted"');
  });
});

describe('an id token that the provider did not sign', () => {
  it.each([
    ['with another key', { alg: 'RS256' }, 'another'],
    ['with no key', { alg: 'none' }, 'none'],
    ['with the client secret', { alg: 'HS256' }, 'secret'],
  ])('%s is refused', async (_, header, by) => {
    const { createHmac, generateKeyPairSync, sign } = await import('node:crypto');
    const jane = browser();
    const path = await jane.atProvider('jane');
    const [, , nonce] = JSON.parse(Buffer.from(jane.cookies.split('=')[1] ?? '', 'base64url').toString()) as string[];
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: opened.provider.issuer, aud: 'kubepass-login', sub: 'jane', nonce, iat: now, exp: now + 600 };
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${encode({ ...header, kid: opened.provider.kid })}.${encode(claims)}`;
    const signature = {
      another: () => sign('sha256', Buffer.from(text), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      none: () => Buffer.alloc(0),
      secret: () => createHmac('sha256', clientSecret).update(text).digest(),
    }[by as 'another' | 'none' | 'secret']();
    opened.provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      const idToken = `${text}.${signature.toString('base64url')}`;
      response.end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token: idToken }));
      return true;
    };
    const before = opened.service.log();
    expect((await jane.call(path)).status).toBe(403);
    expect(logSince(before)).toContain('"reason":"ProviderAnswerInvalid"');
    expect(logSince(before)).not.toContain(text.slice(0, 40));
  });
});

describe('an id token that the provider did sign', () => {
  /** Signs Jane in with an id token that has these claims, and answers the status and the reason in the log. */
  async function signInWith(claims: Readonly<Record<string, unknown>>) {
    const jane = browser();
    const path = await jane.atProvider('jane');
    const [, , nonce] = JSON.parse(Buffer.from(jane.cookies.split('=')[1] ?? '', 'base64url').toString()) as string[];
    const usual = { aud: 'kubepass-login', client_id: undefined, nonce, groups: ['staff'] };
    const idToken = await opened.provider.mint({ ...usual, ...claims }, { typ: 'JWT' });
    opened.provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token: idToken }));
      return true;
    };
    const before = opened.service.log();
    const { status } = await jane.call(path);
    return { status, reason: /"reason":"(\w+)"/.exec(logSince(before))?.[1] };
  }

  it.each([
    ['its client, and for no other', {}],
    ['its client by name', { azp: 'kubepass-login' }],
    ['its client by name among others', { aud: ['kubepass-login', 'portal'], azp: 'kubepass-login' }],
  ])('for %s lets in', async (_, claims) => {
    expect(await signInWith(claims)).toEqual({ status: 302, reason: undefined });
  });

  it.each([
    ['another client', { azp: 'portal' }, 'AuthorizedPartyNotAccepted'],
    ['a client that only begins so', { azp: 'kubepass-login-2' }, 'AuthorizedPartyNotAccepted'],
    ['a list of clients', { azp: ['kubepass-login'] }, 'AuthorizedPartyNotAccepted'],
    ['nobody by name', { azp: null }, 'AuthorizedPartyNotAccepted'],
    ['another one of two clients', { aud: ['kubepass-login', 'portal'], azp: 'portal' }, 'ProviderAnswerInvalid'],
    ['two clients, and does not say for which', { aud: ['kubepass-login', 'portal'] }, 'ProviderAnswerInvalid'],
  ])('for %s lets nobody in', async (_, claims, reason) => {
    expect(await signInWith(claims)).toEqual({ status: 403, reason });
  });
});

describe('the ten minutes of a sign-in', () => {
  it('are those of the service, whatever a browser does with its cookie', async () => {
    const own = await startSignInService({ accounts: { jane: {} } });
    const [early, late] = [new SigningBrowser(own), new SigningBrowser(own)];
    const [inTime, tooLate] = [await early.atProvider('jane'), await late.atProvider('jane')];
    own.service.advance(595);
    expect((await early.call(inTime)).status).toBe(302);
    own.service.advance(10);
    const asked = own.provider.asked.length;
    const before = own.service.log();
    const answer = await late.call(tooLate);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ detail: expect.stringContaining('took too long') as string });
    expect(own.service.log().slice(before.length)).toContain('"reason":"AttemptTooOld"');
    expect(own.provider.asked).toHaveLength(asked);
    await own.close();
  });

  it('cannot be made longer: when it was begun is part of what the provider signs', async () => {
    const own = await startSignInService({ accounts: { jane: {} } });
    const attemptIn = (who: SigningBrowser) =>
      JSON.parse(Buffer.from(who.cookies.split('=')[1] ?? '', 'base64url').toString()) as string[];
    const cookieOf = (attempt: readonly (string | undefined)[]) =>
      `__Host-kubepass-login=${Buffer.from(JSON.stringify(attempt)).toString('base64url')}`;
    const jane = new SigningBrowser(own);
    const path = await jane.atProvider('jane');
    own.service.advance(605);
    const fresh = new SigningBrowser(own);
    await fresh.call('/v1/login/corp');
    const [issuer, state, , verifier, returnTo] = attemptIn(jane);
    const cookie = cookieOf([issuer, state, attemptIn(fresh)[2], verifier, returnTo]);
    const before = own.service.log();
    expect((await new SigningBrowser(own).call(path, { cookie })).status).toBe(403);
    expect(own.service.log().slice(before.length)).toMatch(
      /"reason":"ProviderAnswerInvalid","why":"unexpected .*nonce/,
    );
    // Nor does an attempt count that begins in an hour.
    const later = new SigningBrowser(own);
    const laterPath = await later.atProvider('jane');
    own.service.advance(-3_600);
    expect((await later.call(laterPath)).status).toBe(400);
    await own.close();
  });
});

describe('an identity provider that cannot answer', () => {
  it('is told to a browser as a page with status 503, and to the log with what is wrong', async () => {
    const jane = browser();
    const path = await jane.atProvider('jane');
    opened.provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway of a secret kind</h1>');
      return true;
    };
    const before = opened.service.log();
    const { status, headers, body } = await jane.call(path, page);
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('10');
    expect(body).toContain('The identity provider cannot be asked now; try again.');
    expect(body).toContain('<a href="/v1/login/corp">');
    expect(logSince(before)).toContain('sign-in is not possible now');
    expect(logSince(before)).not.toContain('secret kind');
  });

  it('does not know the client', async () => {
    const jane = browser();
    const path = await jane.atProvider('jane');
    opened.provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="idp"' });
      response.end('{"error":"invalid_client"}');
      return true;
    };
    const before = opened.service.log();
    expect((await jane.call(path)).status).toBe(503);
    expect(logSince(before)).toContain('does not accept this client');
  });
});

describe('a person who is blocked', () => {
  const block = (name: string, body: object) =>
    opened.service
      .as('petra')('post', `/v1/identities/${name}/block`)
      .send({ reason: 'cessationOfOperation', ...body });

  it('is signed out at once, and not signed in again until the block ends', async () => {
    const bob = browser();
    await bob.signIn('bob');
    expect((await bob.call('/v1/whoami')).status).toBe(200);
    await block('BOB', {}).expect(200);
    expect((await bob.call('/v1/whoami')).status).toBe(401);

    const before = opened.service.log();
    expect((await bob.signIn('bob')).status).toBe(403);
    expect(logSince(before)).toContain('"reason":"IdentityBlocked"');
    expect((await bob.call('/v1/whoami')).status).toBe(401);

    const { items } = as.events(await opened.service.as('audrey')('get', '/v1/audit-events?type=SignedOut'));
    expect(items.at(-1)).toMatchObject({
      principal: 'petra',
      details: { name: 'bob', issuer: 'corp', reason: 'IdentityBlocked' },
    });
    await opened.service.as('petra')('post', '/v1/identities/bob/unblock').send({}).expect(200);
    expect((await bob.signIn('bob')).status).toBe(302);
  });

  it('on the clusters that there are by name is signed out, and may sign in again, without a role', async () => {
    const jane = browser();
    await jane.signIn('jane');
    await block('jane', { clusters: ['demo'] }).expect(200);
    expect((await jane.call('/v1/whoami')).status).toBe(401);
    expect((await jane.signIn('jane')).status).toBe(302);
    const whoami = async () => JSON.parse((await jane.call('/v1/whoami')).body) as object;
    expect(await whoami()).toMatchObject({ name: 'jane', roles: [], rolesLost: 'blocked' });
    await opened.service.as('petra')('post', '/v1/identities/jane/unblock').send({}).expect(200);
    expect(await whoami()).not.toHaveProperty('rolesLost');
  });
});

it('uses another secret with the issuer as soon as the file of it was changed, and keeps it where that is broken', async () => {
  const own = await startSignInService({ accounts: { jane: {} } });
  own.write('login.secret', 'a-secret-that-the-provider-does-not-know\n');
  await own.service.reload();
  expect((await new SigningBrowser(own).signIn('jane')).status).toBe(503);
  own.write('login.secret', 'no secret');
  await own.service.reload();
  expect(own.service.log()).toContain('the secret of an issuer was changed and cannot be used: the one in force stays');
  own.write('login.secret', `${own.clientSecret}\n`);
  await own.service.reload();
  expect((await new SigningBrowser(own).signIn('jane')).status).toBe(302);
  expect(own.service.log()).not.toContain('a-secret-that-the-provider');
  await own.close();
});
