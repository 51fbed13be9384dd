import { migratePostgresql } from '../../src/store/postgresql/migrate-postgresql.js';
import { migrateSqlite } from '../../src/store/sqlite/migrate-sqlite.js';

/** Migrates the database of its argument, a file or a URL, in a process of its own, and tells how far it is. */
const [, , database = ''] = process.argv;
const onProgress = (message: string): void => {
  process.send?.(message);
};
if (database.startsWith('postgresql:')) await migratePostgresql(database, { onProgress });
else await migrateSqlite(database, { onProgress });
process.send?.('ends');
