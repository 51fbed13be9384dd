// Tests src/callers/sessions.ts, src/callers/secrets.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { secretSha256, isSessionSecret, newSessionSecret } from '../../../../src/callers/secrets.js';
import { SessionAuthenticator } from '../../../../src/callers/sessions.js';
import type { Principal } from '../../../../src/model/principal.js';
import type { Session } from '../../../../src/model/session.js';
import { principal } from '../../../helpers/principals.js';
import { aSession } from '../../../unit/store/records.js';

const begin = new Date('2026-03-01T10:00:00Z');

/** A session in memory, which counts how often it is read and touched, under a clock that the test moves. */
function setUp(more: Partial<Session> = {}, ofToken: () => Principal | null = () => null) {
  let now = begin.getTime();
  const secret = newSessionSecret(randomBytes);
  let stored: Session | null = aSession({
    createdAt: begin,
    usedAt: begin,
    expiresAt: new Date(now + 43_200_000),
    ...more,
  });
  const reads = { count: 0 };
  const touched: Date[] = [];
  let write = () => Promise.resolve();
  const authenticator = new SessionAuthenticator({
    reader: {
      async findBySecretSha256s(hashes) {
        reads.count += 1;
        return new Map(
          stored !== null && hashes.includes(secretSha256(secret)) ? [[secretSha256(secret), stored]] : [],
        );
      },
    },
    touch(_, at) {
      touched.push(at);
      return write();
    },
    roles: [
      { names: ['jane'], groups: [], roles: ['requester'] },
      { names: [], groups: ['oncall'], roles: ['approver'] },
    ],
    issuers: ['corp'],
    apiTokens: { authenticateById: (id) => Promise.resolve(id === more.tokenId ? ofToken() : null) },
    clock: () => new Date(now),
  });
  return {
    ...{ authenticator, secret, reads, touched },
    session: stored,
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
    store: (changed: Partial<Session> | null) => {
      stored = changed === null || stored === null ? null : { ...stored, ...changed };
    },
    setWrite: (next: () => Promise<void>) => {
      write = next;
    },
    reasonOf: async (presented = secret) => {
      const answer = await authenticator.authenticate(presented);
      return answer.outcome === 'refused' ? answer.reason : answer.outcome;
    },
  };
}

describe('secrets of sessions', () => {
  it('hold 256 random bits, in characters that a cookie may have', () => {
    const secret = newSessionSecret(randomBytes);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(isSessionSecret(secret)).toBe(true);
    expect(newSessionSecret(randomBytes)).not.toBe(secret);
  });

  it.each(['', 'a'.repeat(42), 'a'.repeat(44), `${'a'.repeat(42)}=`, `${'a'.repeat(42)};`, `${'a'.repeat(43)}\n`])(
    'are not taken for one where the form is wrong, and nothing is read: %j',
    async (text) => {
      const { reasonOf, reads } = setUp();
      expect(await reasonOf(text)).toBe('SessionUnknown');
      expect(reads).toEqual({ count: 0 });
    },
  );
});

describe('SessionAuthenticator', () => {
  it('answers the person with the roles that the configuration gives now', async () => {
    const { authenticator, secret, session } = setUp({ groups: ['oncall', 'admins'] });
    expect(await authenticator.authenticate(secret)).toEqual({
      outcome: 'authenticated',
      principal: {
        name: 'jane',
        groups: ['oncall', 'admins'],
        roles: ['requester', 'approver'],
        method: 'session',
        createdBy: [],
        credentialId: session.id,
        expiresAt: session.expiresAt,
        cluster: null,
        vouchedAt: session.createdAt,
      },
    });
  });

  it.each([
    ['is unknown', null, 'SessionUnknown'],
    ['was ended', { endedAt: begin }, 'SessionEnded'],
    ['has reached its end', { expiresAt: begin }, 'SessionExpired'],
    ['was not used for an hour', { usedAt: new Date(begin.getTime() - 3_600_000) }, 'SessionExpired'],
    ['was used within the hour', { usedAt: new Date(begin.getTime() - 3_599_999) }, 'authenticated'],
    ['is of an issuer by which nobody signs in any more', { issuer: 'former' }, 'SessionOfNoIssuer'],
  ])('judges one that %s', async (_, changed, reason) => {
    const { reasonOf, store } = setUp();
    store(changed);
    expect(await reasonOf()).toBe(reason);
  });

  it('answers the principal of an API token as it is now, and nobody once the token authenticates nobody', async () => {
    const maker = { method: 'api-token', createdBy: ['root'], vouchedAt: begin, expiresAt: null } as const;
    let ofToken: Principal | null = principal('hr', ['requester'], { ...maker, groups: ['onboarding'] });
    const { authenticator, secret, session, store, reasonOf } = setUp({ issuer: null, tokenId: 't1' }, () => ofToken);
    expect(await authenticator.authenticate(secret)).toEqual({
      outcome: 'authenticated',
      principal: {
        name: 'hr',
        groups: ['onboarding'],
        roles: ['requester'],
        method: 'session',
        createdBy: ['root'],
        credentialId: session.id,
        tokenId: 't1',
        expiresAt: session.expiresAt,
        cluster: null,
        vouchedAt: begin,
      },
    });
    ofToken = { ...ofToken, roles: [] };
    expect(await authenticator.authenticate(secret)).toMatchObject({ principal: { roles: [] } });
    store({ endedAt: begin });
    expect(await reasonOf()).toBe('authenticated');
    ofToken = null;
    expect(await reasonOf()).toBe('SessionOfNoToken');
  });

  it('judges its own end before that of its token, and asks for no token then', async () => {
    let asked = 0;
    const { reasonOf, advance } = setUp({ issuer: null, tokenId: 't1' }, () => {
      asked += 1;
      return null;
    });
    advance(43_200);
    expect(await reasonOf()).toBe('SessionExpired');
    expect(asked).toBe(0);
  });

  it('ends after an hour without use, and after twelve hours however much it is used', async () => {
    const { reasonOf, advance, touched, store } = setUp();
    for (let minutes = 0; minutes < 12 * 60 - 50; minutes += 50) {
      expect(await reasonOf()).toBe('authenticated');
      store({ usedAt: touched.at(-1) ?? begin });
      advance(50 * 60);
    }
    store({ usedAt: touched.at(-1) ?? begin });
    expect(await reasonOf()).toBe('authenticated');
    advance(50 * 60);
    expect(await reasonOf()).toBe('SessionExpired');

    const idle = setUp();
    idle.advance(3_599);
    expect(await idle.reasonOf()).toBe('authenticated');
    idle.store({ usedAt: idle.touched[0]! });
    idle.advance(3_600);
    expect(await idle.reasonOf()).toBe('SessionExpired');
  });

  it('believes a session that was ended elsewhere for five seconds at most', async () => {
    const { reasonOf, advance, store, reads } = setUp();
    expect(await reasonOf()).toBe('authenticated');
    store({ endedAt: begin });
    advance(4.999);
    expect(await reasonOf()).toBe('authenticated');
    expect(reads.count).toBe(1);
    advance(0.001);
    expect(await reasonOf()).toBe('SessionEnded');
  });

  it('forgets one at once that ends here', async () => {
    const { authenticator, session, reasonOf, store } = setUp();
    expect(await reasonOf()).toBe('authenticated');
    store({ endedAt: begin });
    authenticator.forget(session.id);
    expect(await reasonOf()).toBe('SessionEnded');
  });

  it('records a use once a minute, waits for none of it, and fails no call because of it', async () => {
    const { reasonOf, advance, touched, setWrite } = setUp();
    setWrite(() => new Promise(() => undefined));
    await reasonOf();
    expect(touched).toEqual([]);
    advance(59);
    await reasonOf();
    expect(touched).toEqual([]);
    advance(1);
    setWrite(() => Promise.reject(new Error('the queue is full')));
    for (let i = 0; i < 10; i += 1) expect(await reasonOf()).toBe('authenticated');
    expect(touched).toEqual([new Date(begin.getTime() + 60_000)]);
    advance(60);
    await reasonOf();
    expect(touched).toHaveLength(2);
  });

  it('does not let a clock that was set back keep a session for longer', async () => {
    const { reasonOf, advance, store } = setUp();
    expect(await reasonOf()).toBe('authenticated');
    store({ endedAt: begin });
    advance(-10);
    expect(await reasonOf()).toBe('SessionEnded');
  });

  it('looks guesses up together, and whoever is right as well', async () => {
    const { reasonOf, reads } = setUp();
    const guesses = Array.from({ length: 300 }, () => reasonOf(newSessionSecret(randomBytes)));
    expect(await reasonOf()).toBe('authenticated');
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(['SessionUnknown']));
    expect(reads.count).toBeLessThanOrEqual(8);
  });
});
