import type Database from 'better-sqlite3';
import type { ColumnValue } from '../columns.js';
import { bind, type SqlParameter } from './bind.js';

type Row = Readonly<Record<string, ColumnValue>>;

/** Prepared statements of one connection, each prepared when it is first needed. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement<SqlParameter[]>>();
  /** By table: what was inserted into it last, in the same columns as ever. */
  readonly #inserts = new Map<string, Insert>();

  constructor(private readonly database: Database.Database) {}

  run(sql: string, parameters: readonly ColumnValue[] = []): number {
    return this.#prepare(sql).run(...parameters.map(bind)).changes;
  }

  /** Inserts one row. `table` and the row's columns come from the schema, never from a caller. */
  insert(table: string, row: Row): void {
    const columns = Object.keys(row);
    let insert = this.#inserts.get(table);
    if (insert?.columns.length !== columns.length || !insert.columns.every((column, i) => column === columns[i])) {
      const sql = `INSERT INTO "${table}" (${columns.map(quoted).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
      insert = { columns, statement: this.#prepare(sql) };
      this.#inserts.set(table, insert);
    }
    insert.statement.run(...Object.values(row).map(bind));
  }

  first(sql: string, parameters: readonly ColumnValue[] = []): unknown {
    return this.#prepare(sql).get(...parameters.map(bind));
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

interface Insert {
  readonly columns: readonly string[];
  readonly statement: Database.Statement<SqlParameter[]>;
}

export const quoted = (column: string): string => `"${column}"`;
