// Tests src/store/postgresql/postgresql-batches.ts, src/store/postgresql/grouped-queries.ts
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { aRequest, testStore } from '../unit/store/records.js';
import { insertRequest } from '../../src/store/tables/write-request.js';

it('fails alone if a step asks for a value that no index can hold, and does not harm its neighbours and the connection', async () => {
  const { store, commit } = await testStore();
  const insert = (username: string) => commit([insertRequest(aRequest({ username }))]);
  // The text is random because PostgreSQL would compress another one.
  const results = await Promise.allSettled([
    insert('jane'),
    insert(randomBytes(9000).toString('base64')),
    insert('joe'),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { code: '54000' } });
  await store.ping();
});
