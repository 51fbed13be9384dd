// Tests src/store/tables/certificates-of-issuer.ts, src/store/tables/insert-certificate.ts
import { describe, expect, it } from 'vitest';
import type { Certificate, RevokedCertificate } from '../../../src/model/certificate.js';
import type { ServedCertificates } from '../../../src/model/issuer.js';
import type { Write } from '../../../src/store/steps/step.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRevocation } from '../../../src/store/tables/revocation-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { aCertificate, aRequest, instant, sha256, testStore } from './records.js';

const begin = instant('2026-03-01T10:00:00.000Z').getTime();
const minute = 60_000;
const after = (minutes: number): Date => new Date(begin + minutes * minute);
const [first, second, unknown] = [sha256('first'), sha256('second'), sha256('unknown')];

interface Sample {
  readonly certificate: Certificate;
  isRevoked: boolean;
}

const revocationOf = (certificate: Certificate): RevokedCertificate => {
  const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = certificate;
  return {
    ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
    ...{ reason: 'keyCompromise', comment: null, revokedAt: after(0), revokedBy: null },
  };
};

/** A certificate whose request is inserted with it. */
function issuing(overrides: Partial<Certificate>): { readonly sample: Sample; readonly operations: Write[] } {
  const request = aRequest({ state: 'issued' });
  const certificate = aCertificate(request, overrides);
  return {
    sample: { certificate, isRevoked: false },
    operations: [insertRequest(request), insertCertificate(certificate)],
  };
}

function countIn(
  samples: readonly Sample[],
  cluster: string,
  issuers: readonly string[],
  now: Date,
): ServedCertificates {
  const live = samples
    .filter(
      ({ certificate: { cluster: own, issuerFingerprintSha256, notAfter }, isRevoked }) =>
        own === cluster && issuers.includes(issuerFingerprintSha256 ?? '') && notAfter > now && !isRevoked,
    )
    .map(({ certificate }) => certificate.notAfter.getTime());
  return { live: live.length, latestNotAfter: live.length === 0 ? null : new Date(Math.max(...live)) };
}

describe('the certificates that an issuer serves', () => {
  it('are none where nothing is recorded', async () => {
    const { store } = await testStore();
    for (const fingerprints of [[], [first], [first, second]])
      expect(await store.issuers.served('demo', fingerprints, after(0))).toEqual({ live: 0, latestNotAfter: null });
  });

  it('agree with a plain count at every instant: orphans, revoked ones, other clusters and issuers', async () => {
    const { store, commit } = await testStore();
    const samples: Sample[] = [];
    // Ends that lie on the borders of ten minutes, a millisecond beside them, and between.
    const ends = [
      0,
      0,
      1 / minute,
      3,
      5,
      10 - 1 / minute,
      10,
      10 + 1 / minute,
      14,
      20,
      55,
      55,
      60,
      24 * 60,
      24 * 60 + 9,
    ];
    const issued = ends.flatMap((end, i) =>
      [first, second].map((issuerFingerprintSha256, j) =>
        issuing({
          issuerFingerprintSha256,
          notAfter: after(end),
          cluster: (i + j) % 4 === 3 ? 'other' : 'demo',
          orphan: i % 5 === 2,
        }),
      ),
    );
    samples.push(...issued.map(({ sample }) => sample));
    // Some steps are committed alone, and many in one batch.
    for (const { operations } of issued.slice(0, 3)) await commit(operations);
    await Promise.all(issued.slice(3).map(({ operations }) => commit(operations)));
    const instants = [...new Set([-5, ...ends, 2, 4, 9.5, 12, 54, 56, 59, 61, 1439, 1441, 1450])].map(after);
    const agree = async () => {
      for (const now of instants)
        for (const cluster of ['demo', 'other'])
          for (const issuers of [[first], [second], [first, second, unknown], [unknown]])
            expect([now, cluster, await store.issuers.served(cluster, issuers, now)]).toEqual([
              now,
              cluster,
              countIn(samples, cluster, issuers, now),
            ]);
    };
    await agree();
    // The certificates that end last are revoked one after the other, so the last one moves.
    const revoking = samples.toReversed().filter((_, i) => i % 3 !== 2);
    for (const sample of revoking.slice(0, 4)) {
      await commit([insertRevocation(revocationOf(sample.certificate))]);
      sample.isRevoked = true;
      await agree();
    }
    await Promise.all(
      revoking.slice(4).map((sample) => {
        sample.isRevoked = true;
        return commit([insertRevocation(revocationOf(sample.certificate))]);
      }),
    );
    await agree();
  });

  it('agree with the inventory where a revocation is known before its certificate', async () => {
    const { store, commit } = await testStore();
    const { sample, operations } = issuing({ issuerFingerprintSha256: first, notAfter: after(30) });
    await commit([insertRevocation(revocationOf(sample.certificate))]);
    await commit(operations);
    const page = await store.certificates.list({ status: 'live', now: after(0) }, { limit: 5, cursor: null });
    expect((await store.issuers.served('demo', [first], after(0))).live).toBe(page.items.length);
  });

  it('are not changed by a step that conflicts, nor by one that is undone', async () => {
    const { store, commit } = await testStore();
    const { sample, operations } = issuing({ issuerFingerprintSha256: first, notAfter: after(30) });
    await commit(operations);
    const again = { ...sample.certificate, fingerprintSha256: sha256('again') };
    expect(await commit([insertCertificate(again)])).toMatchObject({
      conflict: { kind: 'unique', what: 'serialNumber' },
    });
    const revoke: Write = insertRevocation(revocationOf(sample.certificate));
    expect(await commit([revoke, revoke])).toMatchObject({ conflict: { kind: 'revocation' } });
    expect(await store.issuers.served('demo', [first], after(0))).toEqual({ live: 1, latestNotAfter: after(30) });
  });
});
