import type { Worker } from 'node:worker_threads';
import { startThread, workerFile } from '../../workers/thread.js';
import type { WriterThreadData } from './sqlite-batches.js';
import type Database from 'better-sqlite3';

/** The log is moved when it has so many pages: 24 MiB. SQLite alone would do that at 32 MiB. */
const firstPages = 6_000;
/** Where the log did not begin anew, it is moved again after so many more pages. */
const pagesBetween = 1_000;
/** The writer moves at most so many pages itself: one or two milliseconds of its processor time. */
const mostByWriter = 400;
/**
 * After so many tries in a row it moves more, because under commits that are each larger than that the log would grow
 * for ever.
 */
const mostTries = 10;

/** How many pages are in the log, and how many of these are in the database too. */
export interface LogPages {
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Counts the pages of the log. PASSIVE first moves those into the database that no reader needs in the log; it waits
 * for nobody.
 */
export function checkpoint(database: Database.Database, mode: 'NOOP' | 'PASSIVE'): () => LogPages {
  const statement = database.prepare<[], LogPages>(`PRAGMA wal_checkpoint(${mode})`);
  return () => {
    try {
      return statement.get() ?? unknown;
    } catch {
      // Everything stays in the log, as where SQLite itself cannot move it. A commit that finds the disk full tells it.
      return unknown;
    }
  };
}

const unknown: LogPages = { log: 0, checkpointed: 0 };

/**
 * Moves the write-ahead log into the database beside the commits. A thread with a connection of its own moves nearly
 * all of it. The writer moves what was committed meanwhile, because the log begins anew only with a commit that finds
 * all of it in the database. A thread that ends by itself leaves that to SQLite, which moves the log within a commit,
 * until the log is long enough for the next thread.
 */
export class LogMover {
  readonly #pages: () => LogPages;
  readonly #moveRest: () => LogPages;
  readonly #ownPages: number;
  #worker: Worker | null = null;
  #moving = false;
  #log = 0;
  #tries = 0;
  #nextAt = firstPages;

  /** `database`: the writer's connection to the file that `data` names. */
  constructor(
    private readonly database: Database.Database,
    private readonly data: WriterThreadData,
  ) {
    this.#pages = checkpoint(database, 'NOOP');
    this.#moveRest = checkpoint(database, 'PASSIVE');
    this.#ownPages = database.pragma('wal_autocheckpoint', { simple: true }) as number;
  }

  /** Is called after each commit, when its callers have their answer. */
  committed(): void {
    const { log } = this.#pages();
    // The log began anew.
    if (log < this.#log) this.#nextAt = firstPages;
    this.#log = log;
    if (!this.#moving && log >= this.#nextAt) this.#move(log);
  }

  /** Ends the thread, so that the writer's connection is the last one to close. */
  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #move(log: number): void {
    this.#nextAt = log + pagesBetween;
    try {
      this.#worker ??= this.#start();
    } catch {
      // The machine has no room for a thread.
      return;
    }
    this.#moving = true;
    this.#worker.postMessage('move');
  }

  /** `all`: the thread found no reader that needs pages in the log. */
  #moved(all: boolean): void {
    this.#moving = false;
    const { log, checkpointed } = this.#pages();
    const tries = this.#tries;
    this.#tries = 0;
    if (log - checkpointed <= mostByWriter || tries === mostTries) this.#moveRest();
    else if (all) {
      this.#tries = tries + 1;
      this.#move(log);
    }
  }

  #start(): Worker {
    const worker = startThread(workerFile(import.meta.url, 'log-mover-thread'), this.data);
    this.#letSqliteMoveAt(0);
    worker.on('message', (all: boolean) => {
      this.#moved(all);
    });
    const ended = () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#moving = false;
      this.#letSqliteMoveAt(this.#ownPages);
    };
    worker.on('error', ended).on('exit', ended);
    return worker;
  }

  /** 0: never. */
  #letSqliteMoveAt(pages: number): void {
    this.database.pragma(`wal_autocheckpoint = ${String(pages)}`);
  }
}
