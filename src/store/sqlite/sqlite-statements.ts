import Database from 'better-sqlite3';
import type { ColumnValue, ReadRows, ReadStatement, SqlDialect } from '../steps/statement.js';

export const sqliteDialect: SqlDialect = {
  jsonArrayLength: (column) => `json_array_length(${column})`,
  hexText: (column) => `CASE WHEN ${column} IS NOT NULL THEN lower(hex(${column})) END`,
  octetsOfHex: (text) => `unhex(${text})`,
  jsonArrayHolds: (column) => `EXISTS (SELECT 1 FROM json_each(${column}) WHERE "value" = ?)`,
  jsonArrayEndingWith: (column) =>
    `CASE WHEN ${column} ->> '$[#-1]' = ? THEN ${column} ELSE json_insert(${column}, '$[#]', ?) END`,
  deleteAuditRecords: 'DELETE FROM "AuditRecord" WHERE "lastSeq" > ? AND "lastSeq" <= ?',
  tenMinutesAfter: (instant) => `(${instant} + 600000)`,
  jsonTexts: () => '(SELECT "value" FROM json_each(?))',
  commaSeparated: (column) => `group_concat(${column}, ',')`,
  numbersIn: (column) => `json_each('[' || ${column} || ']') AS "given"`,
  isAmong: (select) => `IN (${select})`,
  asciiLowerCase: (column) => `lower(${column})`,
  runningServer: "''",
  indexedBy: (index) => ` INDEXED BY "${index}"`,
  // Behind an equal column, SQLite enters an index at the first column of the bound.
  indexRange: (value, columns, sign, bound) => ({
    sql: [
      ...(value === null ? [] : [`${value.column} = ?`]),
      ...(columns.length === 1 ? [] : [`${columns[0] ?? ''} ${sign.slice(0, 1)}= ?`]),
      `(${columns.join(', ')}) ${sign} (${columns.map(() => '?').join(', ')})`,
    ].join(' AND '),
    parameters: [
      ...(value === null ? [] : [value.parameter]),
      ...(columns.length === 1 ? [] : bound.slice(0, 1)),
      ...bound,
    ],
  }),
};

/** The values that better-sqlite3 accepts as parameters. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** Prepared statements of one connection, each prepared when it is first needed. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement<SqlValue[]>>();

  constructor(private readonly database: Database.Database) {}

  of(sql: string): Database.Statement<SqlValue[]> {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.database.prepare<SqlValue[]>(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  all({ sql, parameters }: ReadStatement): readonly unknown[] {
    return this.of(sql).all(...parameters.map(bind));
  }
}

/**
 * Binds a column's value as Prisma's adapter would, so that Prisma reads and compares the value that was written. An
 * instant is in milliseconds since 1970.
 */
export function bind(value: ColumnValue): SqlValue {
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' ? Number(value) : value;
  if (value instanceof Uint8Array) return value;
  return value instanceof Date ? value.getTime() : JSON.stringify(value);
}

/** Reads with prepared statements on a read-only connection of its own. */
export class ReadConnection {
  readonly #database: Database.Database;
  readonly #statements: Statements;

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    this.#statements = new Statements(this.#database);
  }

  readonly readRows: ReadRows = async (selection) => this.#statements.all(selection);

  close(): void {
    this.#database.close();
  }
}
