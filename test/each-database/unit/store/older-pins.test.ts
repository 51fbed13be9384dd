// Tests src/store/schema/migrations.ts, prisma/
import { expect, it } from 'vitest';
import { readMigrations, shippedMigrations } from '../../../../src/store/schema/migrations.js';
import { olderDatabase } from '../../../helpers/older-database.js';
import { onPostgresql } from '../../../helpers/test-store.js';
import { instant, sha256 } from '../../../unit/store/records.js';

/** The last migration before clusters had issuers. */
const before = '20261207000000_deleted_users';
const since = readMigrations(shippedMigrations(onPostgresql ? 'postgresql' : 'sqlite')).filter(
  ({ name }) => name > before,
);

const octets = (hex: string) => (onPostgresql ? `'\\x${hex}'::bytea` : `x'${hex}'`);
const at = (text: string) => (onPostgresql ? `timestamp '${text.slice(0, -1)}'` : String(instant(text).getTime()));
const [first, second] = [sha256('first CA'), sha256('second CA')];

/** A certificate that a CA signed for a cluster, with whatever stands beside it. */
const certificate = (n: number, cluster: string, ca: string, notAfter: string, isRevoked = false) => `
  INSERT INTO "CertificateRecord" ("n", "fingerprintSha256", "serialNumber", "issuerSha256", "subject", "username", "groups",
      "notBefore", "notAfter", "publicKeyAlgorithm", "spkiSha256", "cluster", "requestN", "requesterName", "collector", "der",
      "orphan", "issuedAt")
    VALUES (${String(n)}, ${octets(sha256(String(n)))}, ${octets(`0${String(n)}`)}, ${octets(sha256(ca))}, 's', 'jane', '[]',
      ${at('2026-03-01T09:00:00.000Z')}, ${at(notAfter)}, 'x', ${octets('00')}, '${cluster}', 1, 'hr', 'hr', ${octets('30')},
      FALSE, ${at(`2026-03-01T09:00:00.00${String(n)}Z`)});
  ${
    isRevoked
      ? `INSERT INTO "Revocation" ("fingerprintSha256", "certificateN", "cluster", "serialNumber", "issuer", "username",
          "notAfter", "reason", "revokedAt") VALUES (${octets(sha256(String(n)))}, ${String(n)}, '${cluster}', ${octets('0a')}, 'i',
          'jane', ${at(notAfter)}, 'unspecified', ${at('2026-03-01T09:30:00.000Z')});`
      : ''
  }`;

const pinnedEvent = `INSERT INTO "AuditRecord" ("lastSeq", "firstSeq", "at", "types", "cluster", "events", "previousHash", "hashes")
  VALUES (1, 1, ${at('2026-02-01T00:00:00.123Z')}, 131072, 'demo', '', ${octets('00'.repeat(32))}, ${octets('11'.repeat(32))});`;

const rows = `
  INSERT INTO "CertificateAuthorityPin" VALUES ('demo', 'spki of demo'), ('pruned', 'spki of pruned'), ('new', 'spki of new');
  INSERT INTO "Decision" VALUES (${octets('00')}, '{}');
  INSERT INTO "Issuer" VALUES (${octets(sha256(first))}, '${first}', 'CN=first', ${octets(first)}),
    (${octets(sha256(second))}, '${second}', 'CN=second', ${octets(second)}),
    (${octets(sha256('demo CN=unknown'))}, 'demo CN=unknown', 'CN=unknown', NULL);
  INSERT INTO "RequestRecord" ("n", "cluster", "username", "requesterName", "collector", "id", "state", "groups",
      "keyAlgorithm", "expirationSeconds", "requesterGroups", "requesterRoles", "createdAt", "decisionSha256", "decidedAt",
      "approvals")
    VALUES (1, 'demo', 'jane', 'hr', 'hr', ${octets('00')}, 'issued', '[]', 'x', 1, '[]', '[]', ${at('2026-03-01T09:00:00.000Z')},
      ${octets('00')}, ${at('2026-03-01T09:00:00.000Z')}, '[]');
  ${pinnedEvent}
  ${certificate(1, 'pruned', second, '2026-03-01T11:00:00.000Z')}
  ${certificate(2, 'demo', second, '2026-03-01T11:05:00.000Z')}
  ${certificate(3, 'demo', first, '2026-03-01T11:06:00.000Z', true)}
  ${certificate(4, 'demo', 'demo CN=unknown', '2026-03-01T12:00:00.000Z')}
  ${certificate(5, 'other', first, '2026-03-01T12:00:00.000Z')}`;

it('become the active issuer `default`, with the CAs that signed for the cluster', async () => {
  const began = new Date();
  const database = await olderDatabase(before, rows);
  try {
    const pin = { name: 'default', state: 'active', fingerprints: [] };
    expect(await database.look()).toEqual({
      pending: since.length,
      newer: null,
      issuers: ['demo', 'pruned', 'new'].map((cluster) => ({ ...pin, cluster, spkiSha256: `spki of ${cluster}` })),
    });
    const { issuers, close } = await database.open();
    const [demo, pruned, fresh] = await Promise.all(
      ['demo', 'pruned', 'new'].map((cluster) => issuers.ofCluster(cluster)),
    );
    const issuer = { name: 'default', state: 'active', probe: null };
    expect(demo).toEqual([
      {
        ...{ ...issuer, cluster: 'demo', spkiSha256: 'spki of demo' },
        ...{ since: instant('2026-02-01T00:00:00.123Z'), fingerprints: [second, first] },
      },
    ]);
    // Its event is gone, but not its first certificate.
    expect(pruned).toMatchObject([{ since: instant('2026-03-01T09:00:00.001Z'), fingerprints: [second] }]);
    expect(fresh).toMatchObject([{ ...issuer, fingerprints: [] }]);
    expect(fresh?.[0]?.since.getTime()).toBeGreaterThan(began.getTime() - 2000);

    const now = instant('2026-03-01T11:00:00.000Z');
    expect(await issuers.served('demo', [first, second], now)).toEqual({
      live: 1,
      latestNotAfter: instant('2026-03-01T11:05:00.000Z'),
    });
    expect((await issuers.served('other', [first], now)).live).toBe(1);
    expect((await issuers.served('pruned', [second], instant('2026-03-01T10:59:59.999Z'))).live).toBe(1);
    expect((await issuers.served('pruned', [second], now)).live).toBe(0);
    await close();
    const found = await database.look();
    expect(found.pending).toBe(0);
    expect(found.issuers).toContainEqual({
      ...{ cluster: 'demo', name: 'default', state: 'active', spkiSha256: 'spki of demo' },
      fingerprints: [second, first],
    });
  } finally {
    await database.remove();
  }
});
