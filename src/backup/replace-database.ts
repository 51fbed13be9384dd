import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { createSecretFile, syncDirectory } from '../config/secrets.js';
import { dirname } from 'node:path';
import { realPath } from '../store/sqlite/process-lock.js';

/** The new database, before it has the name of the old one. It is complete, and it has no write-ahead log. */
export const newDatabaseOf = (file: string): string => `${file}.restoring`;

/** The file that says which of the renames belong together. While it is there, nobody may open the database. */
const planOf = (file: string): string => `${file}.restore-under-way`;

/**
 * The journal, or the log and its index, come first: the old database alone would be an older state, and beside a new
 * one they would damage it.
 */
const suffixes = ['-journal', '-wal', '-shm', ''];

/** Removes a database with its journal and its log, as far as they exist. */
export async function removeDatabase(file: string): Promise<void> {
  for (const suffix of suffixes) await rm(`${file}${suffix}`, { force: true });
}

/** Whether a replacement was begun and not finished. */
export const isReplacementUnderWay = (file: string): boolean => existsSync(planOf(realPath(file)));

/**
 * Puts the new database in the place of the old one, which is kept with its log as `keptAs`. No single rename can do
 * that, so the plan is on disk first: where this process dies in between, `finishReplacement` goes on with it. Where a
 * rename fails, everything is as before. The caller holds the lock of the database.
 */
export async function replaceDatabase(file: string, keptAs: string): Promise<void> {
  if (!(await createSecretFile(planOf(file), `${keptAs}\n`))) throw new Error(`${planOf(file)} exists`);
  const moved: string[] = [];
  try {
    await carryOut(file, keptAs, moved);
  } catch (error) {
    for (const suffix of moved.reverse()) await rename(`${keptAs}${suffix}`, `${file}${suffix}`);
    await forget(file);
    throw error;
  }
  await forget(file);
}

/** Goes on where `replaceDatabase` was killed. Answers where the old database is; null: nothing was under way. */
export async function finishReplacement(name: string): Promise<string | null> {
  const file = realPath(name);
  if (!isReplacementUnderWay(file)) return null;
  const keptAs = (await readFile(planOf(file), 'utf8')).trim();
  await carryOut(file, keptAs, []);
  await forget(file);
  return keptAs;
}

async function carryOut(file: string, keptAs: string, moved: string[]): Promise<void> {
  // The last rename is done: what has the name is the new database.
  if (!existsSync(newDatabaseOf(file))) return;
  for (const suffix of suffixes) {
    if (!existsSync(`${file}${suffix}`)) continue;
    await rename(`${file}${suffix}`, `${keptAs}${suffix}`);
    moved.push(suffix);
  }
  await syncDirectory(dirname(file));
  await rename(newDatabaseOf(file), file);
  await syncDirectory(dirname(file));
}

async function forget(file: string): Promise<void> {
  await rm(planOf(file), { force: true });
  await syncDirectory(dirname(file));
}
