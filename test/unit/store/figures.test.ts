// Tests src/store/tables/figures.ts
import { describe, expect, it } from 'vitest';
import type { RevokedCertificate } from '../../../src/model/certificate.js';
import type { WebhookDeliveryState } from '../../../src/model/webhook-delivery.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRevocation } from '../../../src/store/tables/revocation-table.js';
import { insertSession } from '../../../src/store/tables/session-table.js';
import { enqueueWebhooks } from '../../../src/store/tables/webhook-delivery-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { aCertificate, aRequest, aSession, aWebhookDelivery, instant, sha256, testStore } from './records.js';

const now = instant('2026-03-01T10:00:00.000Z');
const after = (days: number) => new Date(now.getTime() + days * 86_400_000);
const goOn = () => Promise.resolve('go on' as const);

interface Life {
  /** Days from now. */
  readonly from: number;
  readonly to: number;
  readonly revoked?: boolean;
  /** The place of the certificate that it renews. */
  readonly renews?: number;
}

async function withCertificates(lives: readonly Life[]) {
  const opened = await testStore();
  const fingerprints = lives.map((_, i) => sha256(`certificate ${String(i)}`));
  for (const [i, { from, to, revoked = false, renews }] of lives.entries()) {
    const renewed = renews === undefined ? undefined : fingerprints[renews];
    const renewal = renewed === undefined ? null : { of: renewed, lineage: renewed, generation: 1 };
    const request = aRequest({ state: 'issued', renewal });
    const certificate = aCertificate(request, {
      fingerprintSha256: fingerprints[i] ?? '',
      serialNumber: (i + 16).toString(16),
      notBefore: after(from),
      notAfter: after(to),
      renewal,
    });
    const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } =
      certificate;
    const revocation: RevokedCertificate = {
      ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
      ...{ reason: 'keyCompromise', comment: null, revokedAt: now, revokedBy: null },
    };
    await opened.commit([
      insertRequest(request),
      insertCertificate(certificate),
      ...(revoked ? [insertRevocation(revocation)] : []),
    ]);
  }
  return opened;
}

describe('the count of certificates', () => {
  it('leaves out expired and revoked ones, and tells apart those that were renewed', async () => {
    const { store } = await withCertificates([
      { from: -10, to: 0 }, // it ends at this instant
      { from: -10, to: 0.5 }, // in its last tenth
      { from: -0.5, to: 0.5 }, // half of its lifetime is left
      { from: -1, to: 5 },
      { from: -100, to: 10 }, // in its last tenth
      { from: -1, to: 30 },
      { from: -1, to: 31 },
      { from: -1, to: 5, revoked: true },
      { from: -100, to: 3 }, // in its last tenth, and renewed by the next one
      { from: -1, to: 90, renews: 8 },
    ]);
    expect(await store.figures.certificates(now, goOn)).toEqual({
      notRenewed: { live: 7, endingWithin: [2, 3, 5], inLastTenth: 2 },
      renewed: { live: 1, endingWithin: [0, 1, 1], inLastTenth: 1 },
    });
    // Time alone changes it: at its end a certificate is no longer live.
    const later = await store.figures.certificates(after(6), goOn);
    expect(later?.notRenewed).toEqual({ live: 4, endingWithin: [0, 1, 3], inLastTenth: 1 });
  });

  it('is exact over the borders of its portions, and ends where it is told to', async () => {
    const { store, query, execute } = await withCertificates([{ from: -10, to: 1 }]);
    const [row] = await query('SELECT * FROM "CertificateRecord"');
    const columns = Object.keys(row ?? {}).filter((name) => !['n', 'fingerprintSha256', 'serialNumber'].includes(name));
    const names = columns.map((name) => `"${name}"`).join(', ');
    const copies = 2_345;
    // Every one ends at the same instant, so only the row numbers tell the portions apart.
    await execute(
      !onPostgresql
        ? `WITH RECURSIVE "i"("i") AS (SELECT 1 UNION ALL SELECT "i" + 1 FROM "i" WHERE "i" < ${String(copies)})
           INSERT INTO "CertificateRecord" ("fingerprintSha256", "serialNumber", ${names})
           SELECT randomblob(32), randomblob(16), ${names} FROM "CertificateRecord", "i"`
        : `INSERT INTO "CertificateRecord" ("fingerprintSha256", "serialNumber", ${names})
           SELECT sha256(("i"::text)::bytea), sha256(('s' || "i"::text)::bytea), ${names}
           FROM "CertificateRecord", generate_series(1, ${String(copies)}) AS "i"`,
    );
    let pauses = 0;
    const counted = await store.figures.certificates(now, () => {
      pauses += 1;
      return goOn();
    });
    expect(counted?.notRenewed).toEqual({
      live: copies + 1,
      endingWithin: Array(3).fill(copies + 1),
      inLastTenth: copies + 1,
    });
    expect(pauses).toBe(2);
    expect(await store.figures.certificates(now, () => Promise.resolve('end'))).toBeNull();
  });
});

describe('the count of other records', () => {
  it('finds requests and deliveries by state, the oldest delivery that waits, and live sessions', async () => {
    const { store, commit } = await testStore();
    for (const state of ['pending', 'pending', 'approved', 'issuing', 'issued'] as const)
      await commit([insertRequest(aRequest({ state }))]);
    const delivery = (state: WebhookDeliveryState, id: string, days: number) =>
      aWebhookDelivery({ state, id: `msg_${id}`, createdAt: after(days) });
    await commit([
      enqueueWebhooks([delivery('waiting', '2', -1), delivery('waiting', '1', -2), delivery('dead', '0', -3)]),
    ]);
    const session = (id: string, more: object) =>
      insertSession({
        session: aSession({ id, createdAt: after(-0.1), usedAt: after(-0.01), expiresAt: after(0.1), ...more }),
        secretSha256: sha256(id),
      });
    await commit([session('live', {}), session('over', { expiresAt: now }), session('idle', { usedAt: after(-0.05) })]);
    expect(await store.figures.records(now)).toEqual({
      requests: { pending: 2, approved: 1, issuing: 1 },
      deliveries: { waiting: 2, delivered: 0, dead: 1 },
      oldestWaiting: after(-2),
      sessions: 1,
    });
  });
});
