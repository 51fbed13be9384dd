import Database from 'better-sqlite3';
import type { ReadRows } from '../read-rows.js';
import { Statements } from './statements.js';

/** Reads by prepared statements, on a read-only connection of its own. */
export class SqliteRowReader {
  readonly #database: Database.Database;
  readonly #statements: Statements;

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    this.#statements = new Statements(this.#database);
  }

  readonly readRows: ReadRows = async (statement) => this.#statements.all(statement);

  close(): void {
    this.#database.close();
  }
}
