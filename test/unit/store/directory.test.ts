// Tests src/store/tables/directory-table.ts, src/store/tables/directory-statements.ts
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DirectoryGroup, DirectoryUser, UserCondition } from '../../../src/model/directory.js';
import type { Page } from '../../../src/model/outcome.js';
import {
  changeDirectoryMembers,
  deleteDirectoryGroup,
  forgetDirectoryLosses,
  insertDirectoryGroup,
  insertDirectoryUser,
  loseDirectoryGroup,
  updateDirectoryGroup,
  updateDirectoryUser,
} from '../../../src/store/tables/directory-statements.js';
import { directoryStatements, seededId } from '../../../bench/seed-directory.js';
import { onPostgresql, openTestStore, type OpenedStore } from '../../helpers/test-store.js';
import { aDirectoryUser, instant } from './records.js';

const awkward = 'Ä"\'`\\ 😀\u2028';

let opened: OpenedStore;
beforeAll(async () => {
  opened = await openTestStore();
});
afterAll(() => opened.close());

const commit = (...operations: Parameters<OpenedStore['store']['writer']['commit']>[0]['operations'][number][]) =>
  opened.store.writer.commit({ operations, events: [] });
const aGroup = (displayName: string): DirectoryGroup => ({
  ...{ id: randomUUID(), displayName, externalId: null, version: 1 },
  createdAt: instant('2026-03-01T09:30:00.000Z'),
  changedAt: instant('2026-03-01T09:30:00.000Z'),
});

describe('the directory', () => {
  it('gives back what it was given', async () => {
    const user = aDirectoryUser({
      userName: awkward,
      externalId: awkward,
      active: false,
      displayName: awkward,
      name: { formatted: awkward, familyName: null, givenName: '' },
      emails: [{ value: awkward, type: 'work', primary: true }],
      username: 'jane',
      version: 7,
      inactiveSince: instant('1970-01-01T00:00:00.000Z'),
      blockedAt: instant('9999-12-31T23:59:59.999Z'),
      reuse: { predecessor: 'x', since: instant('2026-03-01T09:30:00.123Z') },
      left: { at: 'x', cancelledRequests: ['a'], revokedTokens: [], keptTokens: [] },
    });
    expect(await commit(insertDirectoryUser(user))).toEqual({ committed: true });
    expect(await opened.store.directory.user(user.id)).toEqual(user);
    const changed = { ...user, active: true, version: 8, emails: [], reuse: null, left: null };
    expect(await commit(updateDirectoryUser({ user: changed, version: 7 }))).toEqual({ committed: true });
    expect(await opened.store.directory.user(user.id)).toEqual(changed);
    const by = [{ attribute: 'email', value: awkward, type: null }] as const;
    expect(await opened.store.directory.users(by, { startIndex: 1, count: 10 })).toEqual({ items: [], total: 0 });
  });

  it('takes no change of another version, and no name twice', async () => {
    const user = aDirectoryUser({ userName: 'twice' });
    await commit(insertDirectoryUser(user));
    expect(await commit(updateDirectoryUser({ user, version: 2 }))).toMatchObject({
      conflict: { kind: 'directoryUser' },
    });
    expect(await commit(insertDirectoryUser(aDirectoryUser({ userName: 'TWICE' })))).toMatchObject({
      conflict: { kind: 'directoryName' },
    });
    const deleted = { ...user, deletedAt: instant('2026-03-02T00:00:00.000Z'), version: 2 };
    await commit(updateDirectoryUser({ user: deleted, version: 1 }));
    expect(await commit(insertDirectoryUser(aDirectoryUser({ userName: 'TWICE' })))).toEqual({
      committed: true,
    });
  });

  it('has one person of a username who is here, whatever their userNames are', async () => {
    const named = (userName: string, more: Partial<DirectoryUser> = {}) =>
      aDirectoryUser({ userName, username: 'Ann', ...more });
    const insert = (user: DirectoryUser) => commit(insertDirectoryUser(user));
    const first = named('n-1');
    expect(await insert(first)).toEqual({ committed: true });
    expect(await insert(named('n-2', { username: 'aNN' }))).toMatchObject({ conflict: { kind: 'directoryName' } });
    const away = named('n-3', { active: false });
    expect(await insert(away)).toEqual({ committed: true });
    const returns = updateDirectoryUser({ user: { ...away, active: true, version: 2 }, version: 1 });
    expect(await commit(returns)).toMatchObject({ conflict: { kind: 'directoryName' } });
    const left = { ...first, deletedAt: instant('2026-03-02T00:00:00.000Z'), version: 2 };
    expect(await commit(updateDirectoryUser({ user: left, version: 1 }), returns)).toEqual({ committed: true });
  });

  it('finds the people who wait for a name of somebody else, and nobody else, part by part', async () => {
    const since = instant('2026-03-01T09:30:00.000Z');
    const waits = (userName: string, more: Partial<DirectoryUser> = {}) =>
      aDirectoryUser({ userName, username: userName, reuse: { predecessor: 'x', since }, ...more });
    const before = (await opened.store.directory.reused(0n, 1_000)).at(-1)?.n ?? 0n;
    for (const user of [
      waits('w-deleted', { deletedAt: since, active: false }),
      waits('w-inactive', { active: false }),
      waits('w-nameless', { username: null }),
      waits('w-settled', { reuse: null }),
      waits('w-first'),
      waits('w-second', { reuse: { predecessor: 'x', since: instant('2026-01-01T00:00:00.000Z') } }),
    ])
      await commit(insertDirectoryUser(user));
    const [first, ...rest] = await opened.store.directory.reused(before, 1);
    expect(first?.user.userName).toBe('w-first');
    expect(rest).toEqual([]);
    const behind = await opened.store.directory.reused(first?.n ?? 0n, 10);
    expect(behind.map(({ user }) => user.userName)).toEqual(['w-second']);
  });

  it('loses no member of a hundred concurrent changes', async () => {
    const group = aGroup('hundred');
    const users = Array.from({ length: 100 }, (_, i) => aDirectoryUser({ userName: `member-${i}` }));
    await commit(insertDirectoryGroup(group));
    await Promise.all(users.map((user) => commit(insertDirectoryUser(user))));
    const change = (kind: 'add' | 'remove', id: string) =>
      commit(
        updateDirectoryGroup({ id: group.id, version: null, attributes: {}, at: instant('2026-03-01T09:30:00.000Z') }),
        changeDirectoryMembers({ id: group.id, change: { kind, ids: [id] }, by: 'connector' }),
      );
    await Promise.all(users.map(({ id }) => change('add', id)));
    expect(await opened.store.directory.members(group.id, 1_000)).toHaveLength(100);
    await Promise.all(users.slice(0, 40).map(({ id }) => change('remove', id)));
    expect(await opened.store.directory.members(group.id, 1_000)).toHaveLength(60);
    expect((await opened.store.directory.group(group.id))?.version).toBe(141);
  });

  it('replaces members, and leaves out whoever is not listed', async () => {
    const group = aGroup('replaced');
    const [a, b] = [aDirectoryUser({ userName: 'r-a' }), aDirectoryUser({ userName: 'r-b' })];
    await commit(
      insertDirectoryGroup(group),
      insertDirectoryUser(a),
      insertDirectoryUser(b),
      changeDirectoryMembers({ id: group.id, change: { kind: 'add', ids: [a.id, 'nobody'] }, by: 'connector' }),
    );
    await commit(
      changeDirectoryMembers({ id: group.id, change: { kind: 'replace', ids: [b.id, b.id] }, by: 'connector' }),
    );
    expect((await opened.store.directory.members(group.id, 10)).map(({ id }) => id)).toEqual([b.id]);
    expect([...(await opened.store.directory.groupsOf([a.id, b.id])).keys()]).toEqual([b.id]);
    // Somebody changed the group since it was looked at.
    const stale = deleteDirectoryGroup({ id: group.id, version: 7, by: 'connector' });
    expect(await commit(stale)).toMatchObject({ conflict: { kind: 'directoryGroup', id: group.id } });
    expect([...(await opened.store.directory.groupsOf([a.id, b.id])).keys()]).toEqual([b.id]);
    await commit(deleteDirectoryGroup({ id: group.id, version: null, by: 'connector' }));
    expect(await opened.store.directory.groupsOf([b.id])).toEqual(new Map());
  });

  it('notes each loss of a group until it is forgotten, and nobody who was not in it', async () => {
    const group = aGroup('lost');
    const [a, b, c] = ['l-a', 'l-b', 'l-c'].map((userName) => aDirectoryUser({ userName })) as [
      DirectoryUser,
      DirectoryUser,
      DirectoryUser,
    ];
    const change = (kind: 'add' | 'remove' | 'replace', ...ids: readonly string[]) =>
      commit(changeDirectoryMembers({ id: group.id, change: { kind, ids }, by: awkward }));
    const before = (await opened.store.directory.losses(0n, 1_000)).at(-1)?.n ?? 0n;
    const losses = async () => {
      const found = await opened.store.directory.losses(before, 100);
      return found.flatMap(({ users, lostBy }) => users.map(({ userName }) => [userName, lostBy]));
    };
    await commit(insertDirectoryGroup(group));
    for (const user of [a, b, c]) await commit(insertDirectoryUser(user));
    await change('add', a.id, b.id);
    await change('remove', a.id, c.id);
    expect(await losses()).toEqual([['l-a', awkward]]);
    await change('replace', c.id);
    await commit(loseDirectoryGroup({ id: group.id, by: 'renamer' }));
    await commit(deleteDirectoryGroup({ id: group.id, version: null, by: 'deleter' }));
    expect(await losses()).toEqual([
      ['l-a', awkward],
      ['l-b', awkward],
      ['l-c', 'renamer'],
      ['l-c', 'deleter'],
    ]);
    const [first, second, ...rest] = await opened.store.directory.losses(before, 100);
    await commit(forgetDirectoryLosses([first?.n ?? 0n, rest[0]?.n ?? 0n]));
    expect(await losses()).toEqual([
      ['l-b', awkward],
      ['l-c', 'deleter'],
    ]);
    expect(await opened.store.directory.losses(second?.n ?? 0n, 1)).toMatchObject([{ lostBy: 'deleter' }]);
  });

  it('notes the losses of a large group by the hundred', async () => {
    const group = aGroup('lost-by-many');
    const users = Array.from({ length: 250 }, (_, i) => aDirectoryUser({ userName: `many-${String(i)}` }));
    await commit(
      insertDirectoryGroup(group),
      ...users.map((user) => insertDirectoryUser(user)),
      changeDirectoryMembers({
        id: group.id,
        change: { kind: 'add', ids: users.map(({ id }) => id) },
        by: 'connector',
      }),
    );
    const before = (await opened.store.directory.losses(0n, 1_000)).at(-1)?.n ?? 0n;
    await commit(changeDirectoryMembers({ id: group.id, change: { kind: 'replace', ids: [] }, by: awkward }));
    const found = await opened.store.directory.losses(before, 10);
    expect(found.map((loss) => loss.users.length)).toEqual([100, 100, 50]);
    expect(new Set(found.flatMap((loss) => loss.users.map(({ id }) => id)))).toEqual(
      new Set(users.map(({ id }) => id)),
    );
    expect(await opened.store.directory.losses(before, 1)).toEqual(found.slice(0, 1));
    await commit(forgetDirectoryLosses(found.slice(0, 2).map(({ n }) => n)));
    expect(await opened.store.directory.losses(before, 10)).toEqual(found.slice(2));
  });

  it('finds pages and names along indexes', async () => {
    for (const sql of [
      `SELECT "u"."n" FROM "DirectoryUser" AS "u" WHERE "u"."liveName" = 'x'`,
      `SELECT "u"."n" FROM "DirectoryUser" AS "u" WHERE "u"."principalKey" IN ('x', 'y') ORDER BY "u"."n"`,
      `SELECT "u"."n" FROM "DirectoryUser" AS "u" WHERE "u"."deletedAt" IS NULL ORDER BY "u"."n" LIMIT 10 OFFSET 5`,
      `SELECT "m"."userN" FROM "DirectoryMembership" AS "m" WHERE "m"."groupN" = 1 ORDER BY "m"."groupN", "m"."userN" LIMIT 1`,
    ])
      expect(await opened.explain(sql), sql).toMatch(/INDEX|Index|PRIMARY KEY/);
  });
});

describe('a large directory', () => {
  let large: OpenedStore;
  beforeAll(async () => {
    large = await openTestStore();
    const size = { users: 2_300, groups: 3, largestGroup: 2_300 };
    for (const sql of directoryStatements(size, onPostgresql ? 'PostgreSQL' : 'SQLite')) await large.execute(sql);
    if (onPostgresql) await large.execute(`SELECT setval('"DirectoryUser_n_seq"', 2300)`);
  });
  afterAll(() => large.close());

  const all = { startIndex: 1, count: 10_000 };
  const states = [[], [{ attribute: 'active', value: true }], [{ attribute: 'active', value: false }]] as const;

  it('finds every position, whoever comes, leaves and is deleted', async () => {
    const { directory, writer } = large.store;
    const change = async (n: number, to: { readonly active: boolean; readonly deleted?: boolean }) => {
      const user = await directory.user(seededId('user', n));
      if (user === null) throw new Error('it was seeded');
      const after = {
        ...{ ...user, active: to.active, version: user.version + 1 },
        deletedAt: to.deleted === true ? instant('2026-03-02T00:00:00.000Z') : null,
      };
      const operation = updateDirectoryUser({ user: after, version: user.version });
      expect(await writer.commit({ operations: [operation], events: [] })).toEqual({ committed: true });
    };
    // They are in the first thousand, the second, and the last one, which is not full.
    for (const n of [3, 999, 1_000, 1_001, 2_299]) await change(n, { active: false });
    for (const n of [1, 50, 998, 1_002, 2_000]) await change(n, { active: false, deleted: true });
    await change(100, { active: true });
    await change(3, { active: true });
    const newcomers = [aDirectoryUser({ userName: 'last' }), aDirectoryUser({ userName: 'gone', active: false })];
    for (const user of newcomers) await writer.commit({ operations: [insertDirectoryUser(user)], events: [] });
    for (const conditions of states) {
      const [state] = conditions;
      const rows = await large.query(
        `SELECT "id" FROM "DirectoryUser" WHERE "deletedAt" IS NULL${state ? ` AND "active" = ${String(state.value)}` : ''} ORDER BY "n"`,
      );
      const expected = rows.map(({ id }) => id);
      const { items, total } = await directory.users(conditions, all);
      expect(total).toBe(expected.length);
      expect(items.map(({ id }) => id)).toEqual(expected);
      for (const startIndex of [1, 2, 950, 996, 997, 998, 1_000, 1_990, 1_996, total - 1, total, total + 1])
        expect(await directory.users(conditions, { startIndex, count: 3 }), String(startIndex)).toEqual({
          items: items.slice(startIndex - 1, startIndex + 2),
          total,
        });
    }
    expect(await directory.users([...states[1], ...states[2]], all)).toEqual({ items: [], total: 0 });
  });

  it('finds one user, or group, by any of its names and states', async () => {
    const { directory } = large.store;
    const id = seededId('user', 700);
    const found = async (...conditions: readonly UserCondition[]) =>
      (await directory.users(conditions, all)).items.map((user) => user.id);
    const names = [
      { attribute: 'id', value: id },
      { attribute: 'userName', value: 'USER-700@corp.example' },
      { attribute: 'externalId', value: '00u700' },
      { attribute: 'displayName', value: 'user 700' },
      { attribute: 'email', value: 'MAIL-700@corp.example', type: 'work' },
    ] as const;
    for (const name of names) {
      expect(await found(name)).toEqual([id]);
      expect(await found({ attribute: 'active', value: false }, name)).toEqual([id]);
      expect(await found({ attribute: 'active', value: true }, name)).toEqual([]);
    }
    expect(await found(...names)).toEqual([id]);
    expect(await directory.users([names[1]], { startIndex: 2, count: 5 })).toEqual({ items: [], total: 1 });
    const listed = await directory.list(
      { active: false, directoryName: 'uSER-700@corp.example', username: 'User-700@corp.example' },
      { limit: 5, cursor: null },
    );
    expect(listed.items.map((user) => user.id)).toEqual([id]);
    const group = seededId('group', 2);
    const groups = await directory.groups(
      [
        { attribute: 'id', value: group },
        { attribute: 'displayName', value: 'GROUP 2' },
      ],
      all,
    );
    expect(groups.items.map((one) => one.id)).toEqual([group]);
  });

  it('lists deleted users apart, those first that were deleted last, and by each name that they had', async () => {
    const { directory, writer } = large.store;
    const before = (await directory.list({ deleted: true }, { limit: 500, cursor: null })).items;
    // Two of them were deleted at one instant.
    for (const [n, second] of [
      [10, 5],
      [11, 7],
      [12, 5],
    ] as const) {
      const user = (await directory.user(seededId('user', n)))!;
      const after = { ...user, version: user.version + 1, deletedAt: new Date(Date.UTC(2027, 0, 1, 0, 0, second)) };
      const operation = updateDirectoryUser({ user: after, version: user.version });
      expect(await writer.commit({ operations: [operation], events: [] })).toEqual({ committed: true });
    }
    const expected = [...[11, 12, 10].map((n) => seededId('user', n)), ...before.map(({ id }) => id)];
    for (const limit of [1, 2, 500]) {
      const ids: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page: Page<DirectoryUser> = await directory.list({ deleted: true }, { limit, cursor });
        ids.push(...page.items.map(({ id }) => id));
        if ((cursor = page.nextCursor) === null) break;
      }
      expect(ids).toEqual(expected);
    }
    const found = async (filter: object) =>
      (await directory.list({ deleted: true, ...filter }, { limit: 5, cursor: null })).items.map(({ id }) => id);
    expect(await found({ directoryName: 'USER-10@corp.example' })).toEqual([seededId('user', 10)]);
    expect(await found({ username: 'User-10@corp.example', active: false })).toEqual([seededId('user', 10)]);
    expect(await found({ username: 'User-10@corp.example', active: true })).toEqual([]);
    expect(await found({ directoryName: 'user-13@corp.example' })).toEqual([]);
    const listed = await directory.list({}, { limit: 12, cursor: null });
    expect(listed.items.map(({ id }) => id)).not.toContain(seededId('user', 10));
  });

  it('loses all members but some at once', async () => {
    const { directory, writer } = large.store;
    const kept = await directory.members(seededId('group', 1), 2);
    const some = (await directory.members(seededId('group', 1), 10_000)).slice(2).map(({ id }) => id);
    const change = (kind: 'remove' | 'replace', ids: readonly string[]) =>
      writer.commit({
        operations: [changeDirectoryMembers({ id: seededId('group', 1), change: { kind, ids }, by: 'scim-connector' })],
        events: [],
      });
    await change('remove', some);
    expect(await directory.members(seededId('group', 1), 10)).toEqual(kept);
    await change('replace', []);
    expect(await directory.members(seededId('group', 1), 10)).toEqual([]);
    expect((await directory.members(seededId('group', 2), 1_000)).length).toBeGreaterThan(90);
  });
});
