// Tests test/fuzz/fuzz-directory.ts, src/directory/scim/scim-input.ts
import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { fuzzDirectory } from '../../../fuzz/fuzz-directory.js';
import { Prototypes } from '../../../fuzz/prototypes.js';

/** `npm run fuzz -- --target directory` sends a million. */
const inputs = 500;

it('answers mutated PATCHes and filters over SCIM, and takes a third of them and more', async () => {
  const seed = randomInt(2 ** 32);
  const { failures, statuses } = await fuzzDirectory({ seed, inputs, seconds: 100 });
  expect(failures).toEqual([]);
  const counts = Object.values(statuses).flatMap((one) => Object.entries(one));
  const sum = (some: typeof counts) => some.reduce((total, [, count]) => total + count, 0);
  expect(sum(counts), `of seed ${seed}`).toBe(inputs);
  expect(sum(counts.filter(([status]) => status < '300')) / inputs, `of seed ${seed}`).toBeGreaterThan(1 / 3);
});

it('sees a prototype that has changed', () => {
  const prototypes = new Prototypes();
  expect(prototypes.changed()).toBeNull();
  const shared = Object.prototype as Record<string, unknown>;
  shared['polluted'] = true;
  try {
    expect(prototypes.changed()).toBe('Object.prototype');
  } finally {
    delete shared['polluted'];
  }
  expect(prototypes.changed()).toBeNull();
});
