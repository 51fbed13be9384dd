// Tests packages/x509/src/hygiene/turns.ts
import { expect, it } from 'vitest';
import { TooManyWaitingError, Turns } from '../../src/hygiene/turns.js';

/** Work that ends on demand. */
function work() {
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begun = false;
  return {
    run: () => {
      begun = true;
      return done;
    },
    finish: () => {
      finish();
    },
    begun: () => begun,
  };
}

it('turns away who comes when too many wait, and takes more once somebody is through', async () => {
  const turns = new Turns({ atTheSameTime: 1, waiting: 2 });
  const [first, second, third, fourth, fifth] = [work(), work(), work(), work(), work()];
  const taken = [first, second, third].map(({ run }) => turns.take(run));
  await expect(turns.take(fourth.run)).rejects.toThrow(TooManyWaitingError);
  expect([first, second, third, fourth].map(({ begun }) => begun())).toEqual([true, false, false, false]);

  first.finish();
  await taken[0];
  expect([second, third].map(({ begun }) => begun())).toEqual([true, false]);
  const last = turns.take(fifth.run);
  for (const { finish } of [second, third, fifth]) finish();
  await Promise.all([...taken, last]);
  expect(fifth.begun()).toBe(true);
});

it('passes the turn on where work fails', async () => {
  const turns = new Turns({ atTheSameTime: 1, waiting: 1 });
  const failing = turns.take(() => Promise.reject(new Error('no entropy')));
  const next = turns.take(() => Promise.resolve('key'));
  await expect(failing).rejects.toThrow('no entropy');
  expect(await next).toBe('key');
});

it('gives turns to one caller after the other, however many calls each has', async () => {
  const turns = new Turns({ atTheSameTime: 1, waiting: 10 });
  const order: string[] = [];
  const take = (by: string, name: string) =>
    turns.take(async () => {
      order.push(name);
      await Promise.resolve();
    }, by);
  await Promise.all([
    ...['m1', 'm2', 'm3', 'm4'].map((name) => take('mallory', name)),
    take('jane', 'j1'),
    take('joe', 'o1'),
    take('jane', 'j2'),
  ]);
  expect(order).toEqual(['m1', 'm2', 'j1', 'o1', 'm3', 'j2', 'm4']);
});

it('keeps half of the places for others', async () => {
  const turns = new Turns({ atTheSameTime: 1, waiting: 4 });
  const first = work();
  const taken = [turns.take(first.run, 'mallory')];
  for (let i = 0; i < 2; i++) taken.push(turns.take(() => Promise.resolve(), 'mallory'));
  await expect(turns.take(() => Promise.resolve(), 'mallory')).rejects.toThrow(TooManyWaitingError);
  for (let i = 0; i < 2; i++) taken.push(turns.take(() => Promise.resolve(), 'jane'));
  await expect(turns.take(() => Promise.resolve(), 'joe')).rejects.toThrow(TooManyWaitingError);
  first.finish();
  await Promise.all(taken);
});
