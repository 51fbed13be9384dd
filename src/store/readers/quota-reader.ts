import type { PrismaClient } from '../generated/sqlite/client.js';
import { bind } from '../sqlite/bind.js';
import { quotaCount } from '../sqlite/quota-count.js';
import type { QuotaLimit } from '../step.js';
import type { QuotaReader as QuotaReaderPort } from '../store.js';

/** Beyond it nobody needs the exact figure. */
const enough = 100_000;

export class QuotaReader implements QuotaReaderPort {
  constructor(private readonly prisma: PrismaClient) {}

  found(limits: readonly QuotaLimit[], exceptRequest: string, now: Date): Promise<readonly number[]> {
    return Promise.all(
      limits.map(async (limit) => {
        const { sql, parameters } = quotaCount(limit, exceptRequest, now, enough);
        // The text is fixed; every value goes in as a parameter.
        const rows = await this.prisma.$queryRawUnsafe<{ found: bigint | number }[]>(sql, ...parameters.map(bind));
        return Number(rows[0]?.found ?? 0);
      }),
    );
  }
}
