import Database from 'better-sqlite3';
import type { QuotaLimit } from '../step.js';
import type { QuotaReader } from '../store.js';
import { quotaCount } from './quota-count.js';
import { Statements } from './statements.js';

/** Beyond it a count costs more than its figure is worth; the writer counts as far as a quota goes. */
const enough = 10_000;

/**
 * Counts with prepared statements on a connection of its own: a request is held against several limits before it is
 * decided on, and Prisma would take more time for each than the count itself.
 */
export class SqliteQuotaReader implements QuotaReader {
  readonly #database: Database.Database;
  readonly #statements: Statements;

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    this.#statements = new Statements(this.#database);
  }

  async found(limits: readonly QuotaLimit[], exceptRequest: string, now: Date): Promise<readonly number[]> {
    return limits.map((limit) => {
      const { sql, parameters } = quotaCount(limit, exceptRequest, now, enough);
      return (this.#statements.first(sql, parameters) as { readonly found: number }).found;
    });
  }

  close(): void {
    this.#database.close();
  }
}
