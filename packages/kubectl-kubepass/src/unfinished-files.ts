import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import { isOfSystem } from './plugin-error.js';
import { machineName } from './write-whole-file.js';

const dayMilliseconds = 86_400_000;
/** `FILE.MACHINE.PROCESS.ID.tmp`; without the two in the middle it is the claim of a lock, or of another version of the plugin. */
const unfinished = /^(.+?)(?:\.([0-9a-f]{8})\.(\d+))?\.[0-9a-f]{16}\.tmp$/;

/**
 * Removes what a plugin that was killed has left in a folder beside files of these names: it may hold a key, or secrets of others. It
 * removes the user's own files alone, and follows no link. A file of which nobody knows whether its process runs stays for a day.
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
