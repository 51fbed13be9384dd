import type { Prisma } from './generated/sqlite/client.js';
import type { Conflict } from './step.js';

/** A value for a column; objects and arrays are for JSON columns. */
export type ColumnValue = string | number | bigint | boolean | Date | Uint8Array | object | null;

/** One value for every column of a row as Prisma reads it: a column that is added or renamed fails to compile. */
export type Columns<PrismaRow> = { readonly [Column in keyof PrismaRow]: ColumnValue };

/** A JSON column that Prisma read, typed as it was written: the ordered writer alone writes these columns. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast by another name, in one place
export const storedJson = <T>(value: Prisma.JsonValue): T => value as T;

/** One SQL statement of an operation, with `?` for each parameter in turn, and the conflicts that it can meet. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly ColumnValue[];
  /** The conflict where the statement changes no row. */
  readonly unlessChanged?: Conflict;
  /** The conflict where a unique value exists already; `constraint` contains the names of the columns. */
  readonly ifTaken?: (constraint: string) => Conflict;
  /** The conflict that the row shows, or null. A statement with `ifFound` reads exactly one row. */
  readonly ifFound?: (row: Readonly<Record<string, unknown>>) => Conflict | null;
}

/** The answer of a database to a statement that it could execute. */
export interface StatementResult {
  readonly changes: number;
  readonly row: unknown;
}

/** The conflict that a result shows, or null. */
export function conflictIn(statement: Statement, { changes, row }: StatementResult): Conflict | null {
  if (statement.unlessChanged && changes === 0) return statement.unlessChanged;
  return statement.ifFound?.(row as Readonly<Record<string, unknown>>) ?? null;
}

/** A statement that only reads. */
export type Selection = Pick<Statement, 'sql' | 'parameters'>;

/**
 * Answers the rows that a statement finds. Reads that are frequent or large use it, because Prisma would occupy the event
 * loop for longer than the read itself.
 */
export type ReadRows = (selection: Selection) => Promise<readonly unknown[]>;

/** The few expressions that the databases write differently. Columns come quoted, and from the schema. */
export interface SqlDialect {
  /** How many elements the JSON array has. */
  jsonArrayLength(column: string): string;
  /** Whether the JSON array holds a text; takes one parameter. */
  jsonArrayHolds(column: string): string;
  /** Stands behind a table to name the index that finds its rows; empty where the database chooses better by itself. */
  indexedBy(index: string): string;
}

export type Row = Readonly<Record<string, ColumnValue>>;

/** Inserts one row. `table` and the row's columns come from the schema, never from a caller. */
export function insertInto(table: string, row: Row): Statement {
  const sql = insertSql(table, Object.keys(row), (columns) => `VALUES (${columns.map(() => '?').join(', ')})`);
  return { sql, parameters: Object.values(row) };
}

/** Inserts one row; `taken` is the conflict where one of its unique values exists already. */
export const insertUnique = (table: string, row: Row, taken: Conflict): Statement => ({
  ...insertInto(table, row),
  ifTaken: () => taken,
});

/** The last insertion into each table, because its columns are the same nearly every time. */
const inserts = new Map<string, { readonly columns: readonly string[]; readonly sql: string }>();

/** The text of an insertion into the columns; `values` writes the part behind the columns. */
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
