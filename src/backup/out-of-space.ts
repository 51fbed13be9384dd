import { statfsSync } from 'node:fs';
import { CommandRefusedError } from './verify-database.js';

/** The refusal where a disk was full; null where the error is another one. Node and SQLite name it differently. */
export function outOfSpace(error: unknown, directory: string): CommandRefusedError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && isFull(String(cause.code), directory))
      return new CommandRefusedError(`there is no room in ${directory}: nothing was changed`, { cause: error });
  return null;
}

/** SQLite reports an error of the disk where a write failed in the midst of a page, or its index of the log has no room. */
const isFull = (code: string, directory: string): boolean =>
  ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(code) || (code.startsWith('SQLITE_IOERR') && hasNoRoom(directory));

const leastOctets = 64 * 1024;

function hasNoRoom(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < leastOctets;
}
