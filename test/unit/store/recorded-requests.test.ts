// Tests src/store/tables/recorded-requests.ts, src/model/new-id.ts
import { expect, it } from 'vitest';
import { policySetOf, testPolicies } from '../../helpers/issuance.js';
import { recordedRequest, seedRequests } from '../../helpers/recorded-requests.js';
import { aRequest, instant, testStore } from './records.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';

const policySet = policySetOf(testPolicies);
const from = instant('2026-01-01T00:00:00.000Z');

it('reads recorded requests chunk by chunk in the order of their creation, as they were decided', async () => {
  const { store } = await testStore();
  await seedRequests(store, 7, { policySet, from });
  const read = [];
  let afterId: string | null = null;
  for (;;) {
    const chunk = await store.recordedRequests.chunk({ before: instant('2027-01-01T00:00:00.000Z') }, afterId, 3);
    if (chunk.length === 0) break;
    read.push(...chunk);
    afterId = chunk.at(-1)!.id;
  }
  const expected = Array.from({ length: 7 }, (_, i) => recordedRequest(i, { policySet, from }));
  expect(read.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  for (const [i, request] of read.entries()) expect(expected[i]).toMatchObject(request);
});

it('reads a period to the millisecond, and one cluster', async () => {
  const { store, commit } = await testStore();
  const at = (text: string, cluster: string) => aRequest({ createdAt: instant(text), cluster });
  const [first, second, third] = [
    at('2026-03-01T10:00:00.000Z', 'demo'),
    at('2026-03-01T10:00:00.001Z', 'prod'),
    at('2026-03-01T10:00:00.002Z', 'demo'),
  ];
  await commit([first, second, third].map((request) => insertRequest(request)));
  const ids = async (range: Parameters<typeof store.recordedRequests.chunk>[0]) =>
    (await store.recordedRequests.chunk(range, null, 10)).map(({ id }) => id);
  const [after, before] = [instant('2026-03-01T10:00:00.001Z'), instant('2026-03-01T10:00:00.002Z')];
  expect(await ids({ before })).toEqual([first.id, second.id]);
  expect(await ids({ after, before: instant('2026-03-02T00:00:00.000Z') })).toEqual([second.id, third.id]);
  expect(await ids({ after, before })).toEqual([second.id]);
  expect(await ids({ before: instant('2026-03-02T00:00:00.000Z'), cluster: 'demo' })).toEqual([first.id, third.id]);
});
