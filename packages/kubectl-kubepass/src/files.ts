import { join } from 'node:path';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { codeOf } from '@kubepass/x509';
import type { Machine } from './machine.js';
import { isOfSystem } from '@kubepass/inspect/command-line';
import { PluginError } from './plugin-error.js';

/** A place below the home directory. Throws where there is none. */
export function inHome(homeDirectory: Machine['homeDirectory'], ...path: readonly string[]): string {
  if (homeDirectory === null)
    throw new PluginError('there is no home directory: set HOME, or both KUBECONFIG and KUBECACHEDIR');
  return join(homeDirectory, ...path);
}

type Owner = Pick<Machine, 'userId'>;

/** The text of a file that only the user may read and write, or null. */
export function readOwnFile(path: string, owner: Owner): string | null {
  try {
    return readRegularFile(path, (about) => {
      mustBeOwn(path, about, 0o077, owner);
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Throws where the folder is somebody else's, a link, or one in which others can put files. It need not be there. */
export function mustBeOwnFolder(path: string, owner: Owner): void {
  const about = lstatSync(path, { throwIfNoEntry: false });
  if (about?.isSymbolicLink() === true) throw new PluginError(`${path} is a link, and not followed: delete it`);
  if (about !== undefined) mustBeOwn(path, about, 0o022, owner);
}

function mustBeOwn(path: string, { uid, mode }: Stats, closed: number, { userId }: Owner): void {
  if (userId === null) return;
  if (uid !== userId) throw new PluginError(`${path} belongs to somebody else: set KUBECACHEDIR to a folder of yours`);
  if ((mode & closed) !== 0)
    throw new PluginError(`${path} is open to others: if nobody had a hand in it, close it: chmod go= ${path}`);
}

const longest = 8 * 1024 * 1024;

/**
 * The text of a file of at most 8 MiB. Others may have laid the path: it waits for no pipe, and reads no device.
 * `mustBe` looks at the file that is open, and follows no link then. Throws the errors of the system, with the path,
 * and `PluginError`.
 */
export function readRegularFile(path: string, mustBe?: (about: Stats) => void): string {
  // Windows lacks both flags.
  const { O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
  let opened: number;
  try {
    opened = openSync(path, constants.O_RDONLY | O_NONBLOCK | (mustBe === undefined ? 0 : O_NOFOLLOW));
  } catch (error) {
    throw codeOf(error) === 'ELOOP' ? new PluginError(`${path} is a link, and not followed: delete it`) : error;
  }
  try {
    const about = fstatSync(opened);
    // The system says itself that a folder is one.
    if (!about.isDirectory()) mustBe?.(about);
    if (!about.isFile() && !about.isDirectory()) throw new PluginError(`${path} is no regular file`);
    if (about.size > longest) throw new PluginError(`${path} has ${about.size} octets, which is too long`);
    return readFileSync(opened, 'utf8');
  } catch (error) {
    if (error instanceof Error && !error.message.includes(path)) error.message += ` '${path}'`;
    throw error;
  } finally {
    closeSync(opened);
  }
}

/** This machine, in the names of files that are not finished. */
export const machineName = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/**
 * A name beside this file that nobody else takes. It says who writes, so that it is known when nobody does any more.
 */
export const unfinishedName = (file: string): string =>
  `${file}.${machineName}.${process.pid}.${randomBytes(8).toString('hex')}.tmp`;

/**
 * Writes a file that is closed to others, beside itself and then renamed: it is there whole, or as it was. Throws where
 * there is no room, and leaves nothing then.
 */
export function writeWholeFile(file: string, text: string): void {
  const beside = unfinishedName(file);
  try {
    const opened = openSync(beside, 'wx', 0o600);
    try {
      fchmodSync(opened, 0o600);
      // One `write` may take a part and say so (write(2)): on a disk that is nearly full. This one goes on until it
      // fails.
      writeFileSync(opened, text);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    // The system names no file where it is open already.
    if (error instanceof Error && !error.message.includes(file)) error.message += ` '${file}'`;
    throw error;
  }
}

const dayMilliseconds = 86_400_000;
/**
 * `FILE.MACHINE.PROCESS.ID.tmp`; without the two in the middle it is the claim of a lock, or of another version of the
 * plugin.
 */
const unfinished = /^(.+?)(?:\.([0-9a-f]{8})\.(\d+))?\.[0-9a-f]{16}\.tmp$/;

/**
 * Removes what a plugin that was killed has left in a folder beside files of these names: it may hold a key, or secrets
 * of others. It removes the user's own files alone, and follows no link. A file of which nobody knows whether its
 * process runs stays for a day.
 */
export function removeUnfinished(
  folder: string,
  isOurs: (name: string) => boolean,
  { userId, isRunning }: Pick<Machine, 'userId' | 'isRunning'>,
): void {
  try {
    for (const name of readdirSync(folder)) {
      const [, file, machine, process] = unfinished.exec(name) ?? [];
      if (file === undefined || !isOurs(file)) continue;
      const about = lstatSync(join(folder, name), { throwIfNoEntry: false });
      if (about?.isFile() !== true || (userId !== null && about.uid !== userId)) continue;
      const isOld = Date.now() - about.mtimeMs > dayMilliseconds;
      if (machine === machineName ? !isRunning(Number(process)) : isOld) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    // Nothing hangs on it, and the next run tries again.
    if (!isOfSystem(error)) throw error;
  }
}
