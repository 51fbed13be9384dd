import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '../generated/sqlite/client.js';
import type { LogReader } from '../store.js';
import { AuditEventTable } from '../tables/audit-event-table.js';
import { CheckpointTables } from '../tables/checkpoint-tables.js';
import { ReadConnection, sqliteDialect } from './sqlite-statements.js';
import { whyNotSqliteSchema } from './sqlite-schema.js';

/** Opens a database for reading alone, also while a service uses it. It has this version's schema. */
export async function readSqlite(file: string): Promise<LogReader> {
  const timeout = 10_000;
  const prisma = new PrismaClient({
    adapter: new PrismaBetterSqlite3(
      { url: file, readonly: true, fileMustExist: true, timeout },
      { timestampFormat: 'unixepoch-ms' },
    ),
  });
  await prisma.$connect();
  const reads = new ReadConnection(file, timeout);
  return {
    auditEvents: new AuditEventTable(prisma, { readRows: reads.readRows, dialect: sqliteDialect }),
    checkpoints: new CheckpointTables(prisma, reads.readRows),
    whyNotSchema: () => whyNotSqliteSchema(reads.readRows),
    async close() {
      reads.close();
      await prisma.$disconnect();
    },
  };
}
