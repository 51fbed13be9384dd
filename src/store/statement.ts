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
  /** Stands behind a table where its rows are to be found by that index; nothing where the database chooses better. */
  indexedBy(index: string): string;
}

export type Row = Readonly<Record<string, ColumnValue>>;

/** Inserts one row. `table` and the row's columns come from the schema, never from a caller. */
export function insertInto(table: string, row: Row): Statement {
  const sql = insertSql(table, Object.keys(row), (columns) => `VALUES (${columns.map(() => '?').join(', ')})`);
  return { sql, parameters: Object.values(row) };
}

/** By table: the text of what was inserted into it last, in the same columns as ever. */
const inserts = new Map<string, { readonly columns: readonly string[]; readonly sql: string }>();

/** The start of an insertion into the columns, with what `values` makes of them behind it. */
export function insertSql(
  table: string,
  columns: readonly string[],
  values: (columns: readonly string[]) => string,
): string {
  const last = inserts.get(table);
  if (last?.columns.length === columns.length && last.columns.every((column, i) => column === columns[i]))
    return last.sql;
  const sql = `INSERT INTO "${table}" (${columns.map(quoted).join(', ')}) ${values(columns)}`;
  inserts.set(table, { columns, sql });
  return sql;
}

export const quoted = (column: string): string => `"${column}"`;
