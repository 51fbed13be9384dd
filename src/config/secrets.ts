import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, chmod, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf } from '@kubepass/x509';
import { shownPath } from './file-reason.js';

const maxSecretBytes = 1024 * 1024;

/**
 * Creates a file that only its owner can read (0600), either whole or not at all; it is on disk when this resolves.
 * Answers false where the name exists, and leaves that file as it is.
 */
export async function createSecretFile(path: string, content: string | Uint8Array): Promise<boolean> {
  return withTemporaryFile(path, content, async (temporary) => {
    try {
      // A second name for the finished file: unlike a rename it fails where the name is taken.
      await link(temporary, path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Like `createSecretFile`, but replaces a file that exists. */
export async function replaceSecretFile(path: string, content: string | Uint8Array): Promise<void> {
  await withTemporaryFile(path, content, (temporary) => rename(temporary, path));
}

interface Log {
  warn(fields: object, message: string): void;
}

/**
 * Reads a secret. A file that others can read causes a warning in the log and no refusal, because Kubernetes mounts
 * Secrets with mode 0644 unless `defaultMode` says otherwise. Throws where it cannot be read or is larger than 1 MiB.
 */
export async function readSecretFile(path: string, log: Log): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    if (stats.size > maxSecretBytes) throw new Error(`${path} is larger than ${maxSecretBytes} bytes`);
    const warning = secretWarning(path, stats);
    if (warning !== null) log.warn({}, warning);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * A secret of one line, without the line feed behind it. Throws where the file holds none; `what` says what it should
 * hold.
 */
export async function readSecretLine(
  file: string,
  log: Log,
  isSecret: (line: string) => boolean,
  what: string,
): Promise<string> {
  const secret = (await readSecretFile(file, log)).toString('utf8').replace(/\r?\n$/, '');
  if (!isSecret(secret)) throw new Error(`${file} holds no ${what}`);
  return secret;
}

/** The secret of the client of an identity provider. Throws where the file holds none. */
export const readClientSecret = (file: string, log: Log): Promise<string> =>
  readSecretLine(
    file,
    log,
    (line) => /^[!-~]{1,1024}$/.test(line),
    'secret: one line of at most 1,024 printable ASCII characters',
  );

/**
 * Creates the data directory (0700) and its parents, or checks that it can be written to. It does not change the mode
 * of a directory that exists, because the directory may belong to somebody else. Answers a warning where others may
 * enter it, else null. Throws where it cannot be created or written to.
 */
export async function prepareDataDir(directory: string): Promise<string | null> {
  let created: string | undefined;
  try {
    created = await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, mayUse);
  } catch (error) {
    throw notWritable(directory, error);
  }
  const stats = await stat(directory);
  // The umask removes bits from the mode that mkdir is given.
  if (created !== undefined) await chmod(resolve(directory), 0o700);
  return created === undefined ? permissionWarning(directory, stats.mode, 0o700) : null;
}

/**
 * As `prepareDataDir`, and creates nothing: where there is no directory, it looks whether one could be created in the
 * nearest one above. Answers the same warning.
 */
export async function checkDataDir(directory: string, looked = directory): Promise<string | null> {
  try {
    const stats = await stat(looked);
    if (!stats.isDirectory()) throw new Error(`${looked} is not a directory`);
    await access(looked, mayUse);
    return looked === directory ? permissionWarning(directory, stats.mode, 0o700) : null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(looked) !== looked) return checkDataDir(directory, dirname(looked));
    throw notWritable(directory, error);
  }
}

const mayUse = constants.R_OK | constants.W_OK | constants.X_OK;

function notWritable(directory: string, error: unknown): Error {
  const why = codeOf(error) ?? String(error);
  const who = process.getuid === undefined ? 'the service' : `user ${process.getuid()}`;
  return new Error(
    `the directory ${shownPath(directory)} cannot be written to: ${why}; name one that ${who} may write to`,
    {
      cause: error,
    },
  );
}

/**
 * Why the file of a secret is too open, or null. Root's own that its group may read is not: with `fsGroup` the kubelet
 * makes every mounted Secret so, whatever its mode
 * (https://kubernetes.io/docs/tasks/configure-pod-container/security-context/), and the group is the pod's alone.
 */
export const secretWarning = (path: string, { mode, uid }: Pick<Stats, 'mode' | 'uid'>): string | null =>
  uid === 0 && (mode & 0o037) === 0 ? null : permissionWarning(path, mode, 0o600);

function permissionWarning(path: string, mode: number, wanted: number): string | null {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return null;
  const octal = (bits: number) => (bits & 0o777).toString(8).padStart(4, '0');
  return `${path} is open to others (mode ${octal(mode)}); ${octal(wanted)} would keep it to its owner`;
}

async function withTemporaryFile<T>(
  path: string,
  content: string | Uint8Array,
  use: (temporary: string) => Promise<T>,
): Promise<T> {
  // In the same directory, so that link and rename do not cross file systems.
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    const result = await use(temporary);
    await syncDirectory(dirname(path));
    return result;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Resolves when the content of a file is on disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name is on disk only after its directory is. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
