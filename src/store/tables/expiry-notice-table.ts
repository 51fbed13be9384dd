import type { PrismaClient } from '../generated/sqlite/client.js';
import { octetsOf } from '../steps/octets.js';
import { insertUnique, type Statement } from '../steps/statement.js';
import type { AdvanceExpiry, ExpiryNotice } from '../steps/step.js';

export const insertExpiryNotice = ({ fingerprintSha256, seconds, announcedAt }: ExpiryNotice): Statement =>
  insertUnique(
    'ExpiryNotice',
    { fingerprintSha256: octetsOf(fingerprintSha256), seconds, announcedAt },
    { kind: 'expiryNotice' },
  );

export const advanceExpiry = ({ seconds, from, through }: AdvanceExpiry): Statement =>
  from === null
    ? {
        sql: 'INSERT INTO "ExpiryProgress" ("seconds", "through") VALUES (?, ?) ON CONFLICT DO NOTHING',
        parameters: [seconds, through],
      }
    : {
        sql: 'UPDATE "ExpiryProgress" SET "through" = ? WHERE "seconds" = ? AND "through" = ?',
        parameters: [through, seconds, from],
      };

const forgottenAtOnce = 1000;

export const forgetExpiryNotices = (announcedBefore: Date): Statement => ({
  sql: `DELETE FROM "ExpiryNotice" WHERE ("fingerprintSha256", "seconds") IN (SELECT "fingerprintSha256", "seconds"
    FROM "ExpiryNotice" WHERE "announcedAt" < ? ORDER BY "announcedAt" LIMIT ${String(forgottenAtOnce)})`,
  parameters: [announcedBefore],
});

/** Reads how far the announcements of expiry have come. */
export class ExpiryNoticeTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** Up to which `notAfter` certificates were looked at for this distance; null: for none yet. */
  async through(seconds: number): Promise<Date | null> {
    const row = await this.prisma.expiryProgress.findUnique({ where: { seconds: BigInt(seconds) } });
    return row?.through ?? null;
  }
}
