import type { ColumnValue } from './columns.js';
import type { Conflict } from './step.js';

/** One SQL statement of an operation, `?` standing for each parameter in turn, and what would speak against it. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly ColumnValue[];
  /** What stands against the step where no row was changed. */
  readonly unlessChanged?: Conflict;
  /** What stands against it where a unique value exists already; `constraint` has the names of the columns. */
  readonly ifTaken?: (constraint: string) => Conflict;
  /** What the row that it reads tells; it reads exactly one. */
  readonly ifFound?: (row: Readonly<Record<string, unknown>>) => Conflict | null;
}

/** What a database answered to a statement that it could do. */
export interface StatementResult {
  readonly changes: number;
  readonly row: unknown;
}

/** The conflict that a result shows, or null. */
export function conflictIn(statement: Statement, { changes, row }: StatementResult): Conflict | null {
  if (statement.unlessChanged && changes === 0) return statement.unlessChanged;
  return statement.ifFound?.(row as Readonly<Record<string, unknown>>) ?? null;
}

/** The few expressions that the databases write differently. Columns come quoted, and from the schema. */
export interface SqlDialect {
  /** How many elements the JSON array has. */
  jsonArrayLength(column: string): string;
  /** Whether the JSON array holds a text; takes one parameter. */
  jsonArrayHolds(column: string): string;
}
