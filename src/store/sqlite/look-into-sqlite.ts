import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import {
  type AppliedMigration,
  type FoundDatabase,
  foundIssuers,
  type JudgedSchema,
  judgeSchema,
  mayKnowFloor,
  readMigrations,
  type SchemaFloor,
  selectApplied,
  selectFloor,
  selectIssuers,
  shippedMigrations,
} from '../schema/migrations.js';

/**
 * Looks into a database without changing anything, also while a service uses it. Throws `MigrationError` where it is
 * not for this version, and an `Error` where it is no database of kubepass.
 */
export function lookIntoSqlite(file: string): FoundDatabase {
  if (!existsSync(file) || statSync(file).size === 0) return { pending: null, newer: null, issuers: [] };
  const database = new DatabaseSync(withoutTraces(file), { readOnly: true });
  try {
    const names = database.prepare(`SELECT "name" FROM "sqlite_master" WHERE "type" = 'table'`).all();
    const has = (table: string) => names.some(({ name }) => name === table);
    if (names.length === 0) return { pending: null, newer: null, issuers: [] };
    if (!has('_prisma_migrations')) throw new Error('it is the database of another application');
    const { pending, newer } = judgedBy((sql) => database.prepare(sql).all());
    const select = selectIssuers.find(([table]) => has(table))?.[1];
    const issuers = select === undefined ? [] : foundIssuers(database.prepare(select).all());
    return { pending: pending.length, newer, issuers };
  } finally {
    database.close();
  }
}

/** Judges the schema of a database that has the table of the migrations. `all`: the rows that a statement selects. */
export function judgedBy(
  all: (sql: string) => readonly unknown[],
  migrations = readMigrations(shippedMigrations('sqlite')),
): JudgedSchema {
  const applied = all(selectApplied) as readonly AppliedMigration[];
  const [row] = (mayKnowFloor(migrations, applied) ? all(selectFloor) : []) as readonly SchemaFloor[];
  return judgeSchema(migrations, applied, row ?? null);
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
