import type Database from 'better-sqlite3';
import { type ColumnValue, hexText, insertInto } from '../steps/statement.js';
import { bind, Statements } from './sqlite-statements.js';
import type { MovingDatabase, OldRow } from '../moving/moving-database.js';

/**
 * The pages that a portion changes fit into the cache (64 MiB), so that none is written twice. The write-ahead log goes into
 * the database at 200 MiB instead of 4 MiB, so that a page of an index that many portions change goes there less often.
 */
const settings = ['cache_size = -65536', 'wal_autocheckpoint = 51200'];

export function movingSqlite(database: Database.Database): MovingDatabase {
  const statements = new Statements(database);
  for (const setting of settings) database.pragma(setting);
  return {
    transaction: (work) => inTransaction(database, work),
    select: (sql, parameters = []) =>
      Promise.resolve(statements.all({ sql, parameters: parameters as readonly ColumnValue[] }) as readonly OldRow[]),
    execute(sql) {
      database.exec(sql);
      return Promise.resolve();
    },
    insert(table, rows, existing) {
      for (const row of rows) {
        const { sql, parameters } = insertInto(table, row);
        statements.of(existing ? `${sql} ON CONFLICT DO NOTHING` : sql).run(...parameters.map(bind));
      }
      return Promise.resolve();
    },
    requestNumbers(ids) {
      const number = statements.of('SELECT "n" FROM "RequestRecord" WHERE "id" = ?');
      return Promise.resolve(
        new Map(
          ids.flatMap((id) => {
            const row = number.get(id) as { readonly n: number } | undefined;
            return row ? [[hexText(id), row.n] as const] : [];
          }),
        ),
      );
    },
    // "2026-03-01T10:00:00.000+00:00"
    instantOf: (value) => new Date(value as string),
    octetsOf: (value) => value as Buffer,
  };
}

/** Runs `work` in one transaction. The connection is used for nothing else meanwhile. */
export async function inTransaction<T>(database: Database.Database, work: () => T | Promise<T>): Promise<T> {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = await work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself ends a transaction in some cases, for example on a full disk.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
