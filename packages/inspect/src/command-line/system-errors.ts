import { messageOf } from '@kubepass/x509';

/** A file that cannot be read or written, a full disk. */
export const isOfSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'is a folder, where a file is expected',
  ENOTDIR: 'goes through a file, where a folder is expected',
  ENOENT: 'is not there',
  EACCES: 'may not be read or written by this user',
  EPERM: 'may not be changed by this user',
  EROFS: 'is on a file system that is read-only',
  ENOSPC: 'does not fit: the disk is full',
  EDQUOT: 'does not fit: the quota of this user on the disk is used up',
  EMFILE: 'cannot be opened: too many files are open',
};

/** The message of an error, with a sentence in the place of the words of the system. */
export function sentenceOf(error: unknown): string {
  const message = messageOf(error);
  const [, code = '', path = ''] = /^([A-Z]+): (?:.*?'([^']+)')?/s.exec(message) ?? [];
  const reason = isOfSystem(error) ? reasons[code] : undefined;
  return reason === undefined ? message : `${path || 'a file that is named'} ${reason} (${code})`;
}
