// Tests src/callers/oidc/oidc-tokens.ts, src/callers/oidc/issuer-keys.ts, src/start/callers.ts
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IdentityProvider } from '../helpers/identity-provider.js';
import { as } from './support/call.js';
import { startOidcService, type OidcServiceOptions } from './support/oidc-service.js';
import type { TestService } from './support/service.js';

const accounts = {
  jane: { email: 'jane@corp.example', email_verified: true, groups: ['team-a', '/left out'] },
  boss: { email: 'boss@corp.example', email_verified: true, groups: ['platform-admins'] },
  mallory: { email: 'boss@corp.example', email_verified: false },
};
const roles = [
  { groups: ['platform-admins'], roles: ['admin'] },
  { names: ['jane', 'jane@corp.example'], roles: ['requester'] },
];

let provider: IdentityProvider;
let service: TestService;
beforeAll(async () => {
  provider = await IdentityProvider.start({ tls: true, accounts });
  service = await startOidcService(provider, { roles });
});
afterAll(async () => {
  await service.close();
  await provider.stop();
});

const opened: TestService[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  provider.intercept = null;
});
async function another(options: OidcServiceOptions, of: IdentityProvider = provider): Promise<TestService> {
  const own = await startOidcService(of, { roles, ...options });
  opened.push(own);
  return own;
}

const whoami = (of: TestService, token: string) => of.withToken(token)('get', '/v1/whoami');
/** The lines of the log about callers who did not get in. */
const refusals = (of: TestService) =>
  of
    .log()
    .split('\n')
    .filter((line) => line.includes('authentication'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

describe('a person with a token of a real identity provider', () => {
  it('gets in with an access token for our audience, and has the roles of name and groups', async () => {
    const { accessToken } = await provider.signIn('jane');
    const body = as.whoami(await whoami(service, accessToken).expect(200));
    expect(body).toMatchObject({
      ...{ name: 'jane', groups: ['team-a'], roles: ['requester'], method: 'oidc', createdBy: [], cluster: null },
    });
    expect(body.credentialId).toMatch(/^oidc:corp:[\w-]+$/);
    expect(Date.parse(body.expiresAt ?? '')).toBeGreaterThan(Date.now());
    const boss = await provider.signIn('boss');
    expect(as.whoami(await whoami(service, boss.accessToken).expect(200)).roles).toEqual(['admin']);
    expect(service.log()).toContain('"unmatchedGroups":1');
  });

  it('asks for a certificate in their own name', async () => {
    const { accessToken } = await provider.signIn('jane');
    const answer = await service
      .withToken(accessToken)('post', '/v1/certificate-requests')
      .send({ username: 'jane', groups: ['team-a'] })
      .expect(201);
    expect(as.request(answer)).toMatchObject({ requester: 'jane' });
    const { items } = as.events(await service.as('audrey')('get', '/v1/audit-events?principal=jane').expect(200));
    expect(items.length).toBeGreaterThan(0);
  });

  it('is told nothing that helps a guesser, and the log tells what to mend', async () => {
    const others = await provider.signIn('jane', { audience: 'portal' });
    const { idToken } = await provider.signIn('jane');
    for (const [token, reason, why] of [
      [others.accessToken, 'AudienceNotAccepted', 'audience "portal" is not among "kubepass" of the issuer'],
      [idToken, 'IdTokenPresented', /nonce/],
      [await provider.mint({ iss: `${provider.issuer}/` }), 'IssuerUnknown', /differs by the slash/],
      [await provider.mint({ exp: 1 }), 'TokenExpired', /1970/],
    ] as const) {
      const { body, headers, text } = await whoami(service, token).expect(401);
      expect(body).toMatchObject({ detail: 'the token is unknown, expired or revoked' });
      expect(headers['www-authenticate']).toBe('Bearer realm="kubepass", error="invalid_token"');
      expect(text).not.toContain('audience');
      expect(refusals(service).at(-1)).toMatchObject({ reason });
      expect(refusals(service).at(-1)?.['why']).toMatch(why);
    }
    const tokens = [others.accessToken, idToken].flatMap((token) => token.split('.').slice(1));
    for (const part of tokens) expect(service.log()).not.toContain(part);
  });

  it('comes with an id token where that is configured, named by a verified address', async () => {
    const own = await another({ oidc: { tokens: 'id', audiences: ['portal'], usernameClaim: 'email' } });
    const { idToken, accessToken } = await provider.signIn('jane', { audience: 'portal' });
    const body = as.whoami(await whoami(own, idToken).expect(200));
    expect(body).toMatchObject({ name: 'jane@corp.example', roles: ['requester'] });
    await whoami(own, accessToken).expect(401);
    expect(refusals(own).at(-1)).toMatchObject({ reason: 'AccessTokenPresented' });
    const mallory = await provider.signIn('mallory');
    await whoami(own, mallory.idToken).expect(401);
    expect(refusals(own).at(-1)).toMatchObject({ reason: 'EmailNotVerified' });
  });

  it('does not get in with a token of 100 KB, nor with one a little longer than 8 KiB', async () => {
    const long = await provider.mint({ groups: Array.from({ length: 700 }, (_, i) => `group-${i}`) });
    expect(long.length).toBeGreaterThan(8192);
    await whoami(service, long).expect(401);
    expect(refusals(service).at(-1)).toMatchObject({ reason: 'Unreadable' });
    const call = await fetch(`${service.address}/v1/whoami`, {
      headers: { authorization: `Bearer ${'a'.repeat(102_400)}` },
    });
    expect(call.status).toBe(431);
  });

  it('with many groups gets in up to that length', async () => {
    const groups = Array.from({ length: 300 }, (_, i) => `group-${i}`);
    expect(as.whoami(await whoami(service, await provider.mint({ groups })).expect(200)).groups).toEqual(groups);
  });
});

describe('two issuers', () => {
  it('do not make one of two people with the same name', async () => {
    const partner = await IdentityProvider.start({ accounts: { jane: { groups: ['platform-admins'] } } });
    const own = await another({
      others: [
        {
          ...{ name: 'partner', issuer: partner.issuer, audiences: ['kubepass'] },
          ...{ usernamePrefix: 'partner:', groupsPrefix: 'partner:' },
        },
      ],
    });
    const [ours, theirs] = [await provider.signIn('jane'), await partner.signIn('jane')];
    expect(as.whoami(await whoami(own, ours.accessToken).expect(200))).toMatchObject({
      name: 'jane',
      roles: ['requester'],
    });
    expect(as.whoami(await whoami(own, theirs.accessToken).expect(200))).toMatchObject({
      ...{ name: 'partner:jane', groups: ['partner:platform-admins'], roles: [] },
    });
    // Neither can speak as the other: the one has no prefix, and does not get that of the other.
    await whoami(own, await provider.mint({ sub: 'partner:jane' })).expect(401);
    expect(refusals(own).at(-1)).toMatchObject({ reason: 'NameOfAnotherIssuer' });
    await whoami(own, await partner.mint({ iss: provider.issuer })).expect(401);
    expect(refusals(own).at(-1)).toMatchObject({ reason: 'KeyUnknown' });
    await partner.stop();
  });

  it('name nobody outside the grammar, and trim nobody into it', async () => {
    for (const sub of ['jane ', ' jane', 'jane\n', 'auth0|jane', 'system:admin']) {
      await whoami(service, await provider.mint({ sub })).expect(401);
      expect(refusals(service).at(-1)?.['reason']).toMatch(/^Name(NotPermitted|Reserved)$/);
    }
  });
});

describe('the keys of an identity provider', () => {
  it('may be rotated: the first new token gets in, after one fetch', async () => {
    const rotating = await IdentityProvider.start({ accounts });
    const own = await another({}, rotating);
    const before = await rotating.signIn('jane');
    await whoami(own, before.accessToken).expect(200);
    const fetches = rotating.keyFetches;
    await rotating.rotateKeys();
    const after = await rotating.signIn('jane');
    await whoami(own, after.accessToken).expect(200);
    expect(rotating.keyFetches).toBe(fetches + 1);
    // The old key is withdrawn, and known to be.
    await whoami(own, before.accessToken).expect(401);
    expect(refusals(own).at(-1)).toMatchObject({ reason: 'KeyUnknown' });
    await rotating.stop();
  });

  it('may be out of reach at the start, and are there once the provider is', async () => {
    const late = await IdentityProvider.start({ accounts });
    const { accessToken } = await late.signIn('jane');
    await late.stop();
    const own = await another({ app: { failedAuthenticationsPerMinute: 3 } }, late);
    for (let i = 0; i < 25; i += 1) {
      const { headers } = await whoami(own, accessToken).expect(503);
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    // They do not count as guesses, and do not flood the log.
    expect(refusals(own)).toHaveLength(20);
    expect(refusals(own)[0]?.['why']).toMatch(/^the keys of issuer "corp" are not known: .* ECONNREFUSED/);
    await own.as('alice')('get', '/v1/whoami').expect(200);
    await late.restart();
    await expect.poll(async () => (await whoami(own, accessToken)).status).toBe(200);
    await late.stop();
  });
});

describe('the settings of an issuer', () => {
  it('are told at the start, and a CA file that is wrong is named', async () => {
    expect(service.log()).toContain('callers come with tokens of this issuer');
    await expect(startOidcService(provider, { oidc: { certificateAuthority: 'missing.crt' } })).rejects.toThrow(
      /ENOENT: no such file or directory, open '.*missing\.crt'/,
    );
  });
});
