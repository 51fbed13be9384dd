import { randomBytes } from 'node:crypto';
import { open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '@kubepass/x509';

/**
 * Puts a text in the place of a file: whoever reads the file at any moment, or after a crash, finds the whole
 * old text or the whole new text. The file keeps its mode and its owner; a new one has `newMode`. Where this throws
 * before its end, the file is as it was.
 */
export async function replaceFile(path: string, text: string, newMode: number): Promise<void> {
  const before = await unlessMissing(stat(path));
  if (before !== null && !before.isFile()) throw new Error(`${path} is not a regular file`);
  // A link stays one, and the file that it leads to is replaced.
  const file = before === null ? path : await realpath(path);
  const [folder, beginning] = [dirname(file), `.${basename(file)}.`];
  await removeLeftovers(folder, beginning);
  // Beside the file, so that the rename does not cross file systems.
  const temporary = join(folder, `${beginning}${randomBytes(8).toString('hex')}.tmp`);
  try {
    const written = await open(temporary, 'wx', 0o600);
    try {
      await written.writeFile(text);
      const own = await written.stat();
      if (before !== null && (before.uid !== own.uid || before.gid !== own.gid))
        await written.chown(before.uid, before.gid);
      await written.chmod(before === null ? newMode : before.mode & 0o777);
      await written.sync();
    } finally {
      await written.close();
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(folder);
}

/** A process that was killed could not remove what it had written beside the file. */
async function removeLeftovers(folder: string, beginning: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const isLeftover = name.startsWith(beginning) && /^[0-9a-f]{16}\.tmp$/.test(name.slice(beginning.length));
    if (isLeftover) await rm(join(folder, name), { force: true });
  }
}

/** A new name is on disk only after its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Null where there is no such file. */
export async function unlessMissing<T>(looked: Promise<T>): Promise<T | null> {
  try {
    return await looked;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
