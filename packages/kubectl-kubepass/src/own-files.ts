import { lstatSync, type Stats } from 'node:fs';
import type { Machine } from './machine.js';
import { codeOf, PluginError } from './plugin-error.js';
import { readRegularFile } from './read-regular-file.js';

type Owner = Pick<Machine, 'userId'>;

/** The text of a file that is the user's alone: where others may write or read it, it says nothing. Null where there is none. */
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
