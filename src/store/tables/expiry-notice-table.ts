import type { PrismaClient } from '../generated/sqlite/client.js';
import { forgetBefore, insertUnique, octetsOf } from '../steps/statement.js';
import type { Write } from '../steps/step.js';

/** The announcement that a certificate ends in `seconds`. */
interface ExpiryNotice {
  readonly fingerprintSha256: string;
  readonly seconds: number;
  readonly announcedAt: Date;
}

/** Claims the announcement of a certificate's end; conflicts where it is claimed already. */
export const insertExpiryNotice = ({ fingerprintSha256, seconds, announcedAt }: ExpiryNotice): Write => ({
  statements: () =>
    insertUnique(
      'ExpiryNotice',
      { fingerprintSha256: octetsOf(fingerprintSha256), seconds, announcedAt },
      { kind: 'expiryNotice' },
    ),
});

interface ExpiryAdvance {
  readonly seconds: number;
  readonly from: Date | null;
  readonly through: Date;
}

/**
 * Remembers up to which `notAfter` certificates were looked at for this distance. Changes nothing where somebody else
 * has remembered another one than `from` (null: none).
 */
export const advanceExpiry = ({ seconds, from, through }: ExpiryAdvance): Write => ({
  statements: () =>
    from === null
      ? {
          sql: 'INSERT INTO "ExpiryProgress" ("seconds", "through") VALUES (?, ?) ON CONFLICT DO NOTHING',
          parameters: [seconds, through],
        }
      : {
          sql: 'UPDATE "ExpiryProgress" SET "through" = ? WHERE "seconds" = ? AND "through" = ?',
          parameters: [through, seconds, from],
        },
});

/** Deletes at most 1,000 notices. */
export const forgetExpiryNotices = (announcedBefore: Date): Write => ({
  statements: () =>
    forgetBefore('ExpiryNotice', '"fingerprintSha256", "seconds"', 'announcedAt', announcedBefore, 1000),
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
