// Tests src/inspections/inspection-pool.ts, src/inspections/inspect-task.ts, src/workers/worker-pool.ts,
// src/workers/work-clock.ts, src/workers/worker-side.ts
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { InspectionContext } from '@kubepass/inspect';
import { InspectionPool, type InspectionPoolOptions } from '../../../../src/inspections/inspection-pool.js';

const entry = {
  requestId: 'r-1',
  state: 'issued',
  cluster: 'demo',
  requester: 'jane',
  orphan: false,
  revocation: null,
};
const context: InspectionContext = {
  now: new Date('2026-03-01T00:00:00Z'),
  clusters: [{ name: 'demo', server: 'https://a:1', servingAuthorities: [Buffer.from('ca')], clientAuthorities: null }],
  thresholds: { expiresWithinSeconds: 1, maxValiditySeconds: 2, maxCaValiditySeconds: 3 },
  inventory: async (fingerprints) => {
    if (fingerprints.includes('broken')) throw new Error('the database is gone');
    return new Map(fingerprints.filter((it) => it === 'known').map((it) => [it, entry]));
  },
};

const pools: InspectionPool[] = [];
const poolOf = (options: InspectionPoolOptions = {}) => {
  const pool = new InspectionPool({
    file: new URL('./misbehaving-task.ts', import.meta.url),
    threads: 1,
    workMilliseconds: 300,
    ...options,
  });
  pools.push(pool);
  return (text: string) =>
    pool.inspect({ parts: [{ name: null, bytes: Buffer.from(text) }], password: null }, context, 'application/json');
};
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

const tooMuchWork = { name: 'UploadRefusedError', reason: 'TooMuchWork' };
const secret = 'a-secret-in-the-upload';

describe('InspectionPool', () => {
  it('hands the worker a copy of the upload, and what an inspection knows besides', async () => {
    const pool = new InspectionPool({ file: new URL('./misbehaving-task.ts', import.meta.url) });
    pools.push(pool);
    // A view on memory that others share.
    const shared = Buffer.from('before hello after');
    const parts = [{ name: 'x', bytes: shared.subarray(7, 12) }];
    const text = await pool.inspect({ parts, password: 'open sesame' }, context, 'text/plain');
    expect(JSON.parse(text)).toMatchObject({
      text: 'hello',
      password: 'open sesame',
      format: 'text/plain',
      now: '2026-03-01T00:00:00.000Z',
      thresholds: context.thresholds,
      clusters: [{ name: 'demo' }],
    });
    expect(shared.toString()).toBe('before hello after');
  });

  it.each([
    ['loop', 1500],
    ['wait', 200],
    ['hoard', 1500],
  ])('ends a worker that would %s', async (verb, workMilliseconds) => {
    const inspect = poolOf({ heapMegabytes: 32, workMilliseconds });
    await inspect('warm up');
    const since = performance.now();
    await expect(inspect(`${verb} ${secret}`)).rejects.toMatchObject(tooMuchWork);
    expect(performance.now() - since).toBeLessThan(30_000);
    expect(await inspect('next')).toContain('next');
  });

  it('waits for a worker that has no processor longer than it lets one work', async () => {
    const inspect = poolOf({ workMilliseconds: 500 });
    await inspect('warm up');
    expect(await inspect('starve 2500')).toContain('starve');
    await expect(inspect('loop')).rejects.toMatchObject(tooMuchWork);
  });

  it('answers when its time is up where a worker is in native code, and goes on with another one', async () => {
    const inspect = poolOf();
    await inspect('warm up');
    await expect(inspect('derive')).rejects.toMatchObject(tooMuchWork);
    expect(await inspect('next')).toContain('next');
  });

  it.each(['throw', 'throw-later', 'exit'])(
    'survives a worker that does %s, and tells nothing of the upload',
    async (verb) => {
      const inspect = poolOf();
      const error: unknown = await inspect(`${verb} ${secret}`).catch((it: unknown) => it);
      expect(error).toMatchObject({ name: 'InspectionFailedError' });
      expect(String((error as Error).stack)).not.toContain(secret);
      expect(JSON.stringify(error)).not.toContain(secret);
      expect((error as Error).cause).toBeUndefined();
      expect(await inspect('next')).toContain('next');
    },
  );

  it('says that it is busy where a worker does not come up', async () => {
    const inspect = poolOf({ startMilliseconds: 50 });
    await expect(inspect('never-begin')).rejects.toMatchObject({ name: 'InspectionBusyError' });
  });

  it('asks the inventory in the worker’s place', async () => {
    const inspect = poolOf();
    expect(JSON.parse(await inspect('look-up known'))).toEqual([['known', entry]]);
    expect(JSON.parse(await inspect('look-up unknown'))).toEqual([]);
    expect(JSON.parse(await inspect('look-up broken'))).toBeNull();
  });

  it('lets a bounded number wait, for a bounded time', async () => {
    const inspect = poolOf({ waiting: 2, waitMilliseconds: 400, workMilliseconds: 600 });
    await inspect('warm up');
    const busy = { name: 'InspectionBusyError' };
    const first = expect(inspect('loop')).rejects.toMatchObject(tooMuchWork);
    // In time for neither of them.
    const second = expect(inspect('second')).rejects.toMatchObject(busy);
    const third = expect(inspect('third')).rejects.toMatchObject(busy);
    await expect(inspect('fourth')).rejects.toMatchObject(busy);
    await Promise.all([first, second, third]);
    expect(await inspect('fifth')).toContain('fifth');
  });

  it('serves those who wait when every worker was ended at once', async () => {
    const inspect = poolOf({ threads: 2 });
    await Promise.all([inspect('warm'), inspect('up')]);
    const ended = Promise.allSettled([inspect('loop'), inspect('loop')]);
    const waiting = Promise.all(['a', 'b', 'c'].map(inspect));
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await waiting).toHaveLength(3);
  });

  it('leaves the event loop free while workers are busy', async () => {
    const inspect = poolOf({ threads: 2, workMilliseconds: 1000 });
    await Promise.all([inspect('warm'), inspect('up')]);
    const work = Promise.allSettled([inspect('loop'), inspect('loop')]);
    let longest = 0;
    for (let i = 0; i < 50; i += 1) {
      const since = performance.now();
      await setTimeout(1);
      longest = Math.max(longest, performance.now() - since);
    }
    expect(longest).toBeLessThan(200);
    await work;
  });
});

describe('the account of whoever inspects', () => {
  const spentIn = async (text: string, mustHaveSome: () => void = () => undefined) => {
    const pool = new InspectionPool({
      file: new URL('./misbehaving-task.ts', import.meta.url),
      threads: 1,
      workMilliseconds: 300,
    });
    pools.push(pool);
    const spent: number[] = [];
    const upload = { parts: [{ name: null, bytes: Buffer.from(text) }], password: null };
    const spend = (seconds: number) => spent.push(seconds);
    const account = { by: 'jane', mustHaveSome, spend };
    const error = await pool.inspect(upload, context, 'application/json', account).then(
      () => null,
      (it: unknown) => it as Error,
    );
    return { spent, error: error?.name ?? null };
  };

  it('is charged the processor time that the worker tells, and all of its time where it was stopped', async () => {
    expect(await spentIn('hello')).toEqual({ spent: [0.25], error: null });
    expect(await spentIn('loop')).toEqual({ spent: [0.3], error: 'UploadRefusedError' });
  });

  it('is asked when the turn has come, and nothing is done for one that has nothing left', async () => {
    const refuse = () => {
      throw new RangeError('nothing is left');
    };
    expect(await spentIn('loop', refuse)).toEqual({ spent: [], error: 'RangeError' });
  });
});
