import Database from 'better-sqlite3';
import { type AuditRecord, chainRecord, type EventLine, headAfter } from '../../audit/audit-record.js';
import { type ChainHead, genesis } from '../../audit/hash-chain.js';
import { completeBefore, OpenTile } from '../../audit/merkle-tile.js';
import { leafHashOfText } from '../../audit/merkle-tree.js';
import { selectLastRecord, selectTexts, textsIn } from '../tables/audit-event-table.js';
import { insertNextLeafTile } from '../tables/checkpoint-tables.js';
import { changesThem, expectations, type FlatBatch, FlatReader, noKeys } from './flat-batch.js';
import { bind, sqliteDialect, type SqlValue, Statements } from './sqlite-statements.js';

/**
 * Opens a connection for the ordered writer. A commit waits for another process's write lock for at most
 * `busyTimeoutMs`, and blocks its thread meanwhile.
 */
export function connectForWriting(file: string, busyTimeoutMs: number): Database.Database {
  const database = new Database(file, { timeout: busyTimeoutMs, fileMustExist: true });
  database.pragma('journal_mode = WAL');
  // A commit is on disk when it returns, and not only after the next checkpoint.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // Savepoints keep their copies of pages in memory instead of writing a file for every page that a step touches.
  database.pragma('temp_store = MEMORY');
  // The log is moved into the database after 32 MiB, so a page that many batches change is written there once. Where
  // commits have a thread of their own, `LogMover` comes before that.
  database.pragma('wal_autocheckpoint = 8000');
  // A long read, such as a backup, delays that and lets the log grow; afterwards it shrinks to 48 MiB.
  database.pragma('journal_size_limit = 50331648');
  return database;
}

/** The end of a step; `null`: it is committed. Plain data, because it may come from another thread. */
export type StepEnd = null | FailedStatement | { readonly error: Error };

/** The statement that met a conflict, by its place in the step. */
export interface FailedStatement {
  readonly statement: number;
  /** Where a unique value exists already: SQLite's message, which has the names of the columns. */
  readonly taken?: string;
  /** Where a limit is reached: the number that was found. */
  readonly found?: number;
}

/**
 * Commits each batch in one transaction, on a connection that nothing else uses. A step that conflicts leaves nothing
 * behind and does not affect its neighbours. Each transaction reads the head of the audit chain from the database, so a
 * commit that fails leaves nothing in memory to repair.
 */
export class BatchWriter {
  readonly #database: Database.Database;
  readonly #statements: Statements;
  readonly #keys: KeptKeys;
  readonly #tile = new OpenTile();

  constructor(database: Database.Database) {
    this.#database = database;
    this.#statements = new Statements(database);
    this.#keys = new KeptKeys(this.#statements);
  }

  /** Answers what became of each step, in order. */
  commit(batch: FlatBatch, touch: boolean): readonly StepEnd[] {
    // A savepoint costs a copy of every page that a step touches, and steps rarely fail. So a batch runs without
    // savepoints first; where a step fails, the batch is rolled back and each step runs again in its own savepoint.
    return (
      this.#inTransaction(touch, () => this.#applyAll(batch)) ??
      this.#inTransaction(touch, () => this.#applyEach(batch))
    );
  }

  /** Commits and answers the result of `apply`; where that is null, rolls back. */
  #inTransaction<Result>(touch: boolean, apply: () => Result): Result {
    this.#rollBack();
    this.#run('BEGIN IMMEDIATE');
    try {
      if (touch) this.#touch();
      this.#keys.forgetIfOthersWrote();
      const result = apply();
      if (result === null) this.#undo();
      else this.#run('COMMIT');
      return result;
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  /** Applies all steps; null where one of them fails. */
  #applyAll(batch: FlatBatch): readonly StepEnd[] | null {
    const steps = this.#stepsOf(batch);
    for (let i = 0; i < batch.steps; i++) if (steps.apply() !== null) return null;
    return Array<null>(batch.steps).fill(null);
  }

  /** Applies each step, and undoes the ones that fail. */
  #applyEach(batch: FlatBatch): readonly StepEnd[] {
    const steps = this.#stepsOf(batch);
    return Array.from({ length: batch.steps }, () => {
      this.#run('SAVEPOINT "step"');
      const end = steps.apply();
      if (end !== null) {
        this.#run('ROLLBACK TO "step"');
        this.#keys.forget();
      }
      this.#run('RELEASE "step"');
      return end;
    });
  }

  #stepsOf(batch: FlatBatch): StepsInTurn {
    const last = this.#statements.of(selectLastRecord.sql).get() as Pick<AuditRecord, 'lastSeq' | 'hashes'> | undefined;
    return new StepsInTurn(batch, this.#statements, this.#keys, this.#tile, last ? headAfter(last) : genesis);
  }

  /** Writes a page: a commit that changes nothing would succeed on a full disk too. */
  #touch(): void {
    const version = this.#database.pragma('user_version', { simple: true }) as number;
    this.#database.pragma(`user_version = ${String(version)}`);
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string): void {
    this.#statements.of(sql).run();
  }

  /** The keys may be those of what is undone. */
  #undo(): void {
    this.#keys.forget();
    this.#rollBack();
  }

  /** Ends a transaction that a failure, even of COMMIT, left open; SQLite ends some of them by itself. */
  #rollBack(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
  }
}

const insertAuditRecord = `INSERT INTO "AuditRecord" ("lastSeq", "firstSeq", "at", "types", "principal", "cluster", "requestId",
  "fingerprintSha256", "events", "previousHash", "hashes") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Applies the steps of a batch in turn. The caller undoes the changes of a step that fails. */
class StepsInTurn {
  readonly #reader: FlatReader;
  readonly #prepared: readonly Database.Statement<SqlValue[]>[];
  readonly #texts: readonly string[];
  #head: ChainHead;

  constructor(
    batch: FlatBatch,
    private readonly statements: Statements,
    private readonly keys: KeptKeys,
    private readonly tile: OpenTile,
    head: ChainHead,
  ) {
    this.#reader = new FlatReader(batch.values);
    this.#texts = batch.texts;
    this.#prepared = batch.texts.map((text) => statements.of(text));
    this.#head = head;
  }

  apply(): StepEnd {
    const head = this.#head;
    let end: StepEnd = null;
    // A step that failed is read to its end, because the next one begins there.
    for (let statement = 0, count = this.#reader.number(); statement < count; statement++) {
      const execute = this.#readStatement(statement);
      end ??= endOf(execute);
    }
    for (let count = this.#reader.number(); count > 0; count--) {
      const append = this.#readRecord();
      end ??= endOf(append);
    }
    if (end !== null) this.#head = head;
    return end;
  }

  #readStatement(place: number): () => FailedStatement | null {
    const reader = this.#reader;
    const prepared = this.#prepared[reader.number()];
    const expectation = reader.number();
    const limit = reader.number();
    const mayBeTaken = reader.number() === 1;
    const keysAt = reader.number();
    const keyCount = keysAt === noKeys ? 0 : reader.number();
    const parameters = reader.values(reader.number());
    return () => {
      if (prepared === undefined) throw new RangeError('the batch has no such text');
      if (keysAt !== noKeys) {
        if (keyCount === changesThem) this.keys.forget();
        else if (!this.keys.hasAny(this.#texts[keysAt] ?? '', parameters, keyCount)) return null;
      }
      if (expectation === expectations.belowLimit) {
        const { found } = prepared.get(...parameters) as { readonly found: number };
        return found >= limit ? { statement: place, found } : null;
      }
      try {
        const { changes } = prepared.run(...parameters);
        return expectation === expectations.change && changes === 0 ? { statement: place } : null;
      } catch (error) {
        if (mayBeTaken && error instanceof Database.SqliteError && uniqueCodes.has(error.code))
          return { statement: place, taken: error.message };
        throw error;
      }
    };
  }

  #readRecord(): () => null {
    const reader = this.#reader;
    const [at, types] = [reader.number(), reader.number()];
    const [principal, cluster] = [reader.textOrNull(), reader.textOrNull()];
    const [requestId, fingerprintSha256] = [reader.value(), reader.value()];
    const text = { beforeDetails: reader.text(), beforePrincipal: reader.text(), beforeSeq: reader.text() };
    const lines = Array.from({ length: reader.number() }, (): EventLine => ({
      details: reader.text(),
      principal: reader.text(),
      type: reader.text(),
    }));
    return () => {
      const { head, record, leaves } = chainRecord(this.#head, { text, lines });
      const { firstSeq, lastSeq, events, previousHash, hashes } = record;
      const shared = [at, types, principal, cluster, requestId, fingerprintSha256];
      this.statements.of(insertAuditRecord).run(lastSeq, firstSeq, ...shared, events, previousHash, hashes);
      this.#keepTiles(head, leaves);
      this.#head = head;
      return null;
    };
  }

  /** Keeps the tiles of the tree over the log that the record before `head` completes. */
  #keepTiles(head: ChainHead, leaves: readonly string[]): void {
    // Another process, or a step that was undone, leaves the tile where the log is not.
    if (!this.tile.isAt(this.#head)) this.tile.beginAt(this.#head, this.#openLeaves());
    for (const { sql, parameters } of this.tile.append(head, leaves).map(insertNextLeafTile))
      this.statements.of(sql).run(...parameters.map(bind));
  }

  /** The leaves behind the last complete tile; none where the log lacks one, which whoever signs it will find. */
  #openLeaves(): readonly string[] {
    const complete = completeBefore(this.#head.seq);
    const count = this.#head.seq - complete;
    const texts = textsIn(this.statements.all(selectTexts(complete, count, sqliteDialect)), complete, count);
    return texts.length === count ? texts.map(leafHashOfText) : [];
  }
}

/** The end of a step that an operation leads to; `null`: it goes on. */
function endOf(operation: () => FailedStatement | null): StepEnd {
  try {
    return operation();
  } catch (error) {
    if (!concernsOneStep(error)) throw error;
    return { error };
  }
}

const uniqueCodes = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE']);

/**
 * Whether the error is about a value of one step. A failure of SQLite itself (disk full, I/O) concerns the whole batch.
 */
function concernsOneStep(error: unknown): error is Error {
  if (error instanceof Database.SqliteError) return error.code.startsWith('SQLITE_CONSTRAINT');
  return error instanceof Error;
}

/**
 * The keys of small tables, in the memory of the connection that writes them. It reads them again after each change: by
 * its own statements, by a rollback, and by another connection.
 */
class KeptKeys {
  readonly #byQuery = new Map<string, ReadonlySet<SqlValue>>();
  #version: unknown;

  constructor(private readonly statements: Statements) {}

  /** Whether one of the first `count` values is among the keys that the query selects. */
  hasAny(query: string, values: readonly SqlValue[], count: number): boolean {
    let keys = this.#byQuery.get(query);
    if (keys === undefined) this.#byQuery.set(query, (keys = this.#read(query)));
    if (keys.size === 0) return false;
    for (let i = 0; i < count; i++) if (keys.has(values[i] ?? null)) return true;
    return false;
  }

  forget(): void {
    this.#byQuery.clear();
  }

  /** Called in a transaction: nobody else can write until its end. */
  forgetIfOthersWrote(): void {
    // It changes with each commit of another connection, and of no other.
    const version = this.statements.of('PRAGMA data_version').pluck().get();
    if (version !== this.#version) this.forget();
    this.#version = version;
  }

  #read(query: string): ReadonlySet<SqlValue> {
    return new Set(this.statements.of(query).pluck().all() as SqlValue[]);
  }
}
