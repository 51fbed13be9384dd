// Tests src/callers/oidc/oidc-tokens.ts, src/callers/oidc/login.ts, packages/kubectl-kubepass/src/oidc-sign-in.ts
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { as } from '../http/support/call.js';
import { startOidcService, type OidcServiceOptions } from '../http/support/oidc-service.js';
import type { TestService } from '../http/support/service.js';
import { issue, makeAuthority } from '../helpers/fake-api-server/serving-certificate.js';
import { freePort } from '../helpers/free-ports.js';
import { CookieClient, type Answer } from '../helpers/identity-provider/sign-in.js';
import { filesBelow } from '../helpers/key-traces.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { chromiumPath, launchChromium } from '../browser/chromium.js';
import { Keycloak } from './keycloak.js';
import { browserClient, password, realm, shortGroups } from './realm.js';

const buildScript = new URL('../../packages/kubectl-kubepass/build.mjs', import.meta.url).href;

const roles = [
  { groups: ['platform-admins'], roles: ['admin'] },
  { groups: ['oncall'], roles: ['approver'] },
  { names: ['jane', 'jane@corp.example'], roles: ['requester'] },
];

let keycloak: Keycloak;
let service: TestService;
beforeAll(async () => {
  keycloak = await Keycloak.start(inject('keycloak'), realm);
  service = await startService();
});
afterAll(async () => {
  await service.close();
  await keycloak.close();
});

const opened: TestService[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const startService = (oidc: OidcServiceOptions['oidc'] = {}) =>
  startOidcService(keycloak, { roles, oidc: { usernameClaim: 'preferred_username', ...oidc } });
async function another(oidc: OidcServiceOptions['oidc']): Promise<TestService> {
  const own = await startService(oidc);
  opened.push(own);
  return own;
}

const whoami = (token: string, of = service) => of.withToken(token)('get', '/v1/whoami');
const identity = async (token: string, of = service) => as.whoami(await whoami(token, of).expect(200));

/** Why the last caller did not get in. The caller is told none of it. */
async function refusal(token: string, of = service) {
  const { text } = await whoami(token, of).expect(401);
  const lines = of.log().split('\n');
  const line = lines.findLast((one) => one.includes('"authentication failed"')) ?? '{}';
  const { reason, why } = JSON.parse(line) as { readonly reason: string; readonly why: string };
  expect(text).not.toContain(why);
  return { reason, why };
}

describe('a user of Keycloak', () => {
  it('gets in with the audience mapper, and not without it', async () => {
    const { access } = await keycloak.signIn('jane');
    expect(await identity(access)).toMatchObject({
      ...{ name: 'jane', groups: ['team-a'], roles: ['requester'], method: 'oidc', createdBy: [] },
    });
    const without = await keycloak.signIn('jane', 'no-audience');
    expect(await refusal(without.access)).toEqual({
      reason: 'AudienceNotAccepted',
      why: 'the token has no audience',
    });
    expect(service.log()).not.toContain(access.split('.')[2]);
  });

  it('has the roles of their groups', async () => {
    const { access: rita } = await keycloak.signIn('rita');
    expect(await identity(rita)).toMatchObject({ groups: ['platform-admins'], roles: ['admin'] });
    await service.withToken(rita)('get', '/v1/api-tokens').expect(200);
    const { access: bob } = await keycloak.signIn('bob');
    // One group has spaces, and is left out.
    expect(await identity(bob)).toMatchObject({ groups: ['oncall'], roles: ['approver'] });
    await service.withToken(bob)('get', '/v1/api-tokens').expect(403);
  });

  it('gets in without the groups that are written as paths, and the log says how many', async () => {
    const { access } = await keycloak.signIn('rita', 'full-paths');
    expect(await identity(access)).toMatchObject({ name: 'rita', groups: [], roles: [] });
    expect(service.log()).toContain('"unmatchedGroups":1');
  });

  it('has all of 250 groups where they fit into the token, and is refused where they do not', async () => {
    const { access } = await keycloak.signIn('wide');
    expect((await identity(access)).groups.toSorted()).toEqual(shortGroups.toSorted());
    const { access: longer } = await keycloak.signIn('wider');
    expect(longer.length).toBeGreaterThan(8192);
    expect(await refusal(longer)).toMatchObject({ why: expect.stringContaining('too long') as string });
  });

  it('is refused, and not taken for somebody without groups, where the token says that they are elsewhere', async () => {
    const { access } = await keycloak.signIn('rita', 'elsewhere');
    const { reason, why } = await refusal(access);
    expect(reason).toBe('GroupsNotInToken');
    expect(why).toContain('_claim_names');
  });

  it('does not get in with the token for the client, but for a service that takes such tokens', async () => {
    const { id, access } = await keycloak.signIn('jane');
    expect((await refusal(id)).reason).toBe('IdTokenPresented');
    const own = await another({ tokens: 'id', audiences: ['portal'] });
    expect(await identity(id, own)).toMatchObject({ name: 'jane', groups: ['team-a'] });
    expect((await refusal(access, own)).reason).toBe('AccessTokenPresented');
  });

  it('is named by an address only where Keycloak has verified it', async () => {
    const own = await another({ usernameClaim: 'email' });
    const { access: jane } = await keycloak.signIn('jane');
    expect(await identity(jane, own)).toMatchObject({ name: 'jane@corp.example', roles: ['requester'] });
    const { access: mallory } = await keycloak.signIn('mallory');
    expect((await refusal(mallory, own)).reason).toBe('EmailNotVerified');
  });

  it('comes through an authorized client alone, where these are named', async () => {
    const own = await another({ authorizedParties: ['portal'] });
    await identity((await keycloak.signIn('jane')).access, own);
    const { access } = await keycloak.signIn('jane', 'full-paths');
    const { reason, why } = await refusal(access, own);
    expect(reason).toBe('AuthorizedPartyNotAccepted');
    expect(why).toContain('"full-paths" is not among "portal"');
  });

  it('has a token that is signed with one of the algorithms that are accepted', async () => {
    await identity((await keycloak.signIn('jane', 'es256')).access);
    expect((await refusal((await keycloak.signIn('jane', 'ps256')).access)).reason).toBe('AlgorithmNotAccepted');
  });
});

it('two users ask and approve, and nobody does both', async () => {
  const [jane, bob] = [(await keycloak.signIn('jane')).access, (await keycloak.signIn('bob')).access];
  const ask = { username: 'jane', groups: ['ops-eu'] };
  const asked = await service.withToken(jane)('post', '/v1/certificate-requests').send(ask).expect(201);
  const url = asked.headers['location'] ?? '';
  expect(as.request(asked)).toMatchObject({ state: 'pending', requester: 'jane', decision: { makers: [] } });
  await service.withToken(jane)('post', `${url}/approve`).expect(403);
  await service.withToken(bob)('post', `${url}/approve`).expect(200);
  await service.withToken(bob)('post', `${url}/kubeconfig`).expect(403);
  await service.withToken(jane)('post', `${url}/kubeconfig`).expect(200);
  const { items } = as.events(await service.as('audrey')('get', '/v1/audit-events?type=RequestApproved').expect(200));
  expect(items.map(({ principal }) => principal)).toEqual(['bob']);
});

it('lets a user in who signs in with a browser, which never sees a token', async () => {
  const port = await freePort();
  const origin = `https://127.0.0.1:${port}`;
  await keycloak.administer('POST', '/realms/corp/clients', browserClient(`${origin}/v1/login/corp/callback`));
  const authority = await makeAuthority('kubepass-ca');
  const { certificatePem, privateKeyPem } = await issue(authority, { username: 'kubepass' }, 'serverAuth');
  const tls = { cert: certificatePem, key: privateKeyPem };
  const own = await startOidcService(keycloak, {
    ...{ roles, port, app: { tls } },
    // Keycloak refuses scopes that it does not know.
    oidc: { usernameClaim: 'preferred_username', login: { clientId: 'console' }, scopes: ['openid'] },
    settings: { tls: { terminated: true }, publicAddress: { url: origin } },
  });
  opened.push(own);

  const browser = new CookieClient(`${authority.pem}${keycloak.caPem}`);
  const begun = await browser.send(`${origin}/v1/login/corp`);
  const page = await browser.send(begun.headers.location ?? '');
  expect(page.body).toContain('Sign in to your account');
  const form = /<form[^>]* action="([^"]+)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const back = await browser.send(form, { username: 'bob', password });
  const callback = back.headers.location ?? '';
  expect(callback).toContain(`${origin}/v1/login/corp/callback?`);
  const finished = await browser.send(callback);
  expect([finished.status, finished.headers.location]).toEqual([302, '/console/']);

  const me = JSON.parse((await browser.send(`${origin}/v1/whoami`)).body) as object;
  expect(me).toMatchObject({ name: 'bob', groups: ['oncall'], roles: ['approver'], method: 'session', createdBy: [] });
  const seen = [begun, finished].map(({ headers, body }) => JSON.stringify(headers) + body).join('');
  expect(seen).not.toMatch(/eyJ[A-Za-z0-9_-]+\.eyJ/);
  expect(own.log()).not.toMatch(/eyJ[A-Za-z0-9_-]+\.eyJ|\[redacted/);
  expect(own.log()).not.toContain(new URL(callback).searchParams.get('code'));
});

describe('the kubectl plugin', () => {
  const directory = temporaryDirectory();
  const plugin = join(directory.path, 'plugin', 'kubectl-kubepass.cjs');
  const trusted = join(directory.path, 'keycloak.crt');
  beforeAll(async () => {
    const { buildPlugin } = (await import(buildScript)) as {
      readonly buildPlugin: (folder: string) => Promise<unknown>;
    };
    await buildPlugin(dirname(plugin));
    writeFileSync(trusted, keycloak.caPem);
  });
  afterAll(() => directory.remove());

  /**
   * Logs in as the program that people install, on a machine with a home directory of its own. `person` is told of the
   * line that says where to sign in.
   */
  async function login(person: (line: string) => Promise<unknown>, ...args: readonly string[]) {
    const own = await another({ scopes: ['openid'], cli: { clientId: 'kubepass-cli' } });
    const home = mkdtempSync(join(directory.path, 'home-'));
    const given = ['login', '--server', own.address, '--cluster', 'demo', '--group', 'team-a', '--yes', ...args];
    const child = spawn(process.execPath, [plugin, ...given], {
      // It opens nothing: the person of the test is the only one.
      env: { HOME: home, BROWSER: '/bin/true', NODE_EXTRA_CA_CERTS: trusted },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    let failure = Promise.resolve<unknown>(null);
    let isTold = false;
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
      if (isTold || !stderr.endsWith('\n') || !/sign in with|enter/.test(stderr)) return;
      isTold = true;
      failure = person(stderr).then(
        () => null,
        (error: unknown) => {
          child.kill();
          return error;
        },
      );
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(await failure, stderr).toBeNull();
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('You are jane in team-a on demo until ');
    const { items } = as.events(
      await own.as('audrey')('get', '/v1/audit-events?type=CertificateRequested').expect(200),
    );
    expect(items).toMatchObject([{ principal: 'jane', details: { username: 'jane', requesterGroups: ['team-a'] } }]);
    // No token is in a file, nor in the log.
    for (const [file, octets] of filesBelow(home))
      expect(octets.toString(), file).not.toMatch(/eyJ[A-Za-z0-9_-]+\.eyJ/);
    expect(own.log() + stderr).not.toMatch(/eyJ[A-Za-z0-9_-]+\.eyJ/);
  }
  const urlIn = (line: string) => /https:\/\/\S+/.exec(line)?.[0] ?? '';

  it('signs a person in with the browser', () =>
    login(async (line) => {
      const browser = new CookieClient(keycloak.caPem);
      const { page } = await throughForms(browser, urlIn(line), { username: 'jane', password });
      expect(page).toContain('You may close this page');
    }));

  it.skipIf(chromiumPath === undefined)('signs a person in with Chromium', () =>
    login(async (line) => {
      const chromium = await launchChromium();
      try {
        const page = await (await chromium.newContext({ ignoreHTTPSErrors: true })).newPage();
        await page.goto(urlIn(line));
        await page.fill('#username', 'jane');
        await page.fill('#password', password);
        await page.click('#kc-login');
        await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/);
        expect(await page.textContent('body')).toContain('You may close this page');
      } finally {
        await chromium.close();
      }
    }),
  );

  it('signs a person in by a code, on another device', () =>
    login(async (line) => {
      // The address that has the code in it.
      const place = /or open (\S+)/.exec(line)?.[1] ?? '';
      const browser = new CookieClient(keycloak.caPem);
      const entered = [{ username: 'jane', password }, { accept: 'Yes' }];
      const end = await throughForms(browser, place, ...entered);
      expect(end.place, end.page).toMatch(/\/device\/status$/);
    }, '--device-code'));
});

/**
 * Sends what a person enters into one form after another, follows redirects as a browser does, and answers where that
 * ends.
 */
async function throughForms(
  browser: CookieClient,
  url: string,
  ...entered: readonly Readonly<Record<string, string>>[]
) {
  let place = new URL(url);
  const followed = async (first: Promise<Answer>) => {
    let answer = await first;
    while (answer.headers.location !== undefined) {
      place = new URL(answer.headers.location, place);
      answer = await browser.send(place);
    }
    return answer.body;
  };
  let page = await followed(browser.send(place));
  for (const fields of entered) {
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const hidden: Record<string, string> = {};
    for (const [, name = '', value = ''] of page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g))
      hidden[name] = value;
    place = new URL(action, place);
    page = await followed(browser.send(place, { ...hidden, ...fields }));
  }
  return { place: place.href, page };
}

it('lets the first token in that is signed with a new key, and then none with a key that is gone', async () => {
  const { access: before } = await keycloak.signIn('jane');
  await identity(before);
  await keycloak.replaceSigningKey();
  const { access: after } = await keycloak.signIn('jane');
  expect(await identity(after)).toMatchObject({ name: 'jane' });
  expect((await refusal(before)).reason).toBe('KeyUnknown');
});

it('goes on for a while when Keycloak is gone, and then says that it cannot tell', async () => {
  const own = await another({ staleKeysSeconds: 5 });
  const { access } = await keycloak.signIn('jane');
  await identity(access, own);
  await keycloak.kill();
  await identity(access, own);
  await expect.poll(async () => (await whoami(access, own)).status, { timeout: 30_000, interval: 500 }).toBe(503);
  const { headers } = await whoami(access, own).expect(503);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  // The keys of the other service are younger than it lets them be.
  await identity(access);
});
