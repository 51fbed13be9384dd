import type { Restoration, RestorationEvidence } from '../../model/restoration.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, type Columns, type Statement } from '../steps/statement.js';

type RestorationRow = Prisma.RestorationGetPayload<object>;

export const insertRestoration = (restoration: Restoration): Statement =>
  insertUnique('Restoration', restorationRow(restoration), { kind: 'restoration' });

const restorationRow = (restoration: Restoration): Columns<RestorationRow> => ({
  id: restoration.id,
  detectedAt: restoration.detectedAt,
  detectedBy: restoration.detectedBy,
  events: restoration.events,
  knownUntil: restoration.knownUntil,
  signedEvents: restoration.signedEvents,
  acknowledgedAt: restoration.acknowledgedAt,
  acknowledgedBy: restoration.acknowledgedBy,
});

export const acknowledgeRestorations = (at: Date, by: string): Statement => ({
  sql: 'UPDATE "Restoration" SET "acknowledgedAt" = ?, "acknowledgedBy" = ? WHERE "acknowledgedAt" IS NULL',
  parameters: [at, by],
  unlessChanged: { kind: 'restoration' },
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
