import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { verifyLog, type LogCheck } from './verify-log.js';
import type { Store } from '../store/store.js';
import { checkSqlite } from '../store/sqlite/sqlite-file.js';
import { readSqlite } from '../store/sqlite/open-sqlite-store.js';
import { isReplacementUnderWay } from './replace-database.js';

/** A command cannot do what it was asked to do; the message is for people, and nothing was changed. */
export class CommandRefusedError extends Error {
  override readonly name = 'CommandRefusedError';
}

/** A database that was checked from its header to the end of its audit log. */
export interface VerifiedDatabase {
  /** Null: it is of an older version, and its audit log is checked once it is migrated. */
  readonly log: Extract<LogCheck, { readonly ok: true }> | null;
}

/**
 * Checks a SQLite database that nothing writes to, or that a service uses. Throws `CommandRefusedError` where it is not
 * sound.
 */
export async function verifySqlite(file: string): Promise<VerifiedDatabase> {
  const checked = checkSqlite(file);
  if (!checked.ok) throw new CommandRefusedError(`${file} ${checked.why}`);
  if (checked.pending > 0) return { log: null };
  const reader = await readSqlite(file);
  try {
    return { log: await verifiedLog(file, reader) };
  } finally {
    await reader.close();
  }
}

/** As `verifySqlite`, for the configured database. No message repeats a URL, which may hold a password. */
export async function verifyConfigured({ database }: Pick<Config, 'database'>): Promise<VerifiedDatabase> {
  if (database.kind === 'sqlite') {
    if (isReplacementUnderWay(database.file))
      throw new CommandRefusedError(
        `a restore of ${database.file} was interrupted: start the service, or restore again, and it is finished`,
      );
    if (!existsSync(database.file)) throw new CommandRefusedError(`there is no database at ${database.file}`);
    return verifySqlite(database.file);
  }
  const { pendingOnPostgresql } = await import('../store/postgresql/migrate-postgresql.js');
  const { readPostgresql } = await import('../store/postgresql/open-postgresql-store.js');
  const pending = await pendingOnPostgresql(database.url);
  if (pending === null) throw new CommandRefusedError('the PostgreSQL database is not one of kubepass');
  if (pending > 0) return { log: null };
  const reader = readPostgresql(database.url);
  try {
    return { log: await verifiedLog('the PostgreSQL database', reader) };
  } finally {
    await reader.close();
  }
}

/** Checks the audit log of a database, and then the schema, which keeps it from being changed. */
export async function verifiedLog(
  what: string,
  reader: Pick<Store, 'auditEvents' | 'checkpoints' | 'whyNotSchema'>,
): Promise<Extract<LogCheck, { readonly ok: true }>> {
  const log = await verifyLog(reader);
  const why = log.ok ? await reader.whyNotSchema() : log.why;
  if (!log.ok || why !== null) throw new CommandRefusedError(`${what} ${why}`);
  return log;
}

/** One sentence for people about a database that was checked. */
export function verifiedInWords({ log }: VerifiedDatabase): string {
  if (log === null)
    return 'it is sound, and of an older version: its audit log is checked when it is restored or migrated';
  const { events, head, lastEventAt } = log;
  if (lastEventAt === null) return 'it is sound, and its audit log is empty';
  return `it is sound: ${events} events, the last of ${lastEventAt.toISOString()}, head of the chain ${head}`;
}
