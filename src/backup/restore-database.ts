import { createReadStream, createWriteStream, existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config/config.js';
import { prepareDataDir, replaceSecretFile, syncFile } from '../config/secrets.js';
import { newRestoration, recordRestoration } from './detect-restorations.js';
import type { Restoration } from '../model/restoration.js';
import { checkSqlite } from '../store/sqlite/sqlite-file.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import { acquireDatabaseLock, acquireDataDirLock, type ProcessLock, realPath } from '../store/sqlite/process-lock.js';
import type { Store } from '../store/store.js';
import { checkpointAside, keptCheckpointFile } from './checkpoint-beside-database.js';
import { knownSigned, notesAtHand, type NotesAtHand } from './checkpoints-at-hand.js';
import { openStore } from './open-store.js';
import { CommandRefusedError, outOfSpace, verifiedLog } from './verify-database.js';
import {
  finishReplacement,
  isReplacementUnderWay,
  newDatabaseOf,
  removeDatabase,
  replaceDatabase,
} from './replace-database.js';
import { readReplaced, type ReplacedDatabase } from './read-replaced-database.js';
import { recordedAgainInWords, recordWithdrawalsAgain } from './record-withdrawals-again.js';
import { KeptRevocationsFile, type ReadRevocations, unitedWithdrawals } from './revocations-file.js';

export interface RestoreAsk {
  /** The file of the backup. */
  readonly backup: string;
  /** Whether a database that is there may be replaced. */
  readonly force: boolean;
  /** A list of revocations from beside the old database, which is merged with the one that is at hand; null: none. */
  readonly revocations: string | null;
  /** A checkpoint that was kept elsewhere, as a signed note; null: none. */
  readonly checkpoint: string | null;
}

export interface Restored {
  readonly restoration: Restoration;
  /** Where the database is that was there before; null: there was none. */
  readonly keptAs: string | null;
  /** Whether a list of revocations is beside the database. */
  readonly revocationsAtHand: boolean;
}

const ignore = (): void => undefined;

/**
 * Puts the SQLite database back from a backup. Everything is checked on a copy, which then takes the database's place;
 * until then nothing that is there has changed. Throws `CommandRefusedError`, and `AlreadyServedError` where a service
 * runs.
 */
export async function restoreDatabase(
  config: Config,
  ask: RestoreAsk,
  say: (line: string) => void = ignore,
): Promise<Restored> {
  const { database, dataDir } = config;
  if (database.kind !== 'sqlite')
    throw new CommandRefusedError(
      'the database is PostgreSQL: put it back with pg_restore, then run this command with --mark (docs/backup.md)',
    );
  whyNotBackup(ask.backup, database.file);
  const locks: ProcessLock[] = [];
  try {
    await prepareDataDir(dataDir);
    await mkdir(dirname(database.file), { recursive: true, mode: 0o700 });
    locks.push(acquireDataDirLock(dataDir));
    locks.push(acquireDatabaseLock(database.file));
    const file = realPath(database.file);
    const unfinished = await finishReplacement(file);
    if (unfinished !== null)
      say(`an earlier restore was interrupted and is finished now; the database before it is ${unfinished}`);
    if (isThere(file) && !ask.force)
      throw new CommandRefusedError(`${file} exists: with --force it is replaced, and kept beside the new one`);
    const list = new KeptRevocationsFile(`${database.file}.revoked.ndjson`);
    return await restoreLocked(config, file, list, ask, say);
  } catch (error) {
    throw outOfSpace(error, dirname(database.file)) ?? error;
  } finally {
    for (const lock of locks.reverse()) lock.release();
  }
}

/** `list`: the revocations beside the database. */
async function restoreLocked(
  config: Config,
  file: string,
  list: KeptRevocationsFile,
  ask: RestoreAsk,
  say: (line: string) => void,
): Promise<Restored> {
  const copy = newDatabaseOf(file);
  try {
    await removeDatabase(copy);
    const atHand = await list.read();
    const replaced = isThere(file) ? await readReplaced(file, atHand?.withdrawn ?? [], say) : null;
    await pipeline(createReadStream(ask.backup), createWriteStream(copy, { flags: 'wx', mode: 0o600 }));
    const checked = checkSqlite(copy);
    if (!checked.ok) throw new CommandRefusedError(`${ask.backup} ${checked.why}`);
    const notes = await notesAtHand(config, ask.checkpoint, replaced?.signed ?? null);
    const { restoration, checkpoint } = await markRestored(copy, ask.backup, { config, notes, say });
    if (isThere(`${copy}-wal`)) throw new Error(`${copy} was not closed as it should be`);
    await syncFile(copy);
    const revocationsAtHand = await mergeRevocations(list, { atHand, given: ask.revocations, replaced }, say);
    if (notes.keptFault !== null) await setAside(config, notes.keptFault, say);
    // The one that was kept may be of another log.
    if (checkpoint !== null && checkpoint.place !== keptCheckpointFile(config))
      await replaceSecretFile(keptCheckpointFile(config), checkpoint.note);
    const keptAs = isThere(file) ? freeName(file, restoration.detectedAt) : null;
    // Where there is no old database, there may be a log of one, which would damage the new one.
    await replaceDatabase(file, keptAs ?? freeName(file, restoration.detectedAt));
    return { restoration, keptAs, revocationsAtHand };
  } catch (error) {
    // Where not even the renames could be taken back, the next start goes on with them, and needs the copy.
    if (!isReplacementUnderWay(file)) await removeDatabase(copy);
    throw error;
  }
}

function whyNotBackup(backup: string, database: string): void {
  const stats = statSync(backup, { throwIfNoEntry: false });
  if (stats === undefined) throw new CommandRefusedError(`there is no file ${backup}`);
  if (!stats.isFile()) throw new CommandRefusedError(`${backup} is not a regular file`);
  if (existsSync(database) && realpathSync(backup) === realpathSync(database))
    throw new CommandRefusedError(`${backup} is the database itself`);
  const log = statSync(`${backup}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 0)
    throw new CommandRefusedError(
      `${backup}-wal belongs to it: it is no backup, but a database that was in use. Make a backup of it: DATABASE_URL=file:${backup} kubepass backup FILE`,
    );
}

interface Marking {
  readonly config: Config;
  readonly notes: NotesAtHand;
  readonly say: (line: string) => void;
}

/** Brings the copy up to date, checks its audit log, and records in it that it was put back. */
async function markRestored(copy: string, backup: string, marking: Marking) {
  const store = await openSqliteStore({ file: copy, onNewer: marking.say });
  try {
    return await mark(store, backup, marking);
  } finally {
    await store.close();
  }
}

async function mark(store: Store, what: string, { config, notes, say }: Marking) {
  const { events, lastEventAt } = await verifiedLog(what, store);
  const signed = await knownSigned(config, notes, store.checkpoints, say);
  const found = { events, knownUntil: lastEventAt };
  const restoration = newRestoration('command', new Date(), found, signed.events ?? 0);
  await recordRestoration({ store, log: { info: ignore, warn: ignore, error: ignore } }, restoration);
  return { restoration, checkpoint: signed.checkpoint };
}

async function setAside(config: Config, fault: string, say: (line: string) => void): Promise<void> {
  const aside = await checkpointAside(keptCheckpointFile(config));
  say(`${keptCheckpointFile(config)} ${fault}, and is replaced${aside === null ? '' : `; a copy is ${aside}`}`);
}

/**
 * Checks the configured database and records in it that it was put back by other means, e.g. `pg_restore`. Throws
 * `CommandRefusedError`; with SQLite, `AlreadyServedError` where a service runs.
 */
export async function markDatabase(
  config: Config,
  { revocations, checkpoint }: Pick<RestoreAsk, 'revocations' | 'checkpoint'>,
  say: (line: string) => void = ignore,
): Promise<Restoration> {
  const listed = await readGiven(revocations);
  await prepareDataDir(config.dataDir);
  const store = await openStore(config, { writerThread: false });
  try {
    const notes = await notesAtHand(config, checkpoint, null);
    const { restoration } = await mark(store, 'the database', { config, notes, say });
    if (listed !== null) {
      const recorded = await recordWithdrawalsAgain(store, listed, restoration.detectedAt);
      say(recordedAgainInWords(recorded, 'the list') ?? 'the database knows all that the list of revocations knows');
    }
    return restoration;
  } finally {
    await store.close();
  }
}

/** Its log or its journal alone counts too: SQLite would read it. */
const isThere = (file: string): boolean =>
  ['', '-wal', '-journal'].some((suffix) => lstatSync(`${file}${suffix}`, { throwIfNoEntry: false }) !== undefined);

function freeName(file: string, at: Date): string {
  const stamp = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  for (let n = 1; ; n += 1) {
    const name = `${file}.before-restore-${stamp}${n === 1 ? '' : `-${n}`}`;
    if (!isThere(name)) return name;
  }
}

/** The revocations that a restore does not forget. */
interface RevocationsToMerge {
  /** The list beside the database; null: there is none. */
  readonly atHand: ReadRevocations | null;
  /** The path of another list; null: none is given. */
  readonly given: string | null;
  /** The database that is replaced, compared with the list beside it; null: there is none. */
  readonly replaced: ReplacedDatabase | null;
}

/** Merges revocations into the list beside the database. Answers whether there is one. */
async function mergeRevocations(
  file: KeptRevocationsFile,
  { atHand, given, replaced }: RevocationsToMerge,
  say: (line: string) => void,
): Promise<boolean> {
  if (given === null && replaced === null) return atHand !== null;
  const read = await readGiven(given);
  if (atHand !== null && atHand.damaged > 0)
    say(`lines of ${file.path} cannot be read; a copy is ${await file.setAside()}`);
  const revoked = [...(atHand?.revoked ?? []), ...(replaced?.revoked ?? []), ...(read?.revoked ?? [])];
  const withdrawn = replaced?.withdrawn ?? atHand?.withdrawn ?? [];
  await file.replace(
    new Map(revoked.map((one) => [one.fingerprintSha256, one])).values(),
    unitedWithdrawals(withdrawn, read?.withdrawn ?? []),
  );
  await file.close();
  return true;
}

/** Reads the list that an operator gives. */
async function readGiven(path: string | null): Promise<ReadRevocations | null> {
  if (path === null) return null;
  const read = await new KeptRevocationsFile(path).read();
  if (read === null) throw new CommandRefusedError(`there is no file ${path}`);
  // A process that was killed leaves half of its last line behind. More than that is no such list.
  if (read.damaged > 1) throw new CommandRefusedError(`${read.damaged} lines of ${path} are no revocations`);
  return read;
}
