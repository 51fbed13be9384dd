// Tests src/context/standing.ts, src/model/directory.ts
import { afterEach, expect, it, vi } from 'vitest';
import { DirectoryUse } from '../../../../src/context/standing.js';
import type { DirectoryStanding } from '../../../../src/model/directory.js';
import { aDirectoryUser } from '../../../unit/store/records.js';

afterEach(() => {
  vi.useRealTimers();
});

/** A directory with these users, and the names that it was asked for. */
function opened(...users: readonly DirectoryStanding[]) {
  const asked: (readonly string[])[] = [];
  let standings = users;
  const use = new DirectoryUse({
    isInUse: () => Promise.resolve(true),
    standingsOf(folded) {
      asked.push(folded);
      const found = standings.filter(({ username }) => folded.includes(username?.toLowerCase() ?? ''));
      return Promise.resolve(found);
    },
  });
  return {
    asked,
    use,
    replace(...others: readonly DirectoryStanding[]) {
      standings = others;
    },
  };
}
const jane = aDirectoryUser({ username: 'Jane' });
const left = { ...jane, active: false };
const successor = { ...jane, reuse: { predecessor: 'x', since: new Date(0) } };

it('believes for a second that somebody is here, and that nobody bears a name', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { asked, use, replace } = opened(jane);
  expect(await use.standingsOf(['jane', 'hr'], false)).toEqual([jane]);
  replace(left);
  vi.advanceTimersByTime(999);
  expect(await use.standingsOf(['hr', 'jane', 'joe'], false)).toEqual([jane]);
  vi.advanceTimersByTime(1);
  expect(await use.standingsOf(['jane', 'joe'], false)).toEqual([left]);
  expect(asked).toEqual([['jane', 'hr'], ['joe'], ['jane']]);
});

it('believes nothing of somebody who left, of a successor, and where more depends on it', async () => {
  for (const user of [left, { ...jane, deletedAt: new Date(0) }, successor]) {
    const { asked, use } = opened(user);
    for (let i = 0; i < 2; i++) expect(await use.standingsOf(['jane'], false)).toEqual([user]);
    expect(asked).toHaveLength(2);
  }
  const { asked, use } = opened(jane);
  for (let i = 0; i < 2; i++) expect(await use.standingsOf(['jane'], true)).toEqual([jane]);
  expect(asked).toHaveLength(2);
});

it('believes nothing from before a change by this process, even if it was read meanwhile', async () => {
  const { use, replace } = opened(jane);
  await use.standingsOf(['jane'], false);
  const reading = use.standingsOf(['joe', 'jane'], true);
  replace(left);
  use.changed();
  expect(await reading).toEqual([jane]);
  expect(await use.standingsOf(['jane'], false)).toEqual([left]);
});

it('knows of a caller who left, and of one who was vouched for before the name was given on', async () => {
  const at = new Date('2026-07-01T12:00:00Z');
  const [before, after] = [new Date(at.getTime() - 1), new Date(at.getTime() + 1)];
  const why = async (user: DirectoryStanding, vouchedAt?: Date | null) =>
    (await opened(user).use.bearing({ name: 'JANE', ...(vouchedAt !== undefined && { vouchedAt }) })).rolesLost;
  const given = { ...jane, succeededAt: at };
  expect(await why(left, after)).toBe('left');
  for (const user of [given, { ...given, active: false }, { ...given, deletedAt: at }])
    for (const vouchedAt of [before, null]) expect(await why(user, vouchedAt)).toBe('succeeded');
  for (const vouchedAt of [at, after, undefined]) expect(await why(given, vouchedAt)).toBeNull();
  for (const vouchedAt of [before, null]) expect(await why(jane, vouchedAt)).toBeNull();
});
