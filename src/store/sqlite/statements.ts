import Database from 'better-sqlite3';
import { conflictIn, type Statement } from '../statement.js';
import type { Conflict } from '../step.js';
import { bind, type SqlParameter } from './bind.js';

/** Prepared statements of one connection, each prepared when it is first needed. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement<SqlParameter[]>>();

  constructor(private readonly database: Database.Database) {}

  /** Does one statement of an operation; answers the conflict that stands against it, or null. */
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

  first({ sql, parameters }: Statement): unknown {
    return this.#prepare(sql).get(...parameters.map(bind));
  }

  /** A statement without parameters. */
  run(sql: string): void {
    this.#prepare(sql).run();
  }

  #run({ sql, parameters }: Statement): number {
    return this.#prepare(sql).run(...parameters.map(bind)).changes;
  }

  all({ sql, parameters }: Pick<Statement, 'sql' | 'parameters'>): readonly unknown[] {
    return this.#prepare(sql).all(...parameters.map(bind));
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
