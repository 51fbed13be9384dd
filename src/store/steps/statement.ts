import type { Prisma } from '../generated/sqlite/client.js';
import type { Conflict } from './step.js';

/** A value for a column; objects and arrays are for JSON columns. */
export type ColumnValue = string | number | bigint | boolean | Date | Uint8Array | object | null;

/** One value for every column of a row as Prisma reads it: a column that is added or renamed fails to compile. */
export type Columns<PrismaRow> = { readonly [Column in keyof PrismaRow]: ColumnValue };

/** A JSON column that Prisma read, typed as it was written: the ordered writer alone writes these columns. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast by another name, in one place
export const storedJson = <T>(value: Prisma.JsonValue): T => value as T;

/** The value of a JSON column that `ReadRows` read: text from SQLite, parsed from PostgreSQL. */
export const jsonRead = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);

/** One SQL statement of an operation, with `?` for each parameter in turn, and the conflicts that it can meet. */
export interface Statement extends ReadStatement {
  /** The conflict where the statement changes no row. */
  readonly unlessChanged?: Conflict;
  /** The conflict where a unique value exists already; `constraint` contains the names of the columns. */
  readonly ifTaken?: (constraint: string) => Conflict;
  /** For a statement that reads one row with a number `found`: the conflict where that has reached the limit. */
  readonly ifReached?: { readonly limit: number; readonly conflict: (found: number) => Conflict };
  /** The statement finds nothing unless one of its first `count` parameters is among the keys that this query selects. */
  readonly onlyAmong?: { readonly keys: string; readonly count: number };
  /** The statement changes the keys that this query of an `onlyAmong` selects. */
  readonly changesKeys?: string;
  /** Names a row that is never changed or removed. Once it is committed, the statement is left out. */
  readonly once?: string;
  /** Does the same on PostgreSQL for many statements with the same `many.sql`; with `ifReached`, that answers the sum as `found`. */
  readonly many?: ManyRows;
}

/** A statement of PostgreSQL for many rows, and one of these. */
interface ManyRows {
  /** Its one parameter is a JSON array of the rows. It changes as many rows as it is given, unless there is a conflict. */
  readonly sql: string;
  readonly row: JsonRow;
}

/** Values of columns that become one JSON object; each part is an object in it, for columns of the same names. */
export interface JsonRow {
  readonly columns: Row;
  readonly parts?: Readonly<Record<string, Row>>;
}

/** A statement that only reads. */
export interface ReadStatement {
  readonly sql: string;
  readonly parameters: readonly ColumnValue[];
}

/**
 * Answers the rows that a statement finds. Reads that are frequent or large use it, because Prisma would occupy the event
 * loop for longer than the read itself; so do reads that must go along a certain index.
 */
export type ReadRows = (selection: ReadStatement) => Promise<readonly unknown[]>;

/** A condition of a statement. */
export type Condition = ReadStatement;

/** The few expressions that the databases write differently. Columns come quoted, and from the schema. */
export interface SqlDialect {
  /** How many elements the JSON array has. */
  jsonArrayLength(column: string): string;
  /** The octets as lower-case hex. */
  hexText(column: string): string;
  /** Whether the JSON array holds a text; takes one parameter. */
  jsonArrayHolds(column: string): string;
  /** Deletes archived records of the audit log; its parameters are the number before the first one, and the last one. */
  readonly deleteAuditRecords: string;
  /** A table of the texts in a JSON array, in its column `value`; takes one parameter. */
  jsonTexts(): string;
  /** The texts of a column as one, with commas between them. */
  commaSeparated(column: string): string;
  /** A table `given` of the numbers in such a text of an earlier table, in its column `value`. */
  numbersIn(column: string): string;
  /** Whether a number is among those that this query selects, of which there may be thousands. */
  isAmong(select: string): string;
  /** The ASCII text in lower case, in whichever language the database sorts. */
  asciiLowerCase(column: string): string;
  /** Stands behind a table to name the index that finds its rows; empty where the database chooses better by itself. */
  indexedBy(index: string): string;
  /**
   * The rows of an index whose first column has `value` (null: there is no such column) and whose next columns, as a row,
   * compare with `bound`; in the form that makes the database go along this index and no other.
   */
  indexRange(
    value: { readonly column: string; readonly parameter: ColumnValue } | null,
    columns: readonly string[],
    sign: '<' | '>' | '<=' | '>=',
    bound: readonly ColumnValue[],
  ): Condition;
}

export type Row = Readonly<Record<string, ColumnValue>>;

/** Inserts one row. `table` and the row's columns come from the schema, never from a caller. */
export function insertInto(table: string, row: Row): Statement {
  const { one, many } = insertTexts(table, Object.keys(row));
  return { sql: one, parameters: Object.values(row), many: { sql: many, row: { columns: row } } };
}

/** Inserts one row; `taken` is the conflict where one of its unique values exists already. */
export const insertUnique = (table: string, row: Row, taken: Conflict): Statement => ({
  ...insertInto(table, row),
  ifTaken: () => taken,
});

/** Inserts a row that is never changed or removed, unless it is there already. `key` is its primary key. */
export function insertOnce(table: string, key: string, row: Row): Statement {
  const { unlessThere } = insertTexts(table, Object.keys(row));
  return { sql: unlessThere, parameters: Object.values(row), once: `${table} ${key}` };
}

const insertTexts = textsByColumns((columns, table) => {
  const names = columns.map(quoted).join(', ');
  const one = `INSERT INTO "${table}" (${names}) VALUES (${columns.map(() => '?').join(', ')})`;
  return {
    one,
    unlessThere: `${one} ON CONFLICT DO NOTHING`,
    many: `INSERT INTO "${table}" (${names}) SELECT ${names} FROM json_populate_recordset(NULL::"${table}", ?::json)`,
  };
});

/**
 * Makes texts that depend on columns and on a name once for each combination. Their number is small, because both come from
 * our code; making them anew takes longer than executing them.
 */
export function textsByColumns<Texts>(
  make: (columns: readonly string[], name: string) => Texts,
): (name: string, columns: readonly string[]) => Texts {
  const made = new Map<string, { readonly columns: readonly string[]; readonly texts: Texts }[]>();
  return (name, columns) => {
    const ofName = made.get(name) ?? [];
    // Comparing the names takes a quarter of the time of joining them to a key.
    const known = ofName.find(
      (one) => one.columns.length === columns.length && one.columns.every((column, i) => column === columns[i]),
    );
    if (known !== undefined) return known.texts;
    const texts = make(columns, name);
    made.set(name, [...ofName, { columns, texts }]);
    return texts;
  };
}

export const quoted = (column: string): string => `"${column}"`;
