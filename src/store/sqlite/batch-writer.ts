import Database from 'better-sqlite3';
import { appendToChain, type ChainHead, genesis } from '../../audit/chain.js';
import type { Settled } from '../group-commit.js';
import { insertAuditEvent, selectChainHead, statementsOf } from '../statements-of.js';
import type { CommitResult, Step } from '../step.js';
import { sqliteDialect } from './dialect.js';
import { Statements } from './statements.js';

/**
 * A connection for the ordered writer. `busyTimeoutMs` is how long a commit waits for somebody else's write lock; the
 * thread waits with it.
 */
export function connectForWriting(file: string, busyTimeoutMs: number): Database.Database {
  const database = new Database(file, { timeout: busyTimeoutMs, fileMustExist: true });
  database.pragma('journal_mode = WAL');
  // A commit is on disk when it returns, not only when the next checkpoint is.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // What a savepoint may have to put back is kept in memory: in a file, it is written for every page that a step touches.
  database.pragma('temp_store = MEMORY');
  // The log goes into the database after 32 MiB: a page that many batches change is then written there once.
  database.pragma('wal_autocheckpoint = 8000');
  // Whoever reads for long, as a backup does, keeps the log from going there, and it grows; afterwards it goes back
  // to 48 MiB.
  database.pragma('journal_size_limit = 50331648');
  return database;
}

/**
 * Commits batches of steps, each in one transaction, on a connection that is its alone; a step that conflicts leaves
 * nothing behind and its neighbours untouched. The audit chain is continued from what the database holds when the
 * transaction begins, so a commit that fails leaves nothing in memory to mend.
 */
export class BatchWriter {
  readonly #database: Database.Database;
  readonly #statements: Statements;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#statements = new Statements(database);
  }

  /**
   * What became of each step, in order; throws where nothing of the batch is stored. `touch`: a commit that changes
   * nothing shall write all the same, so that it tells whether one can.
   */
  commit(steps: readonly Step[], touch: boolean): readonly Settled<CommitResult>[] {
    // Savepoints cost a copy of every page that a step touches, and hardly any batch has a step to put back: where one
    // turns out to, all are put back, and applied anew each in a savepoint of its own.
    return (
      this.#inTransaction(touch, () => this.#applyAll(steps)) ??
      this.#inTransaction(touch, () => this.#applyEach(steps))
    );
  }

  /** What `apply` comes to, once it is committed; where that is null, nothing is. */
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

  /** Applies all of the steps; null where one of them does not go through. */
  #applyAll(steps: readonly Step[]): readonly Settled<CommitResult>[] | null {
    let head = this.#readHead();
    for (const step of steps) {
      const { outcome, head: next } = this.#applyStep(step, head);
      if (!('result' in outcome && outcome.result.committed)) return null;
      head = next;
    }
    return steps.map(() => committed);
  }

  /** Applies those of the steps that go through. */
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

  /** What a step that does not go through has changed until then is the caller's to put back. */
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

  /** A commit that changes nothing works on a full disk too. This one writes a page, so that it tells whether one can. */
  #touch(): void {
    const version = this.#database.pragma('user_version', { simple: true }) as number;
    this.#database.pragma(`user_version = ${String(version)}`);
  }

  close(): void {
    this.#database.close();
  }

  /** SQLite ends some transactions by itself and leaves others open after a failure, a failed COMMIT among them. */
  #rollBack(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
  }
}

const committed: Settled<CommitResult> = { result: { committed: true } };

/** A step may ask for what cannot be stored; what SQLite itself could not do (disk full, I/O) concerns the whole batch. */
function concernsOneStep(error: unknown): error is Error {
  if (error instanceof Database.SqliteError) return error.code.startsWith('SQLITE_CONSTRAINT');
  return error instanceof Error;
}
