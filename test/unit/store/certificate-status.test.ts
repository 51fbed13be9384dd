// Tests src/store/tables/certificate-status.ts, src/store/tables/certificate-table.ts, src/model/certificate.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusFilters, statusOf, type CertificateFilter, type StatusFilter } from '../../../src/model/certificate.js';
import type { Store } from '../../../src/store/store.js';
import { openTestStore } from '../../helpers/test-store.js';
import type { Write } from '../../../src/store/steps/step.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRevocation } from '../../../src/store/tables/revocation-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { aCertificate, aRequest, instant, sha256 } from './records.js';

const now = instant('2026-03-02T10:00:00.000Z');
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);

let store: Store;
let close: () => Promise<void>;
afterAll(() => close());
beforeAll(async () => {
  const opened = await openTestStore();
  ({ store } = opened);
  close = () => opened.close();
  const commit = (operations: readonly Write[]) => store.writer.commit({ operations, events: [] });
  // Every combination of revoked or not, renewed or not, ended or not; one ends at this very instant.
  let i = 0;
  for (const end of [-2, 0, 2, 4])
    for (const isRevoked of [false, true])
      for (const isRenewed of [false, true])
        for (const cluster of ['demo', 'other']) {
          i += 1;
          const made = (name: string, more: object) => {
            const request = aRequest({ state: 'issued' });
            return {
              request,
              certificate: aCertificate(request, {
                fingerprintSha256: sha256(name),
                serialNumber: sha256(name).slice(0, 30).replace(/^./, '4'),
                username: `user-${i}`,
                cluster,
                notAfter: hours(end),
                ...more,
              }),
            };
          };
          const { request, certificate } = made(`one ${i}`, {});
          const of = certificate.fingerprintSha256;
          const renewal = made(`two ${i}`, { renewal: { of, lineage: of, generation: 1 }, notAfter: hours(6) });
          const { fingerprintSha256, serialNumber, issuer, username, notAfter } = certificate;
          const result = await commit([
            insertRequest(request),
            insertCertificate(certificate),
            ...(isRenewed ? [insertRequest(renewal.request), insertCertificate(renewal.certificate)] : []),
            ...(isRevoked
              ? [
                  insertRevocation({
                    ...{ fingerprintSha256, cluster, serialNumber, issuer, username, notAfter },
                    issuerFingerprintSha256: null,
                    reason: 'unspecified' as const,
                    comment: null,
                    revokedAt: now,
                    revokedBy: null,
                  }),
                ]
              : []),
          ]);
          expect(result).toEqual({ committed: true });
        }
  // A restored database does not know the certificate of this revocation.
  await commit([
    insertRevocation({
      fingerprintSha256: sha256('nobody knows'),
      cluster: 'demo',
      serialNumber: '77',
      issuer: 'CN=ca',
      issuerFingerprintSha256: null,
      username: 'gone',
      notAfter: hours(3),
      reason: 'unspecified',
      comment: null,
      revokedAt: now,
      revokedBy: null,
    }),
  ]);
});

async function listed(filter: CertificateFilter, limit: number): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['certificates']['list']>> = await store.certificates.list(
      { ...filter, now },
      { limit, cursor },
    );
    found.push(...page.items.map(({ fingerprintSha256 }) => fingerprintSha256));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

const has = (status: StatusFilter, wanted: string): boolean =>
  status === 'live' ? wanted === 'valid' || wanted === 'superseded' : status === wanted;

const others: readonly CertificateFilter[] = [
  {},
  { cluster: 'demo' },
  { usernamePrefix: 'user-1' },
  { notAfterAfter: hours(-1) },
  { notAfterBefore: hours(5) },
  { notAfterAfter: hours(1), notAfterBefore: hours(3), cluster: 'other' },
];

describe('certificates by status', () => {
  const cases = statusFilters.flatMap((status) => others.map((filter) => ({ status, filter })));

  it.each(cases)('lists $status with $filter as each certificate says', async ({ status, filter }) => {
    const all = await store.certificates.list(filter, { limit: 500, cursor: null });
    const wanted = all.items
      .filter((certificate) => has(status, statusOf(certificate, now)))
      .map(({ fingerprintSha256 }) => fingerprintSha256);
    const found = await listed({ ...filter, status }, 500);
    expect([...found].sort()).toEqual([...wanted].sort());
    expect(await listed({ ...filter, status }, 3)).toEqual(found);
  });

  it('has some of each', async () => {
    for (const status of statusFilters) expect((await listed({ status }, 500)).length).toBeGreaterThan(3);
  });
});
