import { existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, resolve } from 'node:path';
import { codeOf } from '@kubepass/x509';
import { CacheLock } from './cache-lock.js';
import { inHome, readRegularFile, removeUnfinished, writeWholeFile } from './files.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';

/**
 * The kubeconfig files, as kubectl finds them (k8s.io/client-go, `PathOptions`): `--kubeconfig`, else the list in
 * KUBECONFIG, else `~/.kube/config`.
 */
export function kubeconfigFiles(
  given: string | null,
  { environment, homeDirectory }: Pick<Machine, 'environment' | 'homeDirectory'>,
): readonly string[] {
  if (given !== null) return [given];
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return listed.length > 0 ? [...new Set(listed)] : [inHome(homeDirectory, '.kube', 'config')];
}

/** The file that new entries go to: the first that is there, else the last of the list. */
export const fileToWrite = (files: readonly string[]): string =>
  files.find((file) => existsSync(file)) ?? files.at(-1) ?? '';

/** The text; null where there is no such file. KUBECONFIG=/dev/null says that there is none. */
export function readKubeconfigFile(file: string): string | null {
  try {
    return statSync(file).isCharacterDevice() ? null : readRegularFile(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

const lockMilliseconds = 5_000;

/**
 * Changes a kubeconfig as kubectl does: under the lock `<file>.lock`, which it makes as well, and by a new file that
 * takes the place of the old one, so that whoever is interrupted leaves the old one whole. The text before the change
 * is kept in `<file>.kubepass-backup`. `change` answers the new text, or the old one where nothing is to be written,
 * and has no time to wait for anything. The lock of a plugin that was killed is taken over; that of a kubectl is nobody
 * else's.
 */
export async function changeKubeconfig(
  given: string,
  change: (text: string | null) => string | null,
  machine: Pick<Machine, 'processId' | 'isRunning' | 'elapsed' | 'sleep' | 'userId'>,
): Promise<void> {
  const { file, isOwn } = endOfLink(given, machine);
  const about = statSync(file, { throwIfNoEntry: false });
  // Root could replace /dev/null by a file, and anybody who may write into its folder replaces the file of another
  // person.
  const why =
    about?.isFile() === false
      ? 'is no regular file'
      : !isOwn || (about !== undefined && !isOf(about, machine))
        ? 'belongs to somebody else, or a link of somebody else leads there'
        : null;
  if (why !== null) throw new PluginError(`${file} ${why}, and takes no context: name another one with --kubeconfig`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const name = `${basename(file)}.lock`;
  // However old, the lock of a kubectl is taken over by nobody.
  const lock = new CacheLock(dirname(file), machine, { name, longestHold: Infinity });
  const { elapsed, sleep } = machine;
  const until = elapsed() + lockMilliseconds;
  let held = lock.tryAcquire();
  while (held === null) {
    if (elapsed() >= until)
      throw new PluginError(
        `${file}.lock is there: another kubectl changes the file. If none does, delete it and try again`,
      );
    await sleep(50);
    held = lock.tryAcquire();
  }
  try {
    removeUnfinishedBeside(file, machine);
    const before = readKubeconfigFile(file);
    const after = change(before);
    if (after === null || after === before) return;
    if (before !== null) writeWholeFile(`${file}.kubepass-backup`, before);
    writeWholeFile(file, after);
  } finally {
    held.release();
  }
}

const isOf = ({ uid }: { readonly uid: number }, { userId }: Pick<Machine, 'userId'>): boolean =>
  userId === null || uid === userId;

/** A link is kept, and also leads to a file that is not there yet. `isOwn`: each link is of the user, or of root. */
function endOfLink(
  given: string,
  machine: Pick<Machine, 'userId'>,
): { readonly file: string; readonly isOwn: boolean } {
  let [file, isOwn] = [resolve(given), true];
  for (let links = 0; links < 40; links += 1) {
    const about = lstatSync(file, { throwIfNoEntry: false });
    if (about?.isSymbolicLink() !== true) return { file, isOwn };
    isOwn &&= about.uid === 0 || isOf(about, machine);
    const folder = dirname(file);
    file = resolve(existsSync(folder) ? realpathSync(folder) : folder, readlinkSync(file));
  }
  throw new PluginError(`${given} is a link that leads to itself`);
}

/** Removes what a plugin that was killed has written beside the file: it may hold secrets of others. */
export function removeUnfinishedBeside(file: string, machine: Pick<Machine, 'userId' | 'isRunning'>): void {
  const names = ['', '.lock', '.kubepass-backup'].map((end) => `${basename(file)}${end}`);
  removeUnfinished(dirname(file), (name) => names.includes(name), machine);
}
