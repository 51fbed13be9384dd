import type { InventoryReader, InventoryRecord } from '../../model/certificate.js';
import type { KeyReads } from '../lists/list.js';
import { hexText, octetsIn, uuidOf } from '../steps/statement.js';

interface InventoryRow {
  readonly fingerprintSha256: Uint8Array;
  readonly id: Uint8Array;
  readonly cluster: string;
  readonly requesterName: string;
  readonly collector: string;
  readonly orphan: number | boolean;
  readonly state: string;
  readonly reason: string | null;
  readonly revokedAt: number | Date | null;
}

/** Certificates with their requests. Prisma would take more time for each look-up than the rest of an inspection. */
export class Inventory implements InventoryReader {
  constructor(private readonly reads: KeyReads) {}

  async find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]> {
    const { readRows, dialect } = this.reads;
    const rows = await readRows({
      sql: `SELECT "c"."fingerprintSha256", "r"."id", "c"."cluster", "c"."requesterName", "c"."collector", "c"."orphan",
          "r"."state", "v"."reason", "v"."revokedAt"
        FROM ${dialect.jsonTexts()} AS "given" CROSS JOIN "CertificateRecord" AS "c"
          JOIN "RequestRecord" AS "r" ON "r"."n" = "c"."requestN" LEFT JOIN "Revocation" AS "v" ON "v"."certificateN" = "c"."n"
        WHERE "c"."fingerprintSha256" = ${dialect.octetsOfHex('"given"."value"')}`,
      parameters: [fingerprintsSha256.filter((text) => octetsIn(text) !== null)],
    });
    return (rows as readonly InventoryRow[]).map(({ id, requesterName, reason, revokedAt, ...row }) => ({
      ...row,
      fingerprintSha256: hexText(row.fingerprintSha256),
      requestId: uuidOf(id),
      requester: requesterName,
      orphan: Boolean(row.orphan),
      revocation:
        reason === null || revokedAt === null ? null : { reason, revokedAt: new Date(revokedAt).toISOString() },
    }));
  }
}
