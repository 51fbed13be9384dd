import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import Database from 'better-sqlite3';
import { messageOf } from '@kubepass/x509';
import { MigrationError } from '../schema/migrations.js';
import { judgedBy } from './look-into-sqlite.js';

/** The verdict on a file: a sound database of kubepass, or why not, in words that go on after the file's name. */
type FileCheck =
  | {
      readonly ok: true;
      /** How many migrations this version would apply. */
      readonly pending: number;
      /** As in `JudgedSchema`. */
      readonly newer: string | null;
    }
  | { readonly ok: false; readonly why: string };

/**
 * Checks that a file is a whole SQLite database of kubepass, and that this version serves it: its header, its tables,
 * its migrations, every page and every reference. Changes nothing.
 */
export function checkSqlite(file: string): FileCheck {
  const header = whyNotHeader(file);
  if (header !== null) return refused(header);
  let database: Database.Database;
  try {
    database = new Database(file, { readonly: true, fileMustExist: true, timeout: 10_000 });
  } catch (error) {
    return refused(`cannot be opened: ${messageOf(error)}`);
  }
  try {
    return checkOpened(database);
  } catch (error) {
    if (error instanceof MigrationError) return refused(`is not for this version of kubepass: ${error.message}`);
    if (error instanceof Database.SqliteError) return refused(`is damaged: ${error.message}`);
    throw error;
  } finally {
    database.close();
  }
}

const refused = (why: string): FileCheck => ({ ok: false, why });

/** https://sqlite.org/fileformat2.html section 1.3. */
function whyNotHeader(file: string): string | null {
  const descriptor = openSync(file, 'r');
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return 'is not a regular file';
    const header = Buffer.alloc(100);
    const read = readSync(descriptor, header, 0, header.length, 0);
    if (!header.toString('latin1', 0, 16).startsWith('SQLite format 3\0')) return 'is not a SQLite database';
    if (read < header.length) return 'is cut off: not even its header is whole';
    // The size counts where the two change counters agree. Pages may still be in a write-ahead log.
    if (header.readUInt32BE(24) !== header.readUInt32BE(92) || existsSync(`${file}-wal`)) return null;
    const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const octets = pageSize * header.readUInt32BE(28);
    return stats.size < octets ? `is cut off: it has ${stats.size} of ${octets} octets` : null;
  } finally {
    closeSync(descriptor);
  }
}

function checkOpened(database: Database.Database): FileCheck {
  const names = new Set(
    database
      .prepare<[], { name: string }>(`SELECT "name" FROM "sqlite_master" WHERE "type" IN ('table', 'view')`)
      .all()
      .map(({ name }) => name),
  );
  // The first is a view, and was a table in 0.1.0. While 0.2.0 moves the records, that table has the second name.
  const isOurs = ['AuditEvent', 'MovedAuditEvent'].some((name) => names.has(name));
  if (!names.has('_prisma_migrations') || !isOurs) return refused('is the database of another application');
  const { pending, newer } = judgedBy((sql) => database.prepare(sql).all());
  const found = database.pragma('integrity_check(5)', { simple: false }) as readonly { integrity_check: string }[];
  const faults = found.map((row) => row.integrity_check).filter((text) => text !== 'ok');
  if (faults.length > 0) return refused(`is damaged: ${faults.join('; ')}`);
  const broken = database.pragma('foreign_key_check') as readonly { table: string }[];
  if (broken.length > 0) return refused(`is damaged: ${broken.length} references lead nowhere`);
  return { ok: true, pending: pending.length, newer };
}

/**
 * Copies a database that other processes may be using, as it is at one moment, into the empty file `to`, which the
 * caller made. Throws where either cannot be opened, or the disk is full.
 */
export async function copySqlite(file: string, to: string): Promise<void> {
  const database = new Database(file, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    // All pages in one step, which is one read transaction. Between two steps a commit of another process would make
    // the copy begin anew, and under load it would never end.
    await database.backup(to, { progress: () => 0x7fff_ffff });
  } finally {
    database.close();
  }
  // The header says that the database has a write-ahead log. A backup has no such log: it is one file.
  const copy = new Database(to, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

/** How many records a database has, whichever version of kubepass made it. */
export interface RecordCounts {
  readonly requests: number;
  readonly certificates: number;
  readonly revocations: number;
  /** The number of the last event. */
  readonly events: number;
}

/** Counts without the help of the schema of this version. Throws where the file is no database of kubepass. */
export function countRecords(file: string): RecordCounts {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    return {
      requests: numberIn(database, 'COUNT(*)', 'RequestRecord'),
      certificates: numberIn(database, 'COUNT(*)', 'CertificateRecord'),
      revocations: has(database, 'Revocation') ? numberIn(database, 'COUNT(*)', 'Revocation') : 0,
      events: numberIn(database, 'MAX("lastSeq")', 'AuditRecord'),
    };
  } finally {
    database.close();
  }
}

const has = (database: Database.Database, name: string): boolean =>
  database.prepare<[string], object>('SELECT 1 FROM "sqlite_master" WHERE "name" = ?').get(name) !== undefined;

function numberIn(database: Database.Database, what: string, table: string): number {
  if (!has(database, table)) throw new Error(`the database has no ${table}: it is none of kubepass`);
  return database.prepare<[], { found: number | null }>(`SELECT ${what} AS "found" FROM "${table}"`).get()?.found ?? 0;
}
