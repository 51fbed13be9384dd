import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** This machine, in the names of files that are not finished. */
export const machineName = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** A name beside this file that nobody else takes. It says who writes, so that it is known when nobody does any more. */
export const unfinishedName = (file: string): string =>
  `${file}.${machineName}.${process.pid}.${randomBytes(8).toString('hex')}.tmp`;

/**
 * Writes a file that is closed to others, beside itself and then renamed: it is there whole, or as it was. Throws where there is
 * no room, and leaves nothing then.
 */
export function writeWholeFile(file: string, text: string): void {
  const beside = unfinishedName(file);
  try {
    const opened = openSync(beside, 'wx', 0o600);
    try {
      fchmodSync(opened, 0o600);
      // One `write` may take a part and say so (write(2)): on a disk that is nearly full. This one goes on until it fails.
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
