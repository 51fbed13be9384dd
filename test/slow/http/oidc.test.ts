// Tests src/callers/oidc/issuer-keys.ts, src/callers/oidc/provider-fetch.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IdentityProvider } from '../../helpers/identity-provider.js';
import { jwkOf, makeKeys, rawToken, withRsa } from '../../helpers/raw-tokens.js';
import { type Answer } from '../../http/support/call.js';
import { startOidcService, type OidcServiceOptions } from '../../http/support/oidc-service.js';
import type { TestService } from '../../http/support/service.js';

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

describe('the keys of an identity provider', () => {
  it('are not fetched for a thousand guesses more than twelve times', async () => {
    const guessed = await IdentityProvider.start({ accounts });
    const own = await another({ app: { failedAuthenticationsPerMinute: 100_000 } }, guessed);
    const good = await guessed.signIn('jane');
    await whoami(own, good.accessToken).expect(200);
    const { otherRsa } = makeKeys();
    const sign = withRsa(otherRsa.privateKey);
    const claims = { iss: guessed.issuer, aud: 'kubepass', sub: 'jane', exp: Math.floor(Date.now() / 1000) + 300 };
    const began = Date.now();
    const statuses = new Set<number>();
    for (let i = 0; i < 1000; i += 50) {
      const guesses = Array.from({ length: 50 }, (_, k) =>
        rawToken({ alg: 'RS256', kid: `guess-${i + k}`, jwk: jwkOf(otherRsa.publicKey, {}) }, claims, sign),
      );
      const answers = await Promise.all(guesses.map(async (token): Promise<Answer> => whoami(own, token)));
      for (const { status } of answers) statuses.add(status);
    }
    expect([...statuses].filter((status) => status !== 401 && status !== 503)).toEqual([]);
    if (Date.now() - began < 60_000) expect(guessed.keyFetches).toBeLessThanOrEqual(12);
    await whoami(own, good.accessToken).expect(200);
    await guessed.stop();
  });

  it('are used while the provider is down, for staleKeysSeconds; then good tokens are answered 503, never 401', async () => {
    const dying = await IdentityProvider.start({ accounts });
    const own = await another({ oidc: { staleKeysSeconds: 3 } }, dying);
    const [seen, unseen] = [await dying.signIn('jane'), await dying.signIn('boss')];
    await whoami(own, seen.accessToken).expect(200);
    await dying.stop();
    await whoami(own, unseen.accessToken).expect(200);
    const statuses: number[] = [];
    for (let i = 0; i < 100 && statuses.at(-1) !== 503; i += 1) {
      statuses.push((await whoami(own, seen.accessToken)).status);
      await sleep(100);
    }
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    for (const { accessToken } of [seen, unseen]) {
      const { headers, body } = await whoami(own, accessToken).expect(503);
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(body).toMatchObject({ type: 'urn:kubepass:problem:service-unavailable' });
    }
    // API tokens have nothing to do with it.
    await own.as('alice')('get', '/v1/whoami').expect(200);
    await dying.restart();
    await expect.poll(async () => (await whoami(own, seen.accessToken)).status).toBe(200);
    expect(refusals(own).filter(({ reason }) => reason !== undefined)).toEqual([]);
    await dying.stop();
  });
});
