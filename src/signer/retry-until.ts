import { setTimeout as sleep } from 'node:timers/promises';

const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 2_000;

/**
 * Calls `act` again, with growing pauses, while `isPassing` says that its error goes away by itself. At `deadline`
 * throws the last error.
 */
export async function retryUntil<T>(
  deadline: Date,
  clock: () => Date,
  isPassing: (error: unknown) => boolean,
  act: () => Promise<T>,
): Promise<T> {
  for (let pause = firstPauseMilliseconds; ; pause = Math.min(pause * 2, longestPauseMilliseconds)) {
    try {
      return await act();
    } catch (error) {
      // Half of the pause is random, so that many callers do not come back all at once.
      const next = pause * (0.5 + Math.random() / 2);
      if (!isPassing(error) || clock().getTime() + next >= deadline.getTime()) throw error;
      await sleep(next);
    }
  }
}
