// Tests src/webhooks/webhook-dispatcher.ts
import { describe, expect, it } from 'vitest';
import { judgeAnswer } from '../../../src/webhooks/webhook-dispatcher.js';

const now = new Date('2026-03-01T10:00:00.000Z');
const answered = (status: number, retryAfter: string | null = null) =>
  ({ kind: 'answered', status, retryAfter }) as const;
const judge = (answer: Parameters<typeof judgeAnswer>[0], attempt = 1, chance = 0) => {
  const { end, pauseUntil } = judgeAnswer(answer, attempt, now, chance);
  const after = (instant: Date | null | undefined) => (instant ? (instant.getTime() - now.getTime()) / 1000 : null);
  return {
    state: end.state,
    failure: end.state === 'delivered' ? null : end.failure,
    nextSeconds: end.state === 'waiting' ? after(end.nextAttemptAt) : null,
    pauseSeconds: after(pauseUntil),
  };
};

describe('judgeAnswer', () => {
  it.each([200, 201, 202, 204, 206, 226, 299])('takes %i for delivered, at whatever attempt', (status) => {
    for (const attempt of [1, 10, 50])
      expect(judge(answered(status), attempt)).toEqual({
        state: 'delivered',
        failure: null,
        nextSeconds: null,
        pauseSeconds: null,
      });
  });

  it.each([0, 101, 199, 400, 401, 403, 404, 408, 413, 418, 429, 500, 502, 503, 504, 599])(
    'tries again after %i',
    (status) => {
      expect(judge(answered(status))).toEqual({
        state: 'waiting',
        failure: `answered ${status}`,
        nextSeconds: 5,
        pauseSeconds: null,
      });
    },
  );

  it.each([300, 301, 302, 303, 304, 307, 308, 399])(
    'takes %i for a failure, and says that it is not followed',
    (status) => {
      expect(judge(answered(status, '60'))).toMatchObject({
        state: 'waiting',
        failure: `answered ${status}: redirects are not followed, configure the address itself`,
        nextSeconds: 5,
      });
    },
  );

  it('gives up at once where the receiver is gone', () => {
    expect(judge(answered(410, '60'))).toEqual({
      state: 'dead',
      failure: 'answered 410: it wants no more of this',
      nextSeconds: null,
      pauseSeconds: null,
    });
  });

  it('comes again later and later, ten times in three days or so, and gives up then', () => {
    const delays = (chance: number) =>
      Array.from({ length: 9 }, (_, i) => judge(answered(500), i + 1, chance).nextSeconds ?? 0);
    expect(delays(0)).toEqual([5, 30, 120, 600, 3600, 14_400, 43_200, 86_400, 86_400]);
    const days = (list: readonly number[]) => list.reduce((sum, delay) => sum + delay, 0) / 86_400;
    expect(days(delays(0))).toBeCloseTo(2.72, 2);
    expect(days(delays(1))).toBeCloseTo(3.53, 2);
    for (const attempt of [10, 11, 100])
      expect(judge(answered(500), attempt)).toMatchObject({ state: 'dead', failure: 'answered 500' });
  });

  it.each<[string, number, number]>([
    ['120', 120, 120],
    ['0', 5, 0],
    ['3', 5, 3],
    ['999999999', 3600, 3600],
    ['Sun, 01 Mar 2026 10:10:00 GMT', 600, 600],
    ['Sun, 01 Mar 2020 10:10:00 GMT', 5, 0],
    ['Sun, 01 Mar 2099 10:10:00 GMT', 3600, 3600],
    ['-5', 5, 0],
    ['1e3', 5, 0],
    ['soon', 5, 0],
    ['', 5, 0],
  ])('waits as Retry-After %j says, within an hour, and leaves the receiver alone meanwhile', (header, next, pause) => {
    for (const status of [429, 503])
      expect(judge(answered(status, header))).toMatchObject({ nextSeconds: next, pauseSeconds: pause || null });
  });

  it('never comes sooner than its own schedule because of Retry-After', () => {
    expect(judge(answered(429, '60'), 5)).toMatchObject({ nextSeconds: 3600, pauseSeconds: 60 });
  });

  it('keeps a bounded part of what went wrong', () => {
    const { failure } = judge({ kind: 'failed', failure: 'x'.repeat(10_000) });
    expect(failure).toHaveLength(500);
  });
});
