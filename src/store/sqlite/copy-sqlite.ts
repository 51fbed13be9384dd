import Database from 'better-sqlite3';

/**
 * Copies a database that other processes may be using, as it is at one moment, into the empty file `to`, which the
 * caller made. Throws where either cannot be opened, or the disk is full.
 */
export async function copySqlite(file: string, to: string): Promise<void> {
  const database = new Database(file, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    // All pages in one step, which is one read transaction. Between two steps a commit of another process would make the
    // copy begin anew, and under load it would never end.
    await database.backup(to, { progress: () => 0x7fff_ffff });
  } finally {
    database.close();
  }
  // The header says that the database has a write-ahead log. A backup has none: it is one file wherever it is opened.
  const copy = new Database(to, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}
