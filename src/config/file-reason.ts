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
  const { code = '', path } = error as NodeJS.ErrnoException;
  const reason = reasons[code];
  // Somebody wrote down the secret in place of the name of its file.
  if (path !== undefined && /whsec_|-----BEGIN|(?:^|\/)kubepass_[\w-]{43}\s*$/.test(path))
    return 'it holds the secret itself; put that into a file, and name the file here';
  if (reason === undefined || path === undefined) return error.message;
  return `${path}: ${reason}`;
}
