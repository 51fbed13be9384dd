// Tests test/fuzz/fuzz.ts, packages/inspect/src/inspect.ts
import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { runFuzz } from '../../../fuzz/run-fuzz.js';

/** Seconds; `npm run ci:fuzz` goes on for longer. */
const seconds = 4;

it(
  'answers or refuses mutants of the corpus, in bounded time and memory',
  async () => {
    const seed = randomInt(2 ** 32);
    const kept = temporaryDirectory();
    try {
      const outcome = await runFuzz({
        seed,
        seconds,
        inputs: Number.MAX_SAFE_INTEGER,
        processes: 1,
        folder: kept.path,
        say: () => undefined,
      });
      const again = outcome.failures.map(
        ({ number, why }) => `npm run fuzz -- --seed ${seed} --input ${number}: ${why}`,
      );
      expect(again).toEqual([]);
      expect(outcome.answered, `of seed ${seed}`).toBeGreaterThan(0);
      console.log(`fuzz: ${outcome.inputs} inputs of seed ${seed}`);
    } finally {
      kept.remove();
    }
  },
  (seconds + 110) * 1000,
);
