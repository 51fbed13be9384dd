import Database from 'better-sqlite3';
import { readMigrations, shippedMigrations } from '../migrations.js';
import { whyNotSchema, type SchemaObjects } from '../schema-objects.js';

/** Why a migrated database has not the triggers, indexes, views and tables that the migrations make, as `whyNotSchema`. */
export function whyNotSqliteSchema(file: string): string | null {
  const database = new Database(file, { readonly: true, fileMustExist: true, timeout: 10_000 });
  const fresh = new Database(':memory:');
  try {
    // As where they are applied: tables are rebuilt.
    fresh.pragma('foreign_keys = OFF');
    for (const { sql } of readMigrations(shippedMigrations('sqlite'))) fresh.exec(sql);
    return whyNotSchema(objectsOf(fresh), objectsOf(database));
  } finally {
    fresh.close();
    database.close();
  }
}

/** Without the table of the migrations, which they do not make, and without those of SQLite. */
function objectsOf(database: Database.Database): SchemaObjects {
  const objects = database.prepare<[], [string, string]>(
    `SELECT "type" || ' ' || "name", "sql" FROM "sqlite_master"
      WHERE "sql" IS NOT NULL AND "tbl_name" <> '_prisma_migrations' AND substr("name", 1, 7) <> 'sqlite_'`,
  );
  return new Map(objects.raw().all());
}
