// Tests packages/kubectl-kubepass/src/cache-lock.ts
import { chmodSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CacheLock } from '../src/cache-lock.js';
import { testMachine } from './helpers/plugin-machine.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  directory.remove();
});

let dead: readonly number[] = [];
let elapsed = 0;
const lockOf = (processId: number) =>
  new CacheLock(directory.path, {
    ...testMachine(directory.path, { processId, isRunning: (id) => !dead.includes(id) }),
    elapsed: () => elapsed,
    async sleep(milliseconds) {
      elapsed += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
  });

describe('the lock of the cache', () => {
  beforeEach(() => {
    dead = [];
    elapsed = 0;
  });

  it('is held by one at a time, and leaves nothing behind', () => {
    const held = lockOf(1).tryAcquire();
    expect(held).not.toBeNull();
    expect(lockOf(2).tryAcquire()).toBeNull();
    held?.release();
    const next = lockOf(2).tryAcquire();
    expect(next).not.toBeNull();
    next?.release();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('is taken over at once where its holder is dead, by one of many', async () => {
    lockOf(1).tryAcquire();
    dead = [1];
    const all = Array.from({ length: 20 }, (_, i) => lockOf(i + 2).tryAcquire());
    expect(all.filter((held) => held !== null)).toHaveLength(1);
    expect(elapsed).toBe(0);
  });

  it('is taken over after ten seconds where nobody knows whether its holder lives', async () => {
    writeFileSync(join(directory.path, 'lock'), `not-${hostname()} 1 abc`);
    const held = await lockOf(2).acquire();
    expect(elapsed).toBeGreaterThanOrEqual(10_000);
    expect(elapsed).toBeLessThan(10_500);
    held.release();
  });

  it('is taken over at once where it is older than anybody holds it', async () => {
    const file = join(directory.path, 'lock');
    const agedLock = (seconds: number) => {
      writeFileSync(file, `not-${hostname()} 1 abc`);
      const then = Date.now() / 1000 - seconds;
      utimesSync(file, then, then);
    };
    const lockFor = (longestHold: number) =>
      new CacheLock(directory.path, testMachine(directory.path), { longestHold });
    agedLock(300);
    for (const longestHold of [1_000_000, Infinity]) expect(lockFor(longestHold).tryAcquire()).toBeNull();
    const held = lockOf(2).tryAcquire();
    expect(held).not.toBeNull();
    held?.release();
    agedLock(300);
    (await lockOf(2).acquire()).release();
    expect(elapsed).toBe(0);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('is not taken from one who has taken it meanwhile', async () => {
    writeFileSync(join(directory.path, 'lock'), 'elsewhere 1 abc');
    const [first, second] = await Promise.all([
      lockOf(2)
        .acquire()
        .then((held) => {
          expect(existsSync(join(directory.path, 'lock'))).toBe(true);
          held.release();
          return 'done';
        }),
      lockOf(3)
        .acquire()
        .then((held) => {
          held.release();
          return 'done';
        }),
    ]);
    expect([first, second]).toEqual(['done', 'done']);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  // The mode stops nobody who may do everything.
  it('which nobody may read, as that of kubectl, is somebody’s', () => {
    const file = join(directory.path, 'lock');
    writeFileSync(file, '', { mode: 0 });
    const asOther = process.geteuid?.() === 0;
    if (asOther) {
      chmodSync(directory.path, 0o777);
      process.seteuid?.(65_534);
    }
    try {
      expect(() => readFileSync(file)).toThrow('EACCES');
      expect(lockOf(2).tryAcquire()).toBeNull();
    } finally {
      if (asOther) process.seteuid?.(0);
    }
  });

  it('that was taken over is not released by its old holder', () => {
    const held = lockOf(1).tryAcquire();
    dead = [1];
    const next = lockOf(2).tryAcquire();
    held?.release();
    expect(lockOf(3).tryAcquire()).toBeNull();
    next?.release();
  });
});
