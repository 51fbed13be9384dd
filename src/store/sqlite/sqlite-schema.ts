import Database from 'better-sqlite3';
import { readMigrations, shippedMigrations } from '../schema/migrations.js';
import { whyOther, type SchemaObject } from '../schema/schema-objects.js';
import type { ReadRows } from '../steps/statement.js';

/** Triggers, indexes, views and tables, without the table of the migrations, which they do not make, and without those of SQLite. */
const sql = `SELECT "type" || ' ' || "name" AS "object", "sql" AS "definition" FROM "sqlite_master"
  WHERE "sql" IS NOT NULL AND "tbl_name" <> '_prisma_migrations' AND substr("name", 1, 7) <> 'sqlite_'`;

/** As `Store.whyNotSchema`. */
export async function whyNotSqliteSchema(readRows: ReadRows): Promise<string | null> {
  const fresh = new Database(':memory:');
  try {
    // As where they are applied: tables are rebuilt.
    fresh.pragma('foreign_keys = OFF');
    for (const migration of readMigrations(shippedMigrations('sqlite'))) fresh.exec(migration.sql);
    const found = (await readRows({ sql, parameters: [] })) as readonly SchemaObject[];
    return whyOther(found, fresh.prepare<[], SchemaObject>(sql).all());
  } finally {
    fresh.close();
  }
}
