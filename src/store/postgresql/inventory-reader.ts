import type pg from 'pg';
import type { InventoryReader, InventoryRecord } from '../../inspection/inventory.js';

const byFingerprint = {
  name: 'kubepass_inventory',
  text: `SELECT c."fingerprintSha256", c."requestId", r."state", c."cluster", c."requesterName" AS "requester",
      c."collector", c."orphan"
    FROM "Certificate" c JOIN "CertificateRequest" r ON r."id" = c."requestId"
    WHERE c."fingerprintSha256" = ANY($1::text[])`,
};

/** Looks certificates up by fingerprint with one prepared statement, as many as there are in one round trip. */
export class PostgresqlInventoryReader implements InventoryReader {
  constructor(private readonly query: (query: pg.QueryConfig) => Promise<pg.QueryResult>) {}

  async find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]> {
    const { rows } = await this.query({ ...byFingerprint, values: [fingerprintsSha256] });
    return rows as readonly InventoryRecord[];
  }
}
