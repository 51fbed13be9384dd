import { migratePostgresql } from '../../src/store/postgresql/migrate-postgresql.js';
import { migrateSqlite } from '../../src/store/sqlite/migrate-sqlite.js';

/** Migrates the database of its argument, a file or a URL, in a process of its own. */
const [, , database = ''] = process.argv;
const migrate = database.startsWith('postgresql:') ? migratePostgresql : migrateSqlite;
process.send?.('begins');
await migrate(database);
process.send?.('ends');
