// Tests src/callers/authentication/callers.ts
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusedSignIns, type RefusalCount } from '../../../../../src/callers/authentication/callers.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function counting() {
  const recorded: RefusalCount[] = [];
  const failures: unknown[] = [];
  let down = false;
  const refusals = new RefusedSignIns(
    async (count) => {
      if (down) throw new Error('the writer is busy');
      recorded.push(count);
    },
    (error) => failures.push(error),
  );
  return {
    refusals,
    recorded,
    failures,
    setDown(value: boolean) {
      down = value;
    },
  };
}

describe('RefusedSignIns', () => {
  it('records once a minute how many were refused for each reason, and nothing where none was', async () => {
    const { refusals, recorded } = counting();
    refusals.start();
    for (let i = 0; i < 1000; i += 1) refusals.count('ApiTokenNotLive');
    refusals.count('TokenExpired');
    expect(recorded).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(recorded).toEqual([{ refused: 1001, reasons: { ApiTokenNotLive: 1000, TokenExpired: 1 } }]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(recorded).toHaveLength(1);
    await refusals.stop();
    expect(recorded).toHaveLength(1);
  });

  it('records the last ones when it stops', async () => {
    const { refusals, recorded } = counting();
    refusals.start();
    refusals.count('TokenExpired');
    await refusals.stop();
    expect(recorded).toEqual([{ refused: 1, reasons: { TokenExpired: 1 } }]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(recorded).toHaveLength(1);
  });

  it('keeps them while they cannot be recorded', async () => {
    const { refusals, recorded, failures, setDown } = counting();
    refusals.start();
    setDown(true);
    refusals.count('TokenExpired');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failures).toHaveLength(1);
    refusals.count('TokenExpired');
    setDown(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(recorded).toEqual([{ refused: 2, reasons: { TokenExpired: 2 } }]);
  });

  it('counts at most fifty reasons apart', async () => {
    const { refusals, recorded } = counting();
    for (let i = 0; i < 1000; i += 1) refusals.count(`Reason${i}`);
    await refusals.stop();
    expect(recorded[0]?.refused).toBe(1000);
    expect(Object.keys(recorded[0]?.reasons ?? {})).toHaveLength(51);
    expect(recorded[0]?.reasons['Other']).toBe(950);
  });
});
