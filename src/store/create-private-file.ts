import { closeSync, openSync } from 'node:fs';

/**
 * Creates an empty file that is its owner's alone; one that exists is left as it is, and is not even opened: POSIX drops
 * all of a process's locks on a file when the process closes any descriptor of it, SQLite's among them.
 */
export function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
