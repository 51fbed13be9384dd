// Tests src/policy/workers/draft-pool.ts, src/policy/workers/draft.ts, src/policy/workers/draft-worker.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { DraftPool, type DraftPoolOptions } from '../../../../../src/policy/workers/draft-pool.js';
import type { DraftQuestion } from '../../../../../src/policy/workers/draft.js';
import { policySetOf, testPolicies } from '../../../../helpers/issuance.js';
import { recordedRequest } from '../../../../helpers/recorded-requests.js';
import { facts, now, request, requester } from '../../../../unit/policy/builders.js';

// Workers start and work, on a machine that may be busy.
const patient = { waitMilliseconds: 60_000, startMilliseconds: 60_000, workMilliseconds: 60_000 };
const pools: DraftPool[] = [];
function poolOf({ evaluate, replay }: DraftPoolOptions = {}): DraftPool {
  const pool = new DraftPool({ evaluate: { ...patient, ...evaluate }, replay: { ...patient, ...replay } });
  pools.push(pool);
  return pool;
}
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

const file = new URL('./misbehaving-drafts.ts', import.meta.url);
const misbehaving = (workMilliseconds = 300): DraftPool =>
  poolOf({
    evaluate: { file, workMilliseconds, heapMegabytes: 32 },
    replay: { file, workMilliseconds, heapMegabytes: 32 },
  });

const draft = (text: string) => ({ texts: [{ path: '/policies/0', text }], clusters: [] });
const question: DraftQuestion = {
  request: request({ groups: ['team-a'] }),
  requester: requester(),
  cluster: 'demo',
  now,
};
const known = async () => facts({ cluster: 'demo' });

const seeded = { policySet: policySetOf(testPolicies), from: new Date('2026-01-01T00:00:00Z') };
const batch = (from: number, length: number) => Array.from({ length }, (_, i) => recordedRequest(from + i, seeded));

describe('evaluating under a draft', () => {
  it('decides in a worker, with the facts that the draft asks for', async () => {
    const asked: unknown[] = [];
    const quota = testPolicies.replace(
      'approval: { mode: auto }',
      'quota: { livePerUsername: 2 }\n  approval: { mode: auto }',
    );
    const usage = { livePerUsername: 2, livePerGroup: { 'team-a': 0 }, livePerRequester: 0, issuancesPerHour: 0 };
    const evaluated = await poolOf().evaluate(draft(quota), question, async (needed) => {
      asked.push(needed);
      return facts({ cluster: 'demo', usage });
    });
    expect(asked).toEqual([{ usage: true, active: false, blastRadius: false, directory: false }]);
    expect(evaluated).toMatchObject({ facts: { usage }, decision: { outcome: 'permitted', policy: 'by-hand' } });
    expect(evaluated.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('tells everything that is wrong in a draft, by the text it stands in', async () => {
    const texts = ['kind: Nothing', testPolicies, 'a: [\n'].map((text, i) => ({ path: `/policies/${i}`, text }));
    const evaluated = poolOf().evaluate({ texts, clusters: [] }, question, known);
    await expect(evaluated).rejects.toMatchObject({
      reason: 'Invalid',
      errors: [
        { pointer: '/policies/0', message: expect.stringMatching(/^line 1, column 1: \/kind: /) as string },
        { pointer: '/policies/2', message: expect.stringMatching(/^line 2, column 1: /) as string },
      ],
    });
  });

  it('tells of at most 100 errors, and how many more there are', async () => {
    const text = Array.from({ length: 150 }, () => 'kind: Nothing').join('\n---\n');
    const error = (await poolOf()
      .evaluate(draft(text), question, known)
      .catch((it: unknown) => it)) as {
      errors: readonly object[];
    };
    expect(error.errors).toHaveLength(100);
    expect(error.errors.at(-1)).toEqual({ pointer: '/policies', message: 'and 51 errors more' });
  });

  it('fails as looking up the facts fails', async () => {
    const gone = new Error('the database is gone');
    await expect(poolOf().evaluate(draft(testPolicies), question, () => Promise.reject(gone))).rejects.toBe(gone);
  });

  it.each(['loop', 'hoard'])('ends a worker whose draft makes it %s, and goes on with another', async (verb) => {
    const pool = misbehaving(1500);
    await expect(pool.evaluate(draft(verb), question, known)).rejects.toMatchObject({
      name: 'DraftRefusedError',
      reason: 'TooMuchWork',
    });
    await expect(pool.evaluate(draft('x'), question, known)).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('leaves the event loop free meanwhile', async () => {
    const pool = misbehaving(1000);
    let isOver = false;
    const ended = pool
      .evaluate(draft('loop'), question, known)
      .catch(() => undefined)
      .finally(() => (isOver = true));
    for (let i = 0; i < 10; i += 1) await sleep(1);
    expect(isOver).toBe(false);
    await ended;
  });

  it('tells nothing of a draft whose worker fails', async () => {
    const error: unknown = await misbehaving()
      .evaluate(draft('throw'), question, known)
      .catch((it: unknown) => it);
    expect(error).toMatchObject({ name: 'WorkerFailedError' });
    expect(`${String((error as Error).stack)} ${JSON.stringify(error)}`).not.toContain('secret');
  });
});

describe('replaying under a draft', () => {
  it('answers for each request of a batch, batch after batch', async () => {
    const session = await poolOf().replay(draft(testPolicies.replace('team-*", "ops-*', 'team-*')));
    for (const start of [0, 10]) {
      const replayed = await session.replay(batch(start, 10));
      expect(replayed).toHaveLength(10);
      expect(new Set(replayed.map(({ kind }) => kind))).toEqual(new Set(['unchanged', 'changed']));
    }
    await session.close();
  });

  it('gives every batch its time, and none to who waits for the next', async () => {
    const session = await misbehaving(300).replay(draft('x'));
    for (let i = 0; i < 3; i += 1) {
      await sleep(400);
      expect(await session.replay(batch(i, 1))).toEqual([{ kind: 'unchanged' }]);
    }
    await session.close();
  });

  it.each(['loop', 'hoard'])(
    'ends with a batch that makes its worker %s, and lets the next replay begin',
    async (verb) => {
      const pool = misbehaving(1500);
      const session = await pool.replay(draft(verb));
      await session.replay(batch(0, 1));
      const refusal = { name: 'DraftRefusedError', reason: 'TooMuchWork' };
      await expect(session.replay(batch(1, 1))).rejects.toMatchObject(refusal);
      await expect(session.replay(batch(2, 1))).rejects.toMatchObject(refusal);
      await session.close();
      await (await pool.replay(draft('x'))).close();
    },
  );

  it('has one at a time', async () => {
    const pool = poolOf();
    const session = await pool.replay(draft(testPolicies));
    await expect(pool.replay(draft(testPolicies))).rejects.toMatchObject({
      name: 'PoliciesBusyError',
      retryAfterSeconds: 30,
    });
    await session.close();
    await (await pool.replay(draft(testPolicies))).close();
  });

  it('refuses a draft that is not valid, and is free again', async () => {
    const pool = poolOf();
    await expect(pool.replay(draft('kind: Nothing'))).rejects.toMatchObject({ reason: 'Invalid' });
    await (await pool.replay(draft(testPolicies))).close();
  });

  it('can be closed in the middle of a batch', async () => {
    const session = await poolOf().replay(draft(testPolicies));
    const abandoned = session.replay(batch(0, 100)).catch((error: unknown) => error);
    await session.close();
    await abandoned;
    await expect(session.replay(batch(0, 1))).rejects.toThrow('the replay has ended');
  });
});
