import type { PrismaClient } from '../generated/sqlite/client.js';
import { forgetBefore, insertUnique, octetsOf, type StatementsBy } from '../steps/statement.js';

export const expiryNoticeStatements = {
  insertExpiryNotice: ({ notice: { fingerprintSha256, seconds, announcedAt } }) =>
    insertUnique(
      'ExpiryNotice',
      { fingerprintSha256: octetsOf(fingerprintSha256), seconds, announcedAt },
      { kind: 'expiryNotice' },
    ),

  advanceExpiry: ({ seconds, from, through }) =>
    from === null
      ? {
          sql: 'INSERT INTO "ExpiryProgress" ("seconds", "through") VALUES (?, ?) ON CONFLICT DO NOTHING',
          parameters: [seconds, through],
        }
      : {
          sql: 'UPDATE "ExpiryProgress" SET "through" = ? WHERE "seconds" = ? AND "through" = ?',
          parameters: [through, seconds, from],
        },

  forgetExpiryNotices: ({ announcedBefore }) =>
    forgetBefore('ExpiryNotice', '"fingerprintSha256", "seconds"', 'announcedAt', announcedBefore, 1000),
} satisfies Partial<StatementsBy>;

/** Reads how far the announcements of expiry have come. */
export class ExpiryNoticeTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** Up to which `notAfter` certificates were looked at for this distance; null: for none yet. */
  async through(seconds: number): Promise<Date | null> {
    const row = await this.prisma.expiryProgress.findUnique({ where: { seconds: BigInt(seconds) } });
    return row?.through ?? null;
  }
}
