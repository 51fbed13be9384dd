import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Checkpoint } from '../audit/checkpoint.js';
import type { Config } from '../config/config.js';
import { prepareDataDir, replaceSecretFile, syncFile } from '../config/secrets.js';
import { recordRestoration } from '../issuance/restoration/record-restoration.js';
import { newId } from '../model/new-id.js';
import type { Restoration } from '../model/restoration.js';
import { checkSqlite } from '../store/sqlite/check-sqlite.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import { acquireDatabaseLock, acquireDataDirLock, type ProcessLock } from '../store/sqlite/process-lock.js';
import type { Store } from '../store/store.js';
import { checkpointIn, KeptCheckpoint, keptCheckpointFile } from './kept-checkpoint.js';
import { openStore } from './open-store.js';
import { outOfSpace } from './out-of-space.js';
import {
  finishReplacement,
  isReplacementUnderWay,
  newDatabaseOf,
  realPath,
  replaceDatabase,
} from './replace-database.js';
import { RevocationFile } from './revocation-file.js';
import { CommandRefusedError, verifiedLog } from './verify-database.js';
import { unitedWithdrawals } from './withdrawals.js';

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
 * Puts the SQLite database back from a backup. Everything is checked on a copy, which then takes the database's place; until
 * then nothing that is there has changed. Throws `CommandRefusedError`, and `AlreadyServedError` where a service runs.
 */
export async function restoreDatabase(
  config: Config,
  ask: RestoreAsk,
  say: (line: string) => void = ignore,
): Promise<Restored> {
  const { database, dataDir } = config;
  if (database.kind !== 'sqlite')
    throw new CommandRefusedError(
      'the database is PostgreSQL: put it back with pg_restore, then run this command with --mark (docs/operations.md)',
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
    return await restoreLocked(config, file, ask, say);
  } catch (error) {
    throw outOfSpace(error, dirname(database.file)) ?? error;
  } finally {
    for (const lock of locks.reverse()) lock.release();
  }
}

async function restoreLocked(config: Config, file: string, ask: RestoreAsk, say: (line: string) => void) {
  const copy = newDatabaseOf(file);
  try {
    await removeDatabase(copy);
    await pipeline(createReadStream(ask.backup), createWriteStream(copy, { flags: 'wx', mode: 0o600 }));
    const checked = checkSqlite(copy);
    if (!checked.ok) throw new CommandRefusedError(`${ask.backup} ${checked.why}`);
    const checkpoint = await newestCheckpoint(config, ask.checkpoint);
    const restoration = await markRestored(copy, ask.backup, checkpoint, say);
    if (isThere(`${copy}-wal`)) throw new Error(`${copy} was not closed as it should be`);
    await syncFile(copy);
    const list = await mergedRevocations(config, ask.revocations, say);
    if (ask.checkpoint !== null && checkpoint !== null)
      await replaceSecretFile(keptCheckpointFile(config), await readFile(checkpoint.file, 'utf8'));
    const keptAs = isThere(file) ? freeName(file, restoration.detectedAt) : null;
    // Where there is no old database, there may be a log of one, which would damage the new one.
    await replaceDatabase(file, keptAs ?? freeName(file, restoration.detectedAt));
    return { restoration, keptAs, revocationsAtHand: list };
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
      `${backup}-wal belongs to it: it is no backup, but a database that was in use. Make a backup of it: DATABASE_URL=file:${backup} npm run backup -- FILE`,
    );
}

/** Brings the copy up to date, checks its audit log, and records in it that it was put back. */
async function markRestored(
  copy: string,
  backup: string,
  kept: KeptNote | null,
  say: (line: string) => void,
): Promise<Restoration> {
  const store = await openSqliteStore({ file: copy, onProgress: say });
  try {
    return await mark(store, backup, kept, say);
  } finally {
    await store.close();
  }
}

interface KeptNote {
  readonly file: string;
  readonly checkpoint: Checkpoint;
}

async function mark(
  store: Store,
  what: string,
  kept: KeptNote | null,
  say: (line: string) => void,
): Promise<Restoration> {
  const { events, lastEventAt } = await verifiedLog(what, store);
  const instance = await store.checkpoints.instanceId();
  const isOfThisLog = instance !== null && kept?.checkpoint.origin === `kubepass/${instance}`;
  if (kept !== null && !isOfThisLog) say(`the checkpoint in ${kept.file} is of another log, and counts for nothing`);
  const checkpoint = isOfThisLog ? kept.checkpoint : null;
  const detectedAt = new Date();
  const restoration: Restoration = {
    id: newId(detectedAt, randomBytes),
    ...{ detectedAt, detectedBy: 'command', events, knownUntil: lastEventAt },
    signedEvents: checkpoint?.size ?? null,
    ...{ acknowledgedAt: null, acknowledgedBy: null },
  };
  await recordRestoration({ store, log: { info: ignore, warn: ignore, error: ignore } }, restoration);
  return restoration;
}

/** The larger one of the checkpoint that is given and the one that is at hand. */
async function newestCheckpoint(config: Config, given: string | null): Promise<KeptNote | null> {
  const kept = new KeptCheckpoint(keptCheckpointFile(config));
  const atHand = await kept.read();
  const here = atHand && { file: kept.path, checkpoint: atHand };
  if (given === null) return here;
  const checkpoint = checkpointIn(await readFile(given, 'utf8').catch(() => ''));
  if (checkpoint === null) throw new CommandRefusedError(`${given} is not a signed checkpoint`);
  return here !== null && here.checkpoint.size > checkpoint.size ? here : { file: given, checkpoint };
}

/** Merges a list of revocations into the one beside the database. Answers whether there is one. */
async function mergedRevocations(
  { database }: Config,
  given: string | null,
  say: (line: string) => void,
): Promise<boolean> {
  if (database.kind !== 'sqlite') return false;
  const file = new RevocationFile(`${database.file}.revoked.ndjson`);
  const atHand = await file.read();
  if (given === null) return atHand !== null;
  const read = await new RevocationFile(given).read();
  if (read === null) throw new CommandRefusedError(`there is no file ${given}`);
  // A process that was killed leaves half of its last line behind. More than that is no such list.
  if (read.damaged > 1) throw new CommandRefusedError(`${read.damaged} lines of ${given} are no revocations`);
  if (atHand !== null && atHand.damaged > 0)
    say(`lines of ${file.path} cannot be read; a copy is ${await file.setAside()}`);
  const all = new Map([...(atHand?.revoked ?? []), ...read.revoked].map((one) => [one.fingerprintSha256, one]));
  await file.replace(all.values(), unitedWithdrawals(atHand?.withdrawn ?? [], read.withdrawn));
  await file.close();
  return true;
}

/**
 * Checks the configured database and records in it that it was put back by other means, e.g. `pg_restore`. Throws
 * `CommandRefusedError`; with SQLite, `AlreadyServedError` where a service runs.
 */
export async function markDatabase(config: Config, checkpoint: string | null): Promise<Restoration> {
  await prepareDataDir(config.dataDir);
  const store = await openStore(config, { warn: ignore, inform: ignore }, { writerThread: false });
  try {
    return await mark(store, 'the database', await newestCheckpoint(config, checkpoint), ignore);
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

async function removeDatabase(file: string): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
}
