// Tests src/store/tables/timeline-table.ts
import { expect, it } from 'vitest';
import { mostOfIdentity } from '../../../src/store/tables/timeline-table.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { aCertificate, aRequest, instant, testStore } from './records.js';

const now = instant('2026-03-01T10:00:00.000Z');

it('has a bounded part of each identity, counts the others, and goes on with them', async () => {
  const { store, commit } = await testStore();
  const request = aRequest();
  const counts = { ada: 2, ci: 2 * mostOfIdentity + 300, zoe: 1 };
  const certificates = Object.entries(counts).flatMap(([username, count]) =>
    // Several end at the same instant.
    Array.from({ length: count }, (_, i) =>
      aCertificate(request, { username, notAfter: new Date(now.getTime() + 3_600_000 + Math.floor(i / 7) * 1000) }),
    ),
  );
  await commit([insertRequest(request)]);
  for (let i = 0; i < certificates.length; i += 500)
    await commit(certificates.slice(i, i + 500).map((certificate) => insertCertificate(certificate)));
  const read = (cursor: string | null, limit: number) => store.timeline.list({}, now, { limit, cursor }, () => true);

  for (const limit of [1, 50, 10_000]) {
    const found = [];
    for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages++) {
      const page = await read(cursor, limit);
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(found.map(({ username, bars, omitted }) => [username, bars.length, omitted])).toEqual([
      ['ada', 2, 0],
      ['ci', mostOfIdentity, counts.ci - mostOfIdentity],
      ['zoe', 1, 0],
    ]);
  }

  const parts = [];
  for (let cursor = (await read(null, 10_000)).items[1]?.cursor ?? null; cursor !== null;) {
    const { items, nextCursor } = await read(cursor, 1);
    expect(nextCursor).toBeNull();
    parts.push(...items);
    cursor = items[0]?.cursor ?? null;
  }
  expect(parts.map(({ username, bars, omitted }) => [username, bars.length, omitted])).toEqual([
    ['ci', mostOfIdentity, 300],
    ['ci', 300, 0],
  ]);
  const [, first] = (await read(null, 10_000)).items;
  const all = [first, ...parts].flatMap((part) => part?.bars ?? []).map((one) => one.fingerprintSha256);
  expect(new Set(all).size).toBe(counts.ci);
});
