import { existsSync, statfsSync } from 'node:fs';
import { codeOf } from '@kubepass/x509';
import type { Config } from '../config/config.js';
import type { LogReader, Store } from '../store/store.js';
import { checkSqlite } from '../store/sqlite/sqlite-file.js';
import { readSqlite } from '../store/sqlite/open-sqlite-store.js';
import { isReplacementUnderWay } from './replace-database.js';
import { verifyChain } from '../audit/hash-chain.js';
import { readCheckpoint, type SignedCheckpoint } from '../audit/checkpoint.js';
import { rootHash } from '../audit/merkle-tree.js';
import { readNote, readVerifierKey } from '../audit/signed-note.js';
import { TreeOfEvents } from '../log/tree-of-events.js';

/** A command cannot do what it was asked to do; the message is for people, and nothing was changed. */
export class CommandRefusedError extends Error {
  override readonly name = 'CommandRefusedError';
}

/** Throws `CommandRefusedError` where no database of SQLite is there, or a restore of it was interrupted. */
export function expectDatabase(file: string, advice = 'start the service,'): void {
  if (isReplacementUnderWay(file))
    throw new CommandRefusedError(`a restore of ${file} was interrupted: ${advice} and it is finished`);
  if (!existsSync(file)) throw new CommandRefusedError(`there is no database at ${file}`);
}

/** A database that was checked from its header to the end of its audit log. */
export interface VerifiedDatabase {
  /** Null: it is of an older version, and its audit log is checked once it is migrated. */
  readonly log: VerifiedLog | null;
  /** A sentence where a newer version made the schema and this one serves it; else null. */
  readonly newer: string | null;
}

/** An audit log that was read from its beginning to its end. */
interface VerifiedLog {
  readonly events: number;
  readonly head: string;
  readonly lastEventAt: Date | null;
}

/**
 * Checks a SQLite database that nothing writes to, or that a service uses. Throws `CommandRefusedError` where it is not
 * sound.
 */
export async function verifySqlite(file: string): Promise<VerifiedDatabase> {
  const checked = checkSqlite(file);
  if (!checked.ok) throw new CommandRefusedError(`${file} ${checked.why}`);
  const { pending, newer } = checked;
  return pending > 0 ? { log: null, newer } : { log: await verifiedAndClosed(file, await readSqlite(file)), newer };
}

async function verifiedAndClosed(what: string, reader: LogReader): Promise<VerifiedLog> {
  try {
    return await verifiedLog(what, reader);
  } finally {
    await reader.close();
  }
}

/** As `verifySqlite`, for the configured database. No message repeats a URL, which may hold a password. */
export async function verifyConfigured({ database }: Pick<Config, 'database'>): Promise<VerifiedDatabase> {
  if (database.kind === 'sqlite') {
    expectDatabase(database.file, 'start the service, or restore again,');
    return verifySqlite(database.file);
  }
  const { judgePostgresql } = await import('../store/postgresql/migrate-postgresql.js');
  const { readPostgresql } = await import('../store/postgresql/open-postgresql-store.js');
  const { isEmpty, pending, newer } = await judgePostgresql(database.url);
  if (isEmpty) throw new CommandRefusedError('the PostgreSQL database is not one of kubepass');
  if (pending.length > 0) return { log: null, newer };
  return { log: await verifiedAndClosed('the PostgreSQL database', readPostgresql(database.url)), newer };
}

/** Nobody waits beside a check, so it reads more at once than a service that verifies. */
const eventsAtOnce = 2_000;

/**
 * Checks the chain of the audit log of a database, that its last checkpoint is signed by a key of the log and vouches
 * for these events, and then the schema, which keeps it from being changed. Throws `CommandRefusedError`.
 */
export async function verifiedLog(
  what: string,
  reader: Pick<Store, 'auditEvents' | 'checkpoints' | 'whyNotSchema'>,
): Promise<VerifiedLog> {
  const { auditEvents, checkpoints } = reader;
  // Before the chain: a database that is in use may sign events behind those that are checked.
  const signed = await checkpoints.last();
  const { valid, events, head, firstInvalidSeq } = await verifyChain(auditEvents, eventsAtOnce);
  const why = valid
    ? ((await whyNotSigned(reader, signed, events)) ?? (await reader.whyNotSchema()))
    : `has an audit log that was changed: it breaks at event ${String(firstInvalidSeq)}`;
  if (why !== null) throw new CommandRefusedError(`${what} ${why}`);
  const [last] = events === 0 ? [] : await auditEvents.chunk(events - 1, 1);
  return { events, head, lastEventAt: last?.at ?? null };
}

/** One sentence for people about a database that was checked. */
export function verifiedInWords({ log, newer }: VerifiedDatabase): string {
  if (log === null)
    return 'it is sound, and of an older version: its audit log is checked when it is restored or migrated';
  const { events, head, lastEventAt } = log;
  const behind = newer === null ? '' : `; ${newer}`;
  if (lastEventAt === null) return `it is sound, and its audit log is empty${behind}`;
  return `it is sound: ${events} events, the last of ${lastEventAt.toISOString()}, head of the chain ${head}${behind}`;
}

/** In words that go on after the name of the database. */
async function whyNotSigned(
  { auditEvents, checkpoints }: Pick<Store, 'auditEvents' | 'checkpoints'>,
  last: SignedCheckpoint | null,
  events: number,
): Promise<string | null> {
  if (last === null) return null;
  const keys = (await checkpoints.keys()).flatMap(({ verifierKey }) => readVerifierKey(verifierKey) ?? []);
  const reading = readNote(last.note, keys);
  const signed = reading.ok ? readCheckpoint(reading.note.text) : null;
  if (signed?.size !== last.size || !signed.root.equals(last.root))
    return 'has a last checkpoint that no key of the log has signed';
  if (signed.size > events) return `has ${events} events, and its last checkpoint vouches for ${signed.size}`;
  if (!(await rootOf({ auditEvents, checkpoints }, signed.size)).equals(signed.root))
    return `has other events than those ${signed.size} for which its last checkpoint vouches`;
  return null;
}

/** The root of the first `size` events. A kept hash counts only where archives have all its events. */
async function rootOf({ auditEvents, checkpoints }: Pick<Store, 'auditEvents' | 'checkpoints'>, size: number) {
  const writer = { commit: () => Promise.reject(new Error('a check writes nothing')) };
  const { seq: archived } = await auditEvents.start();
  const kept = {
    tile: (level: number, n: number) =>
      (n + 1) * 256 ** (level + 1) <= archived ? checkpoints.tile(level, n) : Promise.resolve(null),
    tileCount: () => Promise.resolve(0),
  };
  return rootHash(new TreeOfEvents({ auditEvents, checkpoints: kept, writer }), size);
}

/** The refusal where a disk was full; null where the error is another one. Node and SQLite name it differently. */
export function outOfSpace(error: unknown, directory: string): CommandRefusedError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (isFull(codeOf(cause) ?? '', directory))
      return new CommandRefusedError(`there is no room in ${directory}: nothing was changed`, { cause: error });
  return null;
}

/**
 * SQLite reports an error of the disk where a write failed in the midst of a page, or its index of the log has no room.
 */
const isFull = (code: string, directory: string): boolean =>
  ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(code) || (code.startsWith('SQLITE_IOERR') && hasNoRoom(directory));

const leastOctets = 64 * 1024;

function hasNoRoom(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < leastOctets;
}
