// Tests src/store/tables/shared-reads.ts
import { expect, it } from 'vitest';
import { SharedReads } from '../../../src/store/tables/shared-reads.js';

interface Query {
  readonly keys: readonly string[];
  readonly answer: (rows: readonly string[]) => void;
  readonly fail: (error: Error) => void;
}

function opened() {
  const queries: Query[] = [];
  const reads = new SharedReads<string>((keys) => new Promise((answer, fail) => queries.push({ keys, answer, fail })));
  return { queries, reads };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('asks once for all who came while a query was under way', async () => {
  const { queries, reads } = opened();
  const first = reads.rowsOf(['a']);
  await turn();
  const later = [reads.rowsOf(['b', 'c']), reads.rowsOf(['c']), reads.rowsOf(['a'])];
  await turn();
  expect(queries.map(({ keys }) => keys)).toEqual([['a']]);
  queries[0]?.answer(['of a']);
  expect(await first).toEqual(['of a']);
  await turn();
  // The answer of the first is older than the last question, so the key is read once more.
  expect(queries.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c', 'a']]);
  queries[1]?.answer(['of b', 'of a']);
  expect(await Promise.all(later)).toEqual(Array(3).fill(['of b', 'of a']));
});

it('goes on after a query that failed', async () => {
  const { queries, reads } = opened();
  const first = reads.rowsOf(['a']);
  await turn();
  const second = reads.rowsOf(['b']);
  queries[0]?.fail(new Error('no database'));
  await expect(first).rejects.toThrow('no database');
  await turn();
  queries[1]?.answer(['of b']);
  expect(await second).toEqual(['of b']);
});
