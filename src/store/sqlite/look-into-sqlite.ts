import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import {
  type AppliedMigration,
  type FoundDatabase,
  foundIssuers,
  pendingMigrations,
  readMigrations,
  selectApplied,
  selectIssuers,
  shippedMigrations,
} from '../schema/migrations.js';

/**
 * Looks into a database without changing anything, also while a service uses it. Throws `MigrationError` where it is
 * not for this version, and an `Error` where it is no database of kubepass.
 */
export function lookIntoSqlite(file: string): FoundDatabase {
  if (!existsSync(file) || statSync(file).size === 0) return { pending: null, issuers: [] };
  const database = new DatabaseSync(withoutTraces(file), { readOnly: true });
  try {
    const names = database.prepare(`SELECT "name" FROM "sqlite_master" WHERE "type" = 'table'`).all();
    const has = (table: string) => names.some(({ name }) => name === table);
    if (names.length === 0) return { pending: null, issuers: [] };
    if (!has('_prisma_migrations')) throw new Error('it is the database of another application');
    const applied = database.prepare(selectApplied).all() as unknown as readonly AppliedMigration[];
    const pending = pendingMigrations(readMigrations(shippedMigrations('sqlite')), applied).length;
    const select = selectIssuers.find(([table]) => has(table))?.[1];
    return { pending, issuers: select === undefined ? [] : foundIssuers(database.prepare(select).all()) };
  } finally {
    database.close();
  }
}

/**
 * A URI with which not even the files beside the database are made or changed (https://sqlite.org/uri.html). Node's own
 * SQLite takes it; better-sqlite3 does not.
 */
function withoutTraces(file: string): string {
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  const isLogged = log !== undefined && log.size > 0 && existsSync(`${file}-shm`);
  return `${pathToFileURL(file).href}?${isLogged ? 'mode=ro&readonly_shm=1' : 'immutable=1'}`;
}
