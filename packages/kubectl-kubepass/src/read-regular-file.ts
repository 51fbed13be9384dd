import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { codeOf, PluginError } from './plugin-error.js';

const longest = 8 * 1024 * 1024;

/**
 * The text of a file of at most 8 MiB. Others may have laid the path: it waits for no pipe, and reads no device. `mustBe` looks
 * at the file that is open, and follows no link then. Throws the errors of the system, with the path, and `PluginError`.
 */
export function readRegularFile(path: string, mustBe?: (about: Stats) => void): string {
  // Windows has neither flag.
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
