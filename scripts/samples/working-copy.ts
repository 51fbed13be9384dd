import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Copies a checkout as a fresh clone would have it, uncommitted changes included, into a new directory. The installed
 * packages and the generated database clients are those of the checkout. Returns the directory and how to remove it.
 */
export function workingCopy(checkout: string): { readonly path: string; remove(): void } {
  const parent = mkdtempSync(join(tmpdir(), 'kubepass-samples-'));
  const path = join(parent, 'kubepass');
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: checkout,
    encoding: 'utf8',
  });
  const generated = join('src', 'store', 'generated');
  const files = [...listed.split('\0').filter((name) => name !== ''), generated];
  for (const folder of new Set(files.map(dirname))) mkdirSync(join(path, folder), { recursive: true });
  for (const file of files) {
    const [from, to] = [join(checkout, file), join(path, file)];
    const found = lstatSync(from, { throwIfNoEntry: false });
    // Git also lists files that were deleted and not committed.
    if (found === undefined) continue;
    // For each of thousands of files this takes a fraction of the other's time.
    if (found.isFile()) copyFileSync(from, to);
    else cpSync(from, to, { recursive: true });
  }
  linkPackages(join(checkout, 'node_modules'), join(path, 'node_modules'));
  return { path, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

/**
 * Links each package. One link for all would lead imports of the repository's own packages into the checkout, where
 * somebody else may be building them.
 */
function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [there, here] = [join(from, entry.name), join(to, entry.name)];
    if (entry.name === '@kubepass') linkPackages(there, here);
    else symlinkSync(entry.isSymbolicLink() ? readlinkSync(there) : there, here);
  }
}
