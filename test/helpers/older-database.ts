import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { inject } from 'vitest';
import { lookIntoPostgresql, migratePostgresql } from '../../src/store/postgresql/migrate-postgresql.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import type { FoundDatabase } from '../../src/store/schema/migrations.js';
import { lookIntoSqlite } from '../../src/store/sqlite/look-into-sqlite.js';
import { migrateSqlite } from '../../src/store/sqlite/migrate-sqlite.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { freshDatabase, ownerRole, query } from './postgresql/databases.js';
import { temporaryDirectory } from './temporary-directory.js';
import { onPostgresql } from './test-store.js';

/** Copies the migrations of a database to `directory`, up to the last one that an older version had. */
export function copyMigrations(provider: 'sqlite' | 'postgresql', directory: string, last: string): void {
  const shipped = `prisma/migrations/${provider}`;
  for (const name of readdirSync(shipped))
    if (name <= last) cpSync(join(shipped, name), join(directory, name), { recursive: true });
}

interface OlderDatabase {
  look(): FoundDatabase | Promise<FoundDatabase>;
  /** Migrates it to the schema of today. */
  open(): Promise<Store>;
  remove(): Promise<void>;
}

/** A database with the schema that the migration `last` left, and rows in it. */
export async function olderDatabase(last: string, rows: string): Promise<OlderDatabase> {
  const directory = temporaryDirectory();
  const migrations = join(directory.path, 'migrations');
  copyMigrations(onPostgresql ? 'postgresql' : 'sqlite', migrations, last);
  if (!onPostgresql) {
    const file = join(directory.path, 'kubepass.db');
    await migrateSqlite(file, { directory: migrations });
    const database = new Database(file);
    database.exec(rows);
    database.close();
    return {
      look: () => lookIntoSqlite(file),
      open: () => openSqliteStore({ file }),
      remove() {
        directory.remove();
        return Promise.resolve();
      },
    };
  }
  const database = await freshDatabase({ ...inject('databases'), template: 'template0' });
  const admin = new URL(inject('databases').adminUrl);
  admin.pathname = new URL(database.url).pathname;
  await query(admin.href, (client) => client.query(`ALTER SCHEMA public OWNER TO ${ownerRole}`));
  await migratePostgresql(database.ownerUrl, { directory: migrations });
  await query(database.ownerUrl, (client) => client.query(rows));
  return {
    look: () => lookIntoPostgresql(database.ownerUrl),
    open: () => openPostgresqlStore({ url: database.ownerUrl, readConnections: 1 }),
    async remove() {
      await database.drop();
      directory.remove();
    },
  };
}
