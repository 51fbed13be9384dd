import type { Row } from '../steps/statement.js';

/** A row of an old table, each value as the database gives it. */
export type OldRow = Readonly<Record<string, unknown>>;

/** The parts of a database that moving needs. Names of tables and columns come from the code, never from a caller. */
export interface MovingDatabase {
  /** Runs `work` in one transaction, which is undone where `work` throws. */
  transaction(work: () => Promise<void>): Promise<void>;
  /** Answers the rows that are found. `sql` has `?` for each parameter in turn. */
  select(sql: string, parameters?: readonly unknown[]): Promise<readonly OldRow[]>;
  execute(sql: string): Promise<void>;
  /** Inserts rows with the same columns. `existing`: what becomes of rows whose key exists (default: an error). */
  insert(table: string, rows: readonly Row[], existing?: 'leave out'): Promise<void>;
  /** The numbers of the requests that were moved, by their ids in hex. */
  requestNumbers(ids: readonly Buffer[]): Promise<ReadonlyMap<string, number>>;
  /** The instant in a column of an old table; an invalid date where the column holds something else. */
  instantOf(value: unknown): Date;
  /** The octets in a column of a new table. */
  octetsOf(value: unknown): Buffer;
}
