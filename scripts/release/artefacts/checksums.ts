import { createHash } from 'node:crypto';

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** A file for `sha256sum --check`, in the order of the names. */
export const checksums = (digests: ReadonlyMap<string, string>): string =>
  [...digests]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, digest]) => `${digest}  ${name}\n`)
    .join('');
