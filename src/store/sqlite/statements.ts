import Database from 'better-sqlite3';
import { conflictIn, type ColumnValue, type Selection, type SqlDialect, type Statement } from '../statement.js';
import type { Conflict } from '../step.js';

export const sqliteDialect: SqlDialect = {
  jsonArrayLength: (column) => `json_array_length(${column})`,
  jsonArrayHolds: (column) => `EXISTS (SELECT 1 FROM json_each(${column}) WHERE "value" = ?)`,
  indexedBy: (index) => ` INDEXED BY "${index}"`,
};

/** Prepared statements of one connection, each prepared when it is first needed. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement<SqlParameter[]>>();

  constructor(private readonly database: Database.Database) {}

  /** Executes one statement of an operation; answers the conflict that it meets, or null. */
  do(statement: Statement): Conflict | null {
    if (statement.ifFound) return conflictIn(statement, { changes: 0, row: this.first(statement) });
    try {
      return conflictIn(statement, { changes: this.#run(statement), row: undefined });
    } catch (error) {
      if (statement.ifTaken && error instanceof Database.SqliteError && uniqueCodes.has(error.code))
        return statement.ifTaken(error.message);
      throw error;
    }
  }

  first({ sql, parameters }: Selection): unknown {
    return this.#prepare(sql).get(...parameters.map(bind));
  }

  all({ sql, parameters }: Selection): readonly unknown[] {
    return this.#prepare(sql).all(...parameters.map(bind));
  }

  /** Executes a statement without parameters. */
  run(sql: string): void {
    this.#prepare(sql).run();
  }

  #run({ sql, parameters }: Statement): number {
    return this.#prepare(sql).run(...parameters.map(bind)).changes;
  }

  #prepare(sql: string): Database.Statement<SqlParameter[]> {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.database.prepare<SqlParameter[]>(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

const uniqueCodes = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE']);

/** The values that better-sqlite3 accepts as parameters. */
type SqlParameter = string | number | bigint | Uint8Array | null;

/** Binds a column's value as Prisma's adapter would, so that Prisma reads and compares the value that was written. */
export function bind(value: ColumnValue): SqlParameter {
  if (value instanceof Date) return sqlInstant(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) return JSON.stringify(value);
  return value;
}

/** The adapter's text form of an instant: RFC 3339 with milliseconds and a numeric offset; it sorts by time. */
function sqlInstant(instant: Date): string {
  const time = instant.getTime();
  const slot = time & (recent.length - 1);
  const last = recent[slot];
  if (last?.time === time) return last.text;
  const text = `${instant.toISOString().slice(0, -1)}+00:00`;
  recent[slot] = { time, text };
  return text;
}

/**
 * Recent instants by their last bits. One step writes the same few instants into many columns, and formatting one takes a
 * microsecond.
 */
const recent = new Array<{ readonly time: number; readonly text: string } | undefined>(256);
