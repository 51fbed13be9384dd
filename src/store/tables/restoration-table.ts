import type { Restoration, RestorationEvidence } from '../../model/restoration.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, rowOf } from '../steps/statement.js';
import type { Write } from '../steps/step.js';

export const insertRestoration = (restoration: Restoration): Write => ({
  statements: () =>
    insertUnique('Restoration', rowOf(Prisma.RestorationScalarFieldEnum, restoration), { kind: 'restoration' }),
});

/** Conflicts where none is left to acknowledge. */
export const acknowledgeRestorations = ({ at, by }: { readonly at: Date; readonly by: string }): Write => ({
  statements: () => ({
    sql: 'UPDATE "Restoration" SET "acknowledgedAt" = ?, "acknowledgedBy" = ? WHERE "acknowledgedAt" IS NULL',
    parameters: [at, by],
    unlessChanged: { kind: 'restoration' },
  }),
});

/** Reads that the database was put back from a backup. There are few rows. */
export class RestorationTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** Oldest first. */
  async all(): Promise<readonly Restoration[]> {
    const rows = await this.prisma.restoration.findMany({ orderBy: [{ detectedAt: 'asc' }, { id: 'asc' }] });
    return rows.map(({ events, signedEvents, detectedBy, ...row }) => ({
      ...row,
      detectedBy: detectedBy as RestorationEvidence,
      events: Number(events),
      signedEvents: signedEvents === null ? null : Number(signedEvents),
    }));
  }
}
