import { CommandRefusedError } from './verify-database.js';

/** The refusal where a disk was full; null where the error is another one. Node and SQLite name it differently. */
export function outOfSpace(error: unknown, directory: string): CommandRefusedError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && isFull(String(cause.code)))
      return new CommandRefusedError(`there is no room in ${directory}: nothing was changed`, { cause: error });
  return null;
}

/** SQLite reports a failed write where the disk fills up in the midst of a page. */
const isFull = (code: string): boolean =>
  ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(code) || /^SQLITE_IOERR_(WRITE|FSYNC|TRUNCATE|SHMSIZE)$/.test(code);
