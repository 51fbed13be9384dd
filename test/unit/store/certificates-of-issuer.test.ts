// Tests src/store/tables/certificates-of-issuer.ts
import { expect, it } from 'vitest';
import {
  statusOf,
  type Certificate,
  type CertificateFilter,
  type ListedCertificate,
} from '../../../src/model/certificate.js';
import type { Page, PageQuery, Visibility } from '../../../src/model/outcome.js';
import type { Write } from '../../../src/store/steps/step.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRevocation } from '../../../src/store/tables/revocation-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { aCertificate, aRequest, instant, sha256, testStore } from './records.js';

const begin = instant('2026-03-01T10:00:00.000Z').getTime();
const after = (minutes: number): Date => new Date(begin + minutes * 60_000);
const now = after(60);
const [old, renewed, other, unknown] = ['old', 'renewed', 'other', 'unknown'].map(sha256) as [
  string,
  string,
  string,
  string,
];

const revocationOf = (certificate: Certificate): Write => {
  const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = certificate;
  return insertRevocation({
    ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
    ...{ reason: 'keyCompromise', comment: null, revokedAt: after(0), revokedBy: null },
  });
};

/** All items, page by page, and how many pages there were. */
async function readAll(list: (page: PageQuery) => Promise<Page<ListedCertificate>>, limit: number) {
  const items: ListedCertificate[] = [];
  let [cursor, pages]: [string | null, number] = [null, 0];
  do {
    const page: Page<ListedCertificate> = await list({ limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    expect((pages += 1), 'a list without end').toBeLessThan(1000);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { items, pages };
}

it('are those of a plain filter, soonest first, each exactly once, with every other filter', async () => {
  const { store, commit } = await testStore();
  const certificates = Array.from({ length: 150 }, (_, i) => {
    const requester = { name: i % 3 ? 'hr' : 'jane', groups: [], roles: [] };
    const request = aRequest({ state: 'issued', requester, collector: i % 7 ? 'hr' : 'bob' });
    const certificate = aCertificate(request, {
      fingerprintSha256: sha256(`certificate ${String(i)}`),
      issuerFingerprintSha256: i % 5 === 0 ? old : i % 5 === 1 ? renewed : other,
      cluster: i % 4 ? 'demo' : 'prod',
      username: `user-${String(i % 6)}`,
      groups: i % 2 ? ['dev', 'ops'] : ['dev'],
      // Some ends are the same, some are on the border of ten minutes, and there are gaps.
      notAfter: after((i * 7) % 13 === 0 ? 10 * (i % 12) : ((i * 37) % 50) * 5 + 0.5 * (i % 2)),
      orphan: i % 11 === 0,
    });
    return { request, certificate, isRevoked: i % 8 === 3 };
  });
  await commit(
    certificates.flatMap(({ request, certificate, isRevoked }) => [
      insertRequest(request),
      insertCertificate(certificate),
      ...(isRevoked ? [revocationOf(certificate)] : []),
    ]),
  );
  const all = (await readAll((page) => store.certificates.list({}, page), 500)).items;
  expect(all).toHaveLength(150);
  const others: readonly (CertificateFilter & Visibility)[] = [
    {},
    { cluster: 'demo' },
    { cluster: 'nowhere' },
    { username: 'user-5' },
    { usernamePrefix: 'user-' },
    { usernamePrefix: 'user-3', cluster: 'prod' },
    { requester: 'jane' },
    { collector: 'bob', cluster: 'demo' },
    { visibleTo: 'bob' },
    { visibleTo: 'hr', cluster: 'demo' },
    { group: 'ops', cluster: 'demo' },
    { serialNumber: 'aa' },
    { notAfterAfter: after(37), notAfterBefore: after(100) },
    { notAfterBefore: after(70), cluster: 'demo', username: 'user-2' },
    { status: 'live' },
    { status: 'live', cluster: 'demo' },
    { status: 'valid', cluster: 'demo', group: 'ops' },
    { status: 'expired', cluster: 'demo' },
    { status: 'revoked', cluster: 'prod' },
    { status: 'superseded' },
    { status: 'live', notAfterAfter: after(100), visibleTo: 'jane' },
    { status: 'live', notAfterBefore: after(90), requester: 'hr' },
  ];
  for (const issuer of [[old], [old, renewed], [other], [unknown], []])
    for (const filter of others) {
      const expected = all
        .filter(
          (c) =>
            issuer.includes(c.issuerFingerprintSha256 ?? '') &&
            (filter.cluster === undefined || c.cluster === filter.cluster) &&
            (filter.username === undefined || c.username === filter.username) &&
            c.username.startsWith(filter.usernamePrefix ?? '') &&
            (filter.requester === undefined || c.requester === filter.requester) &&
            (filter.collector === undefined || c.collector === filter.collector) &&
            (filter.visibleTo === undefined || [c.requester, c.collector].includes(filter.visibleTo)) &&
            (filter.group === undefined || c.groups.includes(filter.group)) &&
            filter.serialNumber === undefined &&
            (filter.notAfterAfter === undefined || c.notAfter > filter.notAfterAfter) &&
            (filter.notAfterBefore === undefined || c.notAfter < filter.notAfterBefore) &&
            (filter.status === undefined ||
              filter.status === statusOf(c, now) ||
              (filter.status === 'live' && ['valid', 'superseded'].includes(statusOf(c, now)))),
        )
        // The newest come first; those that end together are in the order in which they were recorded.
        .toReversed()
        .sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime())
        .map((c) => c.fingerprintSha256);
      for (const limit of filter.cluster === 'prod' ? [1, 500] : [7]) {
        const { items } = await readAll((page) => store.certificates.list({ ...filter, issuer, now }, page), limit);
        expect([issuer, filter, items.map((c) => c.fingerprintSha256)]).toEqual([issuer, filter, expected]);
      }
    }
});

/** Certificates of the issuer `other`, and of `old` where `isOld` says so. */
async function withMany(count: number, endOf: (i: number) => Date, isOld: (i: number) => boolean) {
  const opened = await testStore();
  const request = aRequest({ state: 'issued' });
  await opened.commit([
    insertRequest(request),
    ...Array.from({ length: count }, (_, i) =>
      insertCertificate(
        aCertificate(request, {
          fingerprintSha256: sha256(String(i)),
          issuerFingerprintSha256: isOld(i) ? old : other,
          notAfter: endOf(i),
        }),
      ),
    ),
  ]);
  return opened.store;
}

it('that are few are on the first page, however many others end before and between them', async () => {
  const wanted = [700, 1300, 1999];
  const store = await withMany(
    2000,
    (i) => after(60 + i),
    (i) => wanted.includes(i),
  );
  const page = await store.certificates.list(
    { issuer: [old], cluster: 'demo', status: 'live', now },
    { limit: 3, cursor: null },
  );
  expect(page.items.map(({ fingerprintSha256 }) => fingerprintSha256)).toEqual(wanted.map((i) => sha256(String(i))));
  expect(page.nextCursor).toBeNull();
});

it('that end within the same ten minutes as thousands of others are found behind cursors', async () => {
  const wanted = [5, 1500, 2600];
  const store = await withMany(
    2700,
    (i) => new Date(after(60).getTime() + i * 200),
    (i) => wanted.includes(i),
  );
  const { items, pages } = await readAll(
    (page) => store.certificates.list({ issuer: [old], cluster: 'demo', status: 'live', now }, page),
    50,
  );
  expect(items.map(({ fingerprintSha256 }) => fingerprintSha256)).toEqual(wanted.map((i) => sha256(String(i))));
  expect(pages).toBe(3);
});

it('that end far from each other are found in pages which end after some of the gaps', async () => {
  const store = await withMany(
    1400,
    (i) => after(15 * i),
    (i) => i % 10 === 0,
  );
  for (const limit of [7, 500]) {
    const { items, pages } = await readAll(
      (page) => store.certificates.list({ issuer: [old], cluster: 'demo' }, page),
      limit,
    );
    expect(items.map(({ fingerprintSha256 }) => fingerprintSha256)).toEqual(
      Array.from({ length: 140 }, (_, i) => sha256(String(10 * i))),
    );
    expect(pages).toBe(limit === 7 ? 20 : 2);
  }
});
