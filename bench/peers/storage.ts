import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { query } from '../../test/helpers/postgresql/databases.js';

/** The database of a contender, as files and functions of the database show it. No table is named. */
export interface Storage {
  /** The octets of the database, after its log has been moved into it. */
  keptOctets(): Promise<number>;
  /** Begins a measurement of the write-ahead log; null if the database has none, or it is not measured. */
  readonly measureLog: (() => Promise<LogMeasurement>) | null;
}

/** Returns the growth of the log since the beginning. `pages` is null if the log does not consist of pages. */
export type LogMeasurement = () => Promise<{ readonly octets: number; readonly pages: number | null }>;

/** https://sqlite.org/fileformat2.html#walformat */
const [walHeader, frameHeader] = [32, 24] as const;

/**
 * A SQLite database of another process, with a write-ahead log. `patienceMilliseconds`: how long its other users may
 * take.
 */
export function sqliteStorage(file: string, patienceMilliseconds = 5_000): Storage {
  /** Moves the log into the database and empties it. Nobody may write meanwhile. */
  const checkpoint = () => {
    const database = new Database(file, { fileMustExist: true, timeout: patienceMilliseconds });
    try {
      const end = performance.now() + patienceMilliseconds;
      // SQLite does not wait for another connection that moves the log.
      for (let busy = 1; busy !== 0; busy = (database.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }])[0].busy)
        if (performance.now() > end) throw new Error(`the log of ${file} cannot be emptied`);
    } finally {
      database.close();
    }
  };
  return {
    keptOctets: async () => {
      checkpoint();
      return statSync(file).size;
    },
    measureLog: async () => {
      checkpoint();
      return async () => {
        const log = readFileSync(`${file}-wal`);
        return { octets: log.length, pages: framesIn(log) };
      };
    },
  };
}

/**
 * The frames of a log that was empty before. SQLite writes a log from its beginning again once the whole log is in the
 * database, and gives each frame the salt of its log. Throws if frames of an earlier log are left, because nobody knows
 * then how many were overwritten.
 */
export function framesIn(log: Buffer): number {
  if (log.length === 0) return 0;
  const frameSize = frameHeader + log.readUInt32BE(8);
  const saltIn = (start: number) => log.toString('hex', start, start + 8);
  const frames = (log.length - walHeader) / frameSize;
  if (!Number.isInteger(frames)) throw new Error('the log ends within a frame');
  for (let i = 0; i < frames; i++)
    if (saltIn(walHeader + i * frameSize + 8) !== saltIn(16)) throw new Error('the log was written from its beginning');
  return frames;
}

/** `adminUrl`: the superuser's; `database`: the name. */
export function postgresqlStorage(adminUrl: string, database: string): Storage {
  const ask = (sql: string): Promise<string | undefined> =>
    query(adminUrl, async (client) => {
      const { rows } = await client.query<{ answer: string }>(sql);
      return rows[0]?.answer;
    });
  return {
    keptOctets: async () => {
      await ask('CHECKPOINT');
      return Number(await ask(`SELECT pg_database_size('${database}') AS answer`));
    },
    measureLog: async () => {
      const begin = String(await ask('SELECT pg_current_wal_lsn() AS answer'));
      return async () => ({
        octets: Number(await ask(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '${begin}') AS answer`)),
        pages: null,
      });
    },
  };
}

/** A database in files of which only their room on the disk is known. */
export const filesStorage = (directory: string): Storage => ({
  keptOctets: async () => roomOf(directory),
  measureLog: null,
});

/** Files may have holes: a log that is mapped into memory is often longer than its content. */
function roomOf(path: string): number {
  const status = statSync(path);
  if (status.isDirectory()) return readdirSync(path).reduce((sum, name) => sum + roomOf(join(path, name)), 0);
  return status.blocks * 512;
}
