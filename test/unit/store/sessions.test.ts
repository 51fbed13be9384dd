// Tests src/store/tables/session-table.ts
import { describe, expect, it } from 'vitest';
import { foldedName } from '@kubepass/inspect/formats';
import type { IdentityBlock } from '../../../src/model/identity.js';
import type { Session } from '../../../src/model/session.js';
import { insertApiToken, revokeApiToken } from '../../../src/store/tables/api-token-table.js';
import { insertIdentityBlock } from '../../../src/store/tables/identity-block-table.js';
import { endSession, forgetSessions, insertSession, touchSession } from '../../../src/store/tables/session-table.js';
import { aToken, aSession, instant, sha256, testStore } from './records.js';

const begin = instant('2026-03-01T10:00:00.000Z');
const after = (seconds: number) => new Date(begin.getTime() + seconds * 1000);

async function withSessions(...sessions: readonly Session[]) {
  const opened = await testStore();
  for (const session of sessions)
    expect(await opened.commit([insertSession({ session, secretSha256: sha256(session.id) })])).toEqual({
      committed: true,
    });
  return opened;
}

const block = (more: Partial<IdentityBlock> = {}): IdentityBlock => ({
  username: 'Jane',
  clusters: null,
  reason: 'cessationOfOperation',
  comment: null,
  until: null,
  blockedAt: begin,
  blockedBy: 'hr',
  ...more,
});

describe('a session', () => {
  it('is found by the hash of its secret alone', async () => {
    const session = aSession();
    const { store } = await withSessions(session);
    const found = await store.sessions.findBySecretSha256s([sha256('another'), sha256(session.id)]);
    expect([...found]).toStrictEqual([[sha256(session.id), session]]);
  });

  it('moves its last use forward alone, and none once it was ended', async () => {
    const session = aSession();
    const { store, commit } = await withSessions(session);
    const usedAt = async () => (await store.sessions.find(session.id))?.usedAt;
    await commit([touchSession({ id: session.id, at: after(120) })]);
    expect(await commit([touchSession({ id: session.id, at: after(60) })])).toEqual({ committed: true });
    expect(await usedAt()).toEqual(after(120));
    await commit([endSession({ id: session.id, at: after(180) })]);
    await commit([touchSession({ id: session.id, at: after(240) })]);
    expect(await usedAt()).toEqual(after(120));
  });

  it('is ended once', async () => {
    const session = aSession();
    const { store, commit } = await withSessions(session);
    expect(await commit([endSession({ id: session.id, at: after(1) })])).toEqual({ committed: true });
    const conflict = { kind: 'session', id: session.id };
    expect(await commit([endSession({ id: session.id, at: after(2) })])).toEqual({ committed: false, conflict });
    expect((await store.sessions.find(session.id))?.endedAt).toEqual(after(1));
  });

  it('is ended with its API token, and so are those of no other token', async () => {
    const token = aToken();
    const [one, ended, other] = [
      aSession({ issuer: null, tokenId: token.id }),
      aSession({ issuer: null, tokenId: token.id, endedAt: after(1) }),
      aSession({ issuer: null, tokenId: 'another' }),
    ];
    const { store, commit } = await withSessions(one, ended, other);
    await commit([insertApiToken({ token, secretSha256: sha256('token') })]);
    const endsOf = () =>
      Promise.all([one, ended, other].map(async ({ id }) => (await store.sessions.find(id))?.endedAt ?? null));
    expect(await commit([revokeApiToken({ id: token.id, at: after(5) })])).toEqual({ committed: true });
    expect(await endsOf()).toEqual([after(5), after(1), null]);
    const conflict = { kind: 'apiToken', id: token.id };
    expect(await commit([revokeApiToken({ id: token.id, at: after(9) })])).toEqual({
      committed: false,
      conflict,
    });
    expect(await endsOf()).toEqual([after(5), after(1), null]);
    expect([...(await store.apiTokens.findByIds([token.id, 'another', token.id]))]).toStrictEqual([
      [token.id, { ...token, revokedAt: after(5) }],
    ]);
  });

  it('is one of a hundred of its name: each more takes the place of the oldest, and a revocation ends no more', async () => {
    const token = aToken({ name: 'jane' });
    const sessions = Array.from({ length: 250 }, (_, i) =>
      aSession({ id: `s-${String(i).padStart(3, '0')}`, tokenId: token.id, issuer: null, createdAt: after(i) }),
    );
    const other = aSession({ name: 'joe', createdAt: after(-1) });
    const { store, commit } = await withSessions(other, ...sessions);
    await commit([insertApiToken({ token, secretSha256: sha256('token') })]);
    const kept = async () =>
      (await Promise.all(sessions.map(({ id }) => store.sessions.find(id)))).filter((one) => one !== null);
    expect((await kept()).map(({ id }) => id)).toEqual(sessions.slice(-100).map(({ id }) => id));
    expect(await store.sessions.find(other.id)).toEqual(other);
    expect(await store.sessions.openOf('jane', after(0), null, 500)).toHaveLength(100);
    expect(await commit([revokeApiToken({ id: token.id, at: after(300) })])).toEqual({ committed: true });
    expect((await kept()).every(({ endedAt }) => endedAt?.getTime() === after(300).getTime())).toBe(true);
  });

  it('is forgotten once it has been over for long, ended or not', async () => {
    const [old, recent] = [aSession({ expiresAt: after(10) }), aSession({ expiresAt: after(30) })];
    const { store, commit } = await withSessions(old, recent);
    await commit([forgetSessions(after(20))]);
    expect(await store.sessions.find(old.id)).toBeNull();
    expect(await store.sessions.find(recent.id)).not.toBeNull();
  });
});

describe('a sign-in of a blocked name', () => {
  const session = aSession({ name: 'JANE' });
  const signIn = insertSession({ session, secretSha256: sha256('secret') });

  it.each([
    ['on every cluster', block(), 'blocked'],
    ['on every cluster for a while', block({ until: after(1) }), 'blocked'],
    ['on every cluster until then', block({ until: begin }), null],
    ['on some clusters', block({ clusters: ['demo'] }), null],
    ['of another name', block({ username: 'janet' }), null],
  ])('%s', async (_, stored, conflict) => {
    const { commit } = await testStore();
    await commit([insertIdentityBlock({ block: stored, folded: foldedName(stored.username) })]);
    expect(await commit([signIn])).toEqual(
      conflict === null ? { committed: true } : { committed: false, conflict: { kind: conflict } },
    );
  });

  it('does not get in beside the block, whichever of the two is committed first', async () => {
    const { store, commit } = await testStore();
    const results = await Promise.all([
      commit([insertIdentityBlock({ block: block(), folded: 'jane' })]),
      commit([signIn]),
    ]);
    expect(results.map(({ committed }) => committed)).toEqual([true, false]);
    expect(await store.sessions.find(session.id)).toBeNull();
  });
});

describe('the list of sessions', () => {
  const live = [0, 10, 20].map((seconds) => aSession({ createdAt: after(seconds), usedAt: after(seconds) }));
  const ended = aSession({ endedAt: after(5) });
  const idle = aSession({ usedAt: after(-3_599) });
  const expired = aSession({ expiresAt: after(60) });
  const other = aSession({ name: 'Jane', createdAt: after(30), usedAt: after(30) });

  it('has the live ones of a name, or of everybody, newest first, page by page', async () => {
    const { store } = await withSessions(...live, ended, idle, expired, other);
    const idsOf = async (name: string | null) => {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof store.sessions.list>> = await store.sessions.list(name, after(60), {
          limit: 2,
          cursor,
        });
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      return ids;
    };
    const own = live.map(({ id }) => id).reverse();
    expect(await idsOf('jane')).toEqual(own);
    expect(await idsOf(null)).toEqual([other.id, ...own]);
    expect(await idsOf('nobody')).toEqual([]);
  });

  it('finds all spellings of a name to end, and those that began before an instant', async () => {
    const { store } = await withSessions(...live, ended, idle, expired, other);
    const open = async (begunUntil: Date | null, limit = 100) =>
      (await store.sessions.openOf('jane', after(60), begunUntil, limit)).map(({ id }) => id).sort();
    expect(await open(null)).toEqual([...live, idle, other].map(({ id }) => id).sort());
    expect(await open(after(10))).toEqual([...live.slice(0, 2), idle].map(({ id }) => id).sort());
    expect(await open(null, 2)).toHaveLength(2);
  });
});
