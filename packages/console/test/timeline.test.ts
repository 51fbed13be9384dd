// Tests packages/console/src/pages/identities/rows.ts, packages/console/src/pages/identities/spans.ts
import { describe, expect, it } from 'vitest';
import {
  inWords,
  labelOf,
  liveAt,
  liveOverTime,
  nameOf,
  ordered,
  revokedInWords,
  rowsOf,
  spanOf,
} from '../src/pages/identities/rows.js';
import { centred, day, shifted, spanFrom, spanInAddress, ticks, zoomed } from '../src/pages/identities/spans.js';
import { at } from '../src/parts/words.js';

const now = Date.UTC(2026, 10, 30, 4);
const hour = 3_600_000;
type Bar = Parameters<typeof rowsOf>[0]['items'][number]['bars'][number];
/** No certificate is left out. */
const whole = { omitted: 0, cursor: null };
/** A bar from and to these hours after `now`. */
const bar = (
  cluster: number,
  from: number,
  to: number,
  status = 0,
  groups = [0],
  fingerprint = `${from}-${to}`,
): Bar => [cluster, (now + from * hour) / 1000, (now + to * hour) / 1000, status, groups, fingerprint];
const rowsWith = (...items: readonly (readonly [username: string, ...bars: Bar[]])[]) =>
  rowsOf({
    clusters: ['dev', 'prod'],
    groups: ['team-a', 'viewers'],
    items: items.map(([username, ...bars]) => ({ username, blocked: username === 'mallory', bars, ...whole })),
  });

describe('rows of the timeline', () => {
  it('has one for each username on a cluster, clusters by name', () => {
    const rows = rowsWith(['jane', bar(1, -1, 2), bar(0, -1, 3)], ['mary', bar(0, -2, 1)]);
    expect(rows.map(({ username, cluster }) => `${username} ${cluster}`)).toEqual([
      'jane dev',
      'jane prod',
      'mary dev',
    ]);
    expect(rows[0]?.ends).toBe(now + 3 * hour);
  });

  it('leaves out what the filters did not ask for', () => {
    const answer = {
      clusters: ['dev', 'prod'],
      groups: ['team-a', 'viewers'],
      items: [
        { username: 'jane', blocked: false, bars: [bar(0, -1, 2), bar(1, -1, 3), bar(1, -1, 4, 0, [1])], ...whole },
      ],
    };
    expect(rowsOf(answer, { cluster: 'prod' }).map(({ cluster }) => cluster)).toEqual(['prod']);
    const [row, ...others] = rowsOf(answer, { group: 'viewers' });
    expect([row?.cluster, row?.certificates.length, others]).toEqual(['prod', 1, []]);
  });

  it('says how many certificates of a username the answer leaves out', () => {
    const answer = (omitted: number) => ({
      clusters: ['dev'],
      groups: ['team-a'],
      items: [{ username: 'ci', blocked: false, bars: [bar(0, -1, 2)], omitted, cursor: 'x' }],
    });
    const wordsOf = (omitted: number) => inWords(rowsOf(answer(omitted))[0]!, now);
    expect(wordsOf(1)).toMatch(/; 1 later certificate not shown$/);
    expect(wordsOf(10_000)).toMatch(/; 10,000\+ later certificates not shown$/);
  });

  it('shows a blocked username without certificates', () => {
    const [row] = rowsWith(['mallory']);
    expect(row).toMatchObject({ cluster: '', isBlocked: true, drawn: [], lanes: 1 });
    expect(inWords(row!, now)).toBe('no live certificate');
  });

  it('puts bars that overlap into lanes, and later ones into the first lane that is free', () => {
    const [row] = rowsWith(['jane', bar(0, 4, 6), bar(0, -2, 3), bar(0, -1, 5)]);
    expect(row?.drawn.map(({ from, lane }) => [(from - now) / hour, lane])).toEqual([
      [-2, 0],
      [-1, 1],
      [4, 0],
    ]);
    expect(row?.lanes).toBe(2);
  });

  it('draws one bar for each status where a row has more lanes than can be seen', () => {
    const bars = Array.from({ length: 400 }, (_, i) => bar(0, -1 - i, 1 + i, i < 10 ? 1 : 0, [1], `f${i}`));
    const [row] = rowsWith(['ci', ...bars]);
    expect(row?.certificates).toHaveLength(400);
    expect(row?.drawn.map((one) => [one.status, one.certificates.length])).toEqual([
      ['valid', 390],
      ['superseded', 10],
    ]);
    expect(labelOf(row!.drawn[0]!)).toBe('390 certificates');
    expect(inWords(row!, now)).toMatch(/^valid: 390 certificates, the last ends .*; superseded: 10 certificates/);
  });

  it('counts no revoked certificate as live, and says how many of them still work until when', () => {
    const rows = rowsWith(['jane', bar(0, -1, 5, 2)], ['max', bar(0, -1, 2, 2), bar(0, -1, 3), bar(0, -3, -1, 2)]);
    expect(liveAt(rows, now)).toBe(1);
    expect(revokedInWords(rows, now)).toBe(`2 revoked, still work until ${at(now + 5 * hour)}`);
    expect(revokedInWords(rows.slice(0, 1), now)).toMatch(/^1 revoked, still works until /);
    expect(revokedInWords(rowsWith(['ann', bar(0, -1, 2)]), now)).toBe('');
  });

  it('orders by the end, those without certificates last', () => {
    const rows = rowsWith(['mallory'], ['jane', bar(0, -1, 5)], ['mary', bar(0, -1, 1), bar(1, -1, 9)]);
    expect(ordered(rows, 'end').map(({ username, cluster }) => `${username} ${cluster}`)).toEqual([
      'mary dev',
      'jane dev',
      'mary prod',
      'mallory ',
    ]);
    expect(ordered(rows, 'name')).toBe(rows);
  });

  it('names a bar by its status first, and knows when it has ended since', () => {
    const [row] = rowsWith(['jane', bar(0, -1, 2, 2, [0, 1])]);
    const [drawn] = row!.drawn;
    expect(nameOf(drawn!, now)).toMatch(/^revoked: team-a, viewers, .* to .*, ends in 2 hours$/);
    expect(nameOf(drawn!, now + 3 * hour)).toMatch(/^expired: team-a, viewers, .*, ended 1 hour ago$/);
  });

  it('counts what is live at an instant and over time', () => {
    const rows = rowsWith(['jane', bar(0, -4, 4), bar(1, 0, 2)]);
    expect([0, 3, 5].map((hours) => liveAt(rows, now + hours * hour))).toEqual([2, 1, 0]);
    expect(liveOverTime(rows, spanOf(rows, now), 8)).toEqual([1, 1, 1, 1, 2, 2, 1, 1]);
  });
});

describe('the window of the timeline', () => {
  const whole = { from: now - 10 * day, to: now + 10 * day };
  const view = { from: now - day, to: now + day };

  it('keeps the instant of a zoom in its place', () => {
    const around = now - day / 2;
    const closer = zoomed(view, 0.5, around, whole);
    expect(closer.to - closer.from).toBe(day);
    expect((around - closer.from) / (closer.to - closer.from)).toBeCloseTo(0.25);
  });

  it('has a least and a greatest width', () => {
    const least = zoomed(view, 1e-9, now, whole);
    expect(least.to - least.from).toBe(600_000);
    const most = zoomed(view, 1e9, now, whole);
    expect(most.to - most.from).toBe(40 * day);
  });

  it('moves by a share, and not out of all the time that there is', () => {
    expect(shifted(view, 0.5, whole)).toEqual({ from: now, to: now + 2 * day });
    // The window of a page that was just opened, where everything ends within eight hours.
    const first = { from: now - day / 2, to: now + 2.5 * day };
    expect(shifted(first, 0.2, { from: now, to: now + day / 3 }).from).toBeGreaterThan(first.from);
    expect(centred(view, now + 99 * day, whole)).toEqual({ from: now + 9 * day, to: now + 11 * day });
  });

  it('is in the address to the second, and is left out where the address has none', () => {
    const { from, to } = spanInAddress({ from: now + 0.4, to: now + hour });
    expect([from, to]).toEqual(['2026-11-30T04:00:00Z', '2026-11-30T05:00:00Z']);
    expect(spanFrom(from, to)).toEqual({ from: now, to: now + hour });
    for (const [a, b] of [
      [undefined, undefined],
      ['x', to],
      [to, from],
    ])
      expect(spanFrom(a, b)).toBeNull();
  });

  it('has round ticks, as few as are asked for, from minutes to years', () => {
    for (const width of [hour / 6, hour, 7 * hour, day, 5 * day, 40 * day, 400 * day, 4000 * day]) {
      const found = ticks({ from: now, to: now + width }, 8);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(10);
      for (const { instant, label } of found) {
        expect(new Date(instant).getMinutes() % 5).toBe(0);
        expect(label).not.toBe('');
      }
    }
  });

  it('has the date at midnight, and the hour at others', () => {
    const midnight = new Date(now).setHours(0, 0, 0, 0);
    const found = ticks({ from: midnight, to: midnight + day / 2 }, 4);
    expect(found.map(({ isStrong }) => isStrong)).toEqual([true, false, false, false]);
    expect(found[0]?.label).toMatch(/^\w{3}( \w+){2}$/);
    expect(found[1]?.label).toMatch(/^\d\d:00\b/);
  });
});
