import type { QuotaLimit } from '../../model/quota.js';
import { quotaCount } from '../tables/quotas.js';
import type { ReadRows } from '../read-rows.js';
import type { SqlDialect } from '../statement.js';
import type { QuotaReader as QuotaReaderPort } from '../store.js';

/** Beyond it a count costs more than its figure is worth; the writer counts as far as a quota goes. */
const enough = 10_000;

/** Counts what stands against quotas: a request is held against several before it is decided on. */
export class QuotaReader implements QuotaReaderPort {
  constructor(
    private readonly dialect: SqlDialect,
    private readonly readRows: ReadRows,
  ) {}

  found(limits: readonly QuotaLimit[], exceptRequest: string, now: Date): Promise<readonly number[]> {
    return Promise.all(
      limits.map(async (limit) => {
        const [row] = await this.readRows(quotaCount(limit, exceptRequest, now, enough, this.dialect));
        return Number((row as { readonly found: unknown }).found);
      }),
    );
  }
}
