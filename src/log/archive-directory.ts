import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@kubepass/x509';
import { readLines } from '../audit/read-lines.js';

/** Octets that are written at once. */
const writtenAtOnce = 256 * 1024;
/** Octets that are read before the event loop gets its turn. */
const readAtOnce = 128 * 1024;
/** Unfinished files of a process that was killed are removed after a day. */
const leftMilliseconds = 24 * 60 * 60 * 1000;
const unfinished = /^\.audit-.+\.part$/;

/** The archives in a directory, which must exist: a new one could hide a file system that is not mounted. */
export class ArchiveDirectory {
  constructor(private readonly directory: string) {}

  /** Whether files can be made there. */
  async check(): Promise<void> {
    if (!(await stat(this.directory)).isDirectory()) throw new Error(`${this.directory} is no directory`);
    await access(this.directory, constants.R_OK | constants.W_OK | constants.X_OK);
    await this.#removeUnfinished();
  }

  /** The names of all files. */
  async names(): Promise<readonly string[]> {
    return readdir(this.directory);
  }

  /**
   * Writes lines to a new file that only its owner can read, whole or not at all; it is on disk when this resolves.
   * Answers false where the name is taken, and leaves that file as it is.
   */
  async write(name: string, lines: AsyncIterable<string>): Promise<boolean> {
    const temporary = join(this.directory, `.${name}.${randomBytes(8).toString('hex')}.part`);
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await writeLines(file, lines);
        await file.sync();
      } finally {
        await file.close();
      }
      // Unlike a rename it fails where the name is taken.
      const made = await unlessTaken(() => link(temporary, join(this.directory, name)));
      await synced(this.directory);
      return made;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /**
   * Hands out the lines of a file without their line feeds, and answers its SHA-256 in lower-case hex. Throws where
   * anything stands behind the last line feed.
   */
  async read(name: string, take: (line: Buffer) => void): Promise<string> {
    const hash = createHash('sha256');
    const path = join(this.directory, name);
    const onOctets = (octets: Buffer) => void hash.update(octets);
    for await (const { lines, end } of readLines(path, { onOctets, octetsAtOnce: readAtOnce }))
      if (end === 'Whole') for (const line of lines) take(line);
      else throw new Error(`${name} does not end with a line feed, or has a line that is too long`);
    return hash.digest('hex');
  }

  /** A file that another process has written is on disk when this resolves, and its name is. */
  async sync(name: string): Promise<void> {
    await synced(join(this.directory, name));
    await synced(this.directory);
  }

  /** Gives a file another name; does nothing where there is none. */
  async setAside(name: string): Promise<void> {
    try {
      await rename(join(this.directory, name), join(this.directory, `${name}.unused`));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    await synced(this.directory);
  }

  async #removeUnfinished(): Promise<void> {
    for (const name of await this.names()) {
      if (!unfinished.test(name)) continue;
      const path = join(this.directory, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
      if (Date.now() - mtimeMs > leftMilliseconds) await rm(path, { force: true });
    }
  }
}

/** The file, or the names in the directory, is on disk when this resolves. */
async function synced(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeLines(file: FileHandle, lines: AsyncIterable<string>): Promise<void> {
  let text = '';
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length < writtenAtOnce) continue;
    await file.appendFile(text);
    text = '';
  }
  await file.appendFile(text);
}

async function unlessTaken(make: () => Promise<void>): Promise<boolean> {
  try {
    await make();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
