import type { Condition, ReadRows, SqlDialect } from '../statement.js';
import type { ListFilter } from './list-filter.js';
import type { ListKey, ListOrder } from './list-order.js';

/** How keys are read: with SQL, in the form that leads the database along one index. */
export interface KeyReads {
  readonly readRows: ReadRows;
  readonly dialect: SqlDialect;
}

/** A part of a list. `"r"` is its table. */
export interface ListPart {
  readonly table: string;
  readonly order: ListOrder;
  readonly filters: readonly ListFilter[];
  /** Whatever else must hold for a row `"r"`; no index serves it. */
  readonly conditions?: readonly Condition[];
  /** The key before the first one; null: from the beginning. */
  readonly after: ListKey | null;
  /** For an ascending list: the first value of the order's first column that does not belong to it. */
  readonly until?: ListKey[number] | undefined;
}
