import { execFileSync } from 'node:child_process';
import { ReleaseError } from './release-error.js';

export interface Commit {
  /** As `git rev-parse` prints it: 40 hex digits, or 64 in a repository with SHA-256. */
  readonly id: string;
  /** When it was committed, to the second. */
  readonly time: Date;
}

const git = (root: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** The files that git has below a folder, as paths from the root, in the order of their octets. */
export const trackedFiles = (root: string, folder: string): readonly string[] =>
  git(root, 'ls-files', '-z', '--', folder)
    .split('\0')
    .filter((path) => path !== '')
    .sort();

/** The commit that is checked out. Throws `ReleaseError` if there is none. */
export function commitOf(root: string): Commit {
  try {
    const [id = '', seconds = ''] = git(root, 'log', '-1', '--no-show-signature', '--format=%H %ct').trim().split(' ');
    return { id, time: new Date(Number(seconds) * 1000) };
  } catch {
    throw new ReleaseError(`${root} has no commit that git shows: run this in a clone`);
  }
}

/** Throws `ReleaseError` if a file is changed or new: the commit would not be what is released. */
export function mustBeClean(root: string): void {
  const [first, ...others] = git(root, 'status', '--porcelain', '--untracked-files=all').split('\n').slice(0, -1);
  if (first === undefined) return;
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  throw new ReleaseError(
    `the tree differs from its commit (${first.slice(3)}${more}): commit the changes or stash them`,
  );
}

/** Whether a version has a tag, with or without `v`. */
export const hasTag = (root: string, version: string): boolean =>
  git(root, 'tag', '--list', `v${version}`, version).trim() !== '';
