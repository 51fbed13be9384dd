import { quotaCount } from '../quota-count.js';
import type { SqlDialect, Statement } from '../statement.js';
import type { QuotaLimit } from '../step.js';
import type { QuotaReader as QuotaReaderPort } from '../store.js';

/** Beyond it nobody needs the exact figure. */
const enough = 100_000;

export class QuotaReader implements QuotaReaderPort {
  /** `read` answers the first row that a statement finds. */
  constructor(
    private readonly dialect: SqlDialect,
    private readonly read: (statement: Statement) => Promise<unknown>,
  ) {}

  found(limits: readonly QuotaLimit[], exceptRequest: string, now: Date): Promise<readonly number[]> {
    return Promise.all(
      limits.map(async (limit) => {
        const row = await this.read(quotaCount(limit, exceptRequest, now, enough, this.dialect));
        return Number((row as { readonly found: unknown }).found);
      }),
    );
  }
}
