// Tests src/store/tables/used-proof-table.ts
import { expect, it } from 'vitest';
import { instant, sha256, testStore } from './records.js';
import { forgetUsedProofs, insertUsedProof } from '../../../src/store/tables/used-proof-table.js';

const begin = instant('2026-03-01T10:00:00.000Z');
const after = (seconds: number) => new Date(begin.getTime() + seconds * 1000);

it('remembers each proof once, until it is forgotten', async () => {
  const { commit } = await testStore();
  const use = (name: string, seconds: number) =>
    commit([insertUsedProof({ idSha256: sha256(name), at: after(seconds) })]);
  expect(await use('first', 0)).toEqual({ committed: true });
  expect(await use('second', 10)).toEqual({ committed: true });
  expect(await use('first', 20)).toEqual({ committed: false, conflict: { kind: 'usedProof' } });
  await commit([forgetUsedProofs(after(5))]);
  expect(await use('first', 30)).toEqual({ committed: true });
  expect(await use('second', 30)).toEqual({ committed: false, conflict: { kind: 'usedProof' } });
});
