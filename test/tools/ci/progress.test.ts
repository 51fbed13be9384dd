// Tests .ci/test-progress.ts
import { expect, it } from 'vitest';
import { progressOf } from '../../../.ci/test-progress.js';

it('says how far a run is, and how long the rest takes if files go on to end as fast', () => {
  expect(progressOf(400, 100, 3211, 0, 30_000)).toBe('100 of 400 files: 3211 tests passed, 0 failed; about 90 s left');
  expect(progressOf(400, 1, 3, 1, 1_000)).toBe('1 of 400 files: 3 tests passed, 1 failed; about 400 s left');
  expect(progressOf(400, 400, 9000, 2, 1_000)).toBe('400 of 400 files: 9000 tests passed, 2 failed; about 0 s left');
});
