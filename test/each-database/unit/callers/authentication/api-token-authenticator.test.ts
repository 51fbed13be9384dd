// Tests src/callers/authentication/callers.ts, src/callers/secrets.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApiTokenAuthenticator } from '../../../../../src/callers/authentication/callers.js';
import { isApiTokenSecret, newApiTokenSecret } from '../../../../../src/callers/secrets.js';
import { makeApiToken } from '../../../../../src/callers/api-tokens.js';
import type { ApiToken } from '../../../../../src/model/principal.js';
import { admitting } from '../../../../helpers/principals.js';

const start = new Date('2026-03-01T10:00:00Z');

/** Tokens in memory that count how often they are read, under a clock that the test moves. */
function setUp() {
  let now = start.getTime();
  const rows = new Map<string, ApiToken>();
  const reads = { count: 0, most: 0, atOnce: 0 };
  const reader = {
    async findBySecretSha256s(hashes: readonly string[]) {
      reads.count += 1;
      reads.atOnce += 1;
      reads.most = Math.max(reads.most, hashes.length);
      expect(reads.atOnce).toBeLessThanOrEqual(4);
      await Promise.resolve();
      reads.atOnce -= 1;
      return new Map([...rows].filter(([sha256]) => hashes.includes(sha256)));
    },
    async findByIds(ids: readonly string[]) {
      reads.count += 1;
      return new Map([...rows.values()].flatMap((row) => (ids.includes(row.id) ? [[row.id, row]] : [])));
    },
    liveReviewers: () => Promise.resolve([]),
  };
  const authenticator = new ApiTokenAuthenticator(reader, () => new Date(now), admitting);
  const made = makeApiToken(
    { name: 'hr-system', roles: ['requester'], groups: ['onboarding'], expiresInSeconds: 3600 },
    ['admin'],
    { now: start, random: randomBytes },
  );
  rows.set(made.secretSha256, made.token);
  return {
    ...made,
    authenticator,
    rows,
    reads,
    revokeInStore: () => rows.set(made.secretSha256, { ...made.token, revokedAt: new Date(now) }),
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('API token secrets', () => {
  it('hold 256 random bits behind a prefix that says what they are', () => {
    const secret = newApiTokenSecret(randomBytes);
    expect(secret).toMatch(/^kubepass_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(secret.slice('kubepass_'.length), 'base64url')).toHaveLength(32);
    expect(newApiTokenSecret(randomBytes)).not.toBe(secret);
  });

  it.each(['', 'kubepass_', `kubepass_${'a'.repeat(42)}`, `kubepass_${'a'.repeat(44)}`, `kubepass_${'a'.repeat(42)}=`])(
    'are not taken for one where the form is wrong: %j',
    (text) => expect(isApiTokenSecret(text)).toBe(false),
  );
});

describe('ApiTokenAuthenticator', () => {
  it('answers the principal with its lineage, and never the secret', async () => {
    const { authenticator, secret, token } = setUp();
    expect(await authenticator.authenticate(secret)).toEqual({
      name: 'hr-system',
      groups: ['onboarding'],
      roles: ['requester'],
      createdBy: ['admin'],
      method: 'api-token',
      credentialId: token.id,
      vouchedAt: token.createdAt,
      expiresAt: token.expiresAt,
      cluster: null,
    });
  });

  it('knows nobody behind an unknown token, and does not read the store for a malformed one', async () => {
    const { authenticator, reads } = setUp();
    expect(await authenticator.authenticate(newApiTokenSecret(randomBytes))).toBeNull();
    expect(reads.count).toBe(1);
    expect(await authenticator.authenticate('not-a-token')).toBeNull();
    expect(reads.count).toBe(1);
  });

  it('refuses a token from the instant it expires, also where it was found before', async () => {
    const { authenticator, secret, advance } = setUp();
    advance(3_599_000);
    expect(await authenticator.authenticate(secret)).not.toBeNull();
    advance(1_000);
    expect(await authenticator.authenticate(secret)).toBeNull();
  });

  it('notices a revocation made elsewhere within 5 seconds', async () => {
    const { authenticator, secret, advance, revokeInStore, reads } = setUp();
    await authenticator.authenticate(secret);
    revokeInStore();
    advance(4_999);
    expect(await authenticator.authenticate(secret)).not.toBeNull();
    expect(reads.count).toBe(1);
    advance(1);
    expect(await authenticator.authenticate(secret)).toBeNull();
  });

  it('notices a revocation made here at once', async () => {
    const { authenticator, secret, token, revokeInStore } = setUp();
    await authenticator.authenticate(secret);
    revokeInStore();
    authenticator.forget(token.id);
    expect(await authenticator.authenticate(secret)).toBeNull();
  });

  it('does not keep a row that was read before a revocation and arrived after it', async () => {
    const { token, secret, rows, secretSha256 } = setUp();
    let arrive: (token: ApiToken) => void = () => undefined;
    let slow = true;
    const reader = {
      findBySecretSha256s: () =>
        slow
          ? new Promise<ReadonlyMap<string, ApiToken>>((resolve) => {
              arrive = (found) => {
                resolve(new Map([[secretSha256, found]]));
              };
            })
          : Promise.resolve(rows),
      findByIds: () => Promise.resolve(new Map()),
      liveReviewers: () => Promise.resolve([]),
    };
    const authenticator = new ApiTokenAuthenticator(reader, () => start, admitting);
    const inFlight = authenticator.authenticate(secret);
    await new Promise(setImmediate);
    rows.set(secretSha256, { ...token, revokedAt: start });
    authenticator.forget(token.id);
    arrive(token);
    await inFlight;
    slow = false;
    expect(await authenticator.authenticate(secret)).toBeNull();
  });

  it('does not trust what it read where the clock has been set back', async () => {
    const { authenticator, secret, advance, revokeInStore } = setUp();
    await authenticator.authenticate(secret);
    revokeInStore();
    advance(-60_000);
    expect(await authenticator.authenticate(secret)).toBeNull();
  });

  describe('among guesses', () => {
    const guess = (authenticator: ApiTokenAuthenticator) => authenticator.authenticate(newApiTokenSecret(randomBytes));

    it('finds whoever is right, also with a token of this moment, and asks the store a few times for all of them', async () => {
      const { authenticator, reads, rows, secret } = setUp();
      const guesses = Array.from({ length: 500 }, () => guess(authenticator));
      const made = makeApiToken({ name: 'new', roles: ['requester'] }, [], { now: start, random: randomBytes });
      rows.set(made.secretSha256, made.token);
      expect(await authenticator.authenticate(made.secret)).toMatchObject({ name: 'new' });
      expect(await authenticator.authenticate(secret)).toMatchObject({ name: 'hr-system' });
      expect(new Set(await Promise.all(guesses))).toEqual(new Set([null]));
      expect(reads.most).toBe(256);
      expect(reads.count).toBeLessThanOrEqual(8);
    });

    it('refuses a token that was revoked', async () => {
      const { authenticator, secret, token, revokeInStore } = setUp();
      await authenticator.authenticate(secret);
      revokeInStore();
      authenticator.forget(token.id);
      const guesses = Array.from({ length: 100 }, () => guess(authenticator));
      expect(await authenticator.authenticate(secret)).toBeNull();
      await Promise.all(guesses);
    });

    it('fails for all who were looked up together where the store fails, and goes on', async () => {
      const { secret, rows } = setUp();
      let isDown = true;
      const authenticator = new ApiTokenAuthenticator(
        {
          findBySecretSha256s: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(rows)),
          findByIds: () => Promise.resolve(new Map()),
          liveReviewers: () => Promise.resolve([]),
        },
        () => start,
        admitting,
      );
      const all = await Promise.allSettled([
        ...Array.from({ length: 100 }, () => guess(authenticator)),
        authenticator.authenticate(secret),
      ]);
      expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['rejected']));
      isDown = false;
      expect(await authenticator.authenticate(secret)).not.toBeNull();
    });
  });

  it('holds a bounded number of tokens', async () => {
    const { authenticator, rows, reads, secret } = setUp();
    await authenticator.authenticate(secret);
    for (let i = 0; i < 1_000; i += 1) {
      const made = makeApiToken({ name: `p${i}`, roles: ['requester'] }, [], { now: start, random: randomBytes });
      rows.set(made.secretSha256, made.token);
      await authenticator.authenticate(made.secret);
    }
    const before = reads.count;
    await authenticator.authenticate(secret);
    expect(reads.count).toBe(before + 1);
  });
});
