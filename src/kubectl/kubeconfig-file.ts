import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { CacheLock } from './cache-lock.js';
import { codeOf } from './credential-cache.js';
import { inHome } from './in-home.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import { writeWholeFile } from './write-whole-file.js';

/**
 * The kubeconfig files, as kubectl finds them (k8s.io/client-go, `PathOptions`): `--kubeconfig`, else the list in KUBECONFIG,
 * else `~/.kube/config`.
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

/** The text; null where there is no such file. */
export function readKubeconfig(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

const lockMilliseconds = 5_000;

/**
 * Changes a kubeconfig as kubectl does: under the lock `<file>.lock`, which it makes as well, and by a new file that takes the
 * place of the old one, so that whoever is interrupted leaves the old one whole. The text before the change is kept in
 * `<file>.kubepass-backup`. `change` answers the new text, or the old one where nothing is to be written, and has no time to wait
 * for anything. The lock of a plugin that was killed is taken over; that of a kubectl is nobody else's.
 */
export async function changeKubeconfig(
  given: string,
  change: (text: string | null) => string | null,
  machine: Pick<Machine, 'processId' | 'isRunning' | 'elapsed' | 'sleep'>,
): Promise<void> {
  const file = existsSync(given) ? realpathSync(given) : endOfLink(given);
  // KUBECONFIG=/dev/null says that there is none, and root could replace the device by a file.
  if (existsSync(file) && !statSync(file).isFile())
    throw new PluginError(`${file} is no regular file, and takes no context: name another one with --kubeconfig`);
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
    removeUnfinished(file);
    const before = readKubeconfig(file);
    const after = change(before);
    if (after === null || after === before) return;
    if (before !== null) writeWholeFile(`${file}.kubepass-backup`, before);
    writeWholeFile(file, after);
  } finally {
    held.release();
  }
}

/** A link is kept, and also leads to a file that is not there yet. */
function endOfLink(given: string): string {
  let file = given;
  for (let links = 0; links < 40; links += 1) {
    let target: string;
    try {
      target = readlinkSync(file);
    } catch {
      return file;
    }
    const folder = dirname(file);
    file = resolve(existsSync(folder) ? realpathSync(folder) : folder, target);
  }
  throw new PluginError(`${given} is a link that leads to itself`);
}

/** Removes what a plugin that was killed has written beside the file: it may hold secrets of others. */
function removeUnfinished(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder))
    if (
      name.startsWith(`${basename(file)}.`) &&
      /^(?:\.kubepass-backup)?\.[0-9a-f]{16}\.tmp$/.test(name.slice(basename(file).length))
    )
      rmSync(join(folder, name), { force: true });
}
