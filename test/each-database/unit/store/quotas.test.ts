// Tests src/store/tables/quotas.ts, src/store/sqlite/sqlite-statements.ts
import { describe, expect, it } from 'vitest';
import type { QuotaLimit } from '../../../../src/model/decision.js';
import { bind, sqliteDialect } from '../../../../src/store/sqlite/sqlite-statements.js';
import { quotaCount, requireQuota } from '../../../../src/store/tables/quotas.js';
import { insertCertificate } from '../../../../src/store/tables/insert-certificate.js';
import { insertRequest, updateRequest } from '../../../../src/store/tables/write-request.js';
import { onPostgresql } from '../../../helpers/test-store.js';
import { aCertificate, aRequest, countsOf, instant, testStore } from '../../../unit/store/records.js';

const now = instant('2026-03-01T10:30:00.000Z');
const ofUsername: QuotaLimit = { kind: 'livePerUsername', cluster: 'demo', username: 'jane' };
const ofGroup: QuotaLimit = { kind: 'livePerGroup', cluster: 'demo', group: 'dev' };
const ofRequester: QuotaLimit = { kind: 'livePerRequester', cluster: 'demo', requester: 'hr' };
const perHour: QuotaLimit = { kind: 'issuancesPerHour', cluster: 'demo', requester: 'hr' };
const all = [ofUsername, ofGroup, ofRequester, perHour];

describe('what counts against a quota', () => {
  it('is nothing in an empty store', async () => {
    const { store } = await testStore();
    expect(await countsOf(store, all, '', now)).toEqual([0, 0, 0, 0]);
  });

  it.each(['approved', 'issuing'] as const)('is a request that is %s', async (state) => {
    const { store, commit } = await testStore();
    await commit([insertRequest(aRequest({ state, groups: ['ops', 'dev'] }))]);
    expect(await countsOf(store, all, '', now)).toEqual([1, 1, 1, 1]);
  });

  it.each(['pending', 'denied', 'cancelled', 'expired', 'failed'] as const)(
    'is no request that is %s',
    async (state) => {
      const { store, commit } = await testStore();
      await commit([insertRequest(aRequest({ state }))]);
      expect(await countsOf(store, all, '', now)).toEqual([0, 0, 0, 0]);
    },
  );

  it('is a certificate that is valid, but not the request asked about, another cluster, nor an orphan', async () => {
    const { store, commit } = await testStore();
    const issued = [aRequest({ state: 'issued' }), aRequest({ state: 'issued' }), aRequest({ state: 'issued' })];
    const [request, elsewhere, lost] = issued;
    if (!request || !elsewhere || !lost) throw new Error('three requests');
    await commit([
      ...issued.map((each) => insertRequest(each)),
      insertCertificate(aCertificate(request, { issuedAt: instant('2026-03-01T10:00:00.000Z') })),
      insertCertificate(aCertificate(elsewhere, { cluster: 'other' })),
      insertCertificate(aCertificate(lost, { orphan: true })),
    ]);
    expect(await countsOf(store, all, '', now)).toEqual([1, 1, 1, 1]);
    expect(await countsOf(store, all, request.id, now)).toEqual([0, 0, 0, 0]);
  });

  it('ends with the certificate that ends first, and an hour after the first issuance', async () => {
    const { store, commit } = await testStore();
    const ends = ['2026-03-01T12:00:00.000Z', '2026-03-01T11:40:00.000Z'];
    for (const [i, notAfter] of ends.entries()) {
      const request = aRequest({ state: 'issued' });
      const issuedAt = instant(`2026-03-01T10:0${String(i)}:00.000Z`);
      await commit([
        insertRequest(request),
        insertCertificate(aCertificate(request, { issuedAt, notAfter: instant(notAfter) })),
      ]);
    }
    await commit([insertRequest(aRequest({ state: 'approved' }))]);
    const found = await store.quotas.found([ofUsername, ofRequester, perHour], '', now);
    expect(found.map(({ count, nextEnd }) => [count, nextEnd?.toISOString()])).toEqual([
      [3, ends[1]],
      [3, ends[1]],
      [3, '2026-03-01T11:00:00.000Z'],
    ]);
  });

  it('is no certificate that has ended; its hour outlives it', async () => {
    const { store, commit } = await testStore();
    const request = aRequest({ state: 'issued' });
    const certificate = aCertificate(request, {
      issuedAt: instant('2026-03-01T10:00:00.000Z'),
      notAfter: instant('2026-03-01T10:10:00.000Z'),
    });
    await commit([insertRequest(request), insertCertificate(certificate)]);
    expect(await countsOf(store, all, '', now)).toEqual([0, 0, 0, 1]);
    expect(await countsOf(store, [perHour], '', instant('2026-03-01T11:00:00.000Z'))).toEqual([0]);
  });
});

describe('counting', () => {
  // PostgreSQL chooses by the number of rows, so on an empty table it may choose any index.
  it.skipIf(onPostgresql).each(all)('looks at what is valid or on its way: $kind', async (limit) => {
    const { explain } = await testStore();
    const { sql, parameters } = quotaCount(limit, { exceptRequest: '' }, now, 3, sqliteDialect);
    const values = parameters.map(bind);
    const plan = (await explain(sql.replaceAll('?', () => `'${String(values.shift())}'`))).split('\n');
    expect(plan.filter((detail) => /^(SEARCH|SCAN) [cgr] /.test(detail))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^SEARCH [cg] .* (notAfter|issuedAt)>\?/),
        expect.stringMatching(/^SEARCH r USING INDEX RequestRecord_state_n_idx \(state=\?/),
      ]),
    );
    expect(plan.join('\n')).not.toMatch(/^SCAN [cgr] /m);
  });
});

describe('a step that requires a quota', () => {
  const asking = (limit: QuotaLimit, atMost: number) => {
    const request = aRequest({ state: 'approved' });
    return [requireQuota({ limit, atMost, exceptRequest: request.id, now }), insertRequest(request)];
  };

  it.each(all)('lets exactly as many through as it allows, of 50 at once: $kind', async (limit) => {
    const { commit } = await testStore();
    const results = await Promise.all(Array.from({ length: 50 }, () => commit(asking(limit, 3))));
    expect(results.filter(({ committed }) => committed)).toHaveLength(3);
    expect(results.find(({ committed }) => !committed)).toEqual({
      committed: false,
      conflict: { kind: 'quota', limit, found: 3 },
    });
  });

  it('lets nobody through where it allows none', async () => {
    const { commit } = await testStore();
    expect((await commit(asking(ofUsername, 0))).committed).toBe(false);
  });
});

describe('approvals', () => {
  it('are not overwritten by those who did not see each other', async () => {
    const { store, commit } = await testStore();
    const request = aRequest();
    await commit([insertRequest(request)]);
    const approve = (principal: string) =>
      commit([
        updateRequest({
          id: request.id,
          from: { state: 'pending', approvals: 0 },
          to: { state: 'pending', approvals: [{ principal, at: now, comment: null, stage: 0 }] },
        }),
      ]);
    const results = await Promise.all([approve('ann'), approve('bob')]);
    expect(results.map(({ committed }) => committed)).toEqual([true, false]);
    expect((await store.requests.find(request.id))?.approvals.map(({ principal }) => principal)).toEqual(['ann']);
  });
});
