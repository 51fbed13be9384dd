import Database from 'better-sqlite3';
import { appendToChain, type ChainHead, genesis } from '../../audit/chain.js';
import type { Settled } from '../group-commit.js';
import type { Batches } from '../ordered-writer.js';
import { statementsOf } from '../statements-of.js';
import type { CommitResult, Step } from '../step.js';
import { insertAuditEvent, selectChainHead } from '../tables/audit-event-table.js';
import { sqliteDialect, Statements } from './statements.js';

/**
 * Opens a connection for the ordered writer. A commit waits for another process's write lock for at most `busyTimeoutMs`,
 * and blocks its thread meanwhile.
 */
export function connectForWriting(file: string, busyTimeoutMs: number): Database.Database {
  const database = new Database(file, { timeout: busyTimeoutMs, fileMustExist: true });
  database.pragma('journal_mode = WAL');
  // A commit is on disk when it returns, and not only after the next checkpoint.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // Savepoints keep their copies of pages in memory instead of writing a file for every page that a step touches.
  database.pragma('temp_store = MEMORY');
  // The log is moved into the database after 32 MiB, so a page that many batches change is written there once.
  database.pragma('wal_autocheckpoint = 8000');
  // A long read, such as a backup, delays that and lets the log grow; afterwards it shrinks to 48 MiB.
  database.pragma('journal_size_limit = 50331648');
  return database;
}

/**
 * Commits each batch in one transaction, on a connection that nothing else uses. A step that conflicts leaves nothing
 * behind and does not affect its neighbours. Each transaction reads the head of the audit chain from the database, so a
 * commit that fails leaves nothing in memory to repair.
 */
export class BatchWriter implements Batches {
  readonly #database: Database.Database;
  readonly #statements: Statements;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#statements = new Statements(database);
  }

  commit(steps: readonly Step[], touch: boolean): readonly Settled<CommitResult>[] {
    // A savepoint costs a copy of every page that a step touches, and steps rarely fail. So a batch runs without
    // savepoints first; where a step fails, the batch is rolled back and each step runs again in its own savepoint.
    return (
      this.#inTransaction(touch, () => this.#applyAll(steps)) ??
      this.#inTransaction(touch, () => this.#applyEach(steps))
    );
  }

  /** Commits and answers the result of `apply`; where that is null, rolls back. */
  #inTransaction<Result>(touch: boolean, apply: () => Result): Result {
    this.#rollBack();
    this.#statements.run('BEGIN IMMEDIATE');
    try {
      if (touch) this.#touch();
      const result = apply();
      if (result === null) this.#rollBack();
      else this.#statements.run('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Applies all steps; null where one of them fails. */
  #applyAll(steps: readonly Step[]): readonly Settled<CommitResult>[] | null {
    let head = this.#readHead();
    for (const step of steps) {
      const { outcome, head: next } = this.#applyStep(step, head);
      if (!('result' in outcome && outcome.result.committed)) return null;
      head = next;
    }
    return steps.map(() => committed);
  }

  /** Applies each step, and undoes the ones that fail. */
  #applyEach(steps: readonly Step[]): readonly Settled<CommitResult>[] {
    let head = this.#readHead();
    return steps.map((step) => {
      this.#statements.run('SAVEPOINT "step"');
      const { outcome, head: next } = this.#applyStep(step, head);
      if ('result' in outcome && outcome.result.committed) head = next;
      else this.#statements.run('ROLLBACK TO "step"');
      this.#statements.run('RELEASE "step"');
      return outcome;
    });
  }

  /** Applies one step. The caller undoes the changes of a step that fails. */
  #applyStep(step: Step, head: ChainHead): { readonly outcome: Settled<CommitResult>; readonly head: ChainHead } {
    try {
      for (const operation of step.operations)
        for (const statement of statementsOf(operation, sqliteDialect)) {
          const conflict = this.#statements.do(statement);
          if (conflict) return { outcome: { result: { committed: false, conflict } }, head };
        }
      let next = head;
      for (const draft of step.events) {
        const event = appendToChain(next, draft);
        this.#statements.do(insertAuditEvent(event));
        next = event;
      }
      return { outcome: committed, head: next };
    } catch (error) {
      if (!concernsOneStep(error)) throw error;
      return { outcome: { error }, head };
    }
  }

  #readHead(): ChainHead {
    return (this.#statements.first(selectChainHead) as ChainHead | undefined) ?? genesis;
  }

  /** Writes a page: a commit that changes nothing would succeed on a full disk too. */
  #touch(): void {
    const version = this.#database.pragma('user_version', { simple: true }) as number;
    this.#database.pragma(`user_version = ${String(version)}`);
  }

  close(): void {
    this.#database.close();
  }

  /** Ends a transaction that a failure, even of COMMIT, left open; SQLite ends some of them by itself. */
  #rollBack(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
  }
}

const committed: Settled<CommitResult> = { result: { committed: true } };

/** Whether the error is about a value of one step. A failure of SQLite itself (disk full, I/O) concerns the whole batch. */
function concernsOneStep(error: unknown): error is Error {
  if (error instanceof Database.SqliteError) return error.code.startsWith('SQLITE_CONSTRAINT');
  return error instanceof Error;
}
