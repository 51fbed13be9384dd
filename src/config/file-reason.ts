import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Reasons of the operating system, in the words of an operator. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; mend the path (one in the file is relative to it), or put the file there',
  EACCES: `it may not be read by user ${process.getuid?.() ?? ''}; give that user the file, or mend its mode`,
  EISDIR: 'it is a directory; name a file',
  ENOTDIR: 'a part of the path is no directory; mend the path',
};

/** Why a file of the configuration cannot be used, and the remedy where the operating system says why. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  // The message of Node repeats an argument that cannot be a path, and this argument may be a secret.
  if (code.startsWith('ERR_INVALID_ARG')) return 'it cannot be a path';
  if (path === undefined) return error.message;
  // Somebody wrote down the secret in place of the name of its file.
  if (/whsec_|-----BEGIN|(?:^|\/)kubepass_[\w-]{43}\s*$/.test(path))
    return 'it holds the secret itself; put that into a file, and name the file here';
  return `${shownPath(path)}: ${reasons[code] ?? `${code}, ${syscall ?? ''}`}`;
}

/** The part of a path that exists. The rest may be a secret that somebody wrote in place of the name of its file. */
export const shownPath = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : `below ${shownPath(dirname(path)).replace(/^below /, '')}`;
