import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
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
  for (const file of [...listed.split('\0').filter((name) => name !== ''), generated]) {
    const from = join(checkout, file);
    // Git also lists files that were deleted and not committed.
    if (!existsSync(from)) continue;
    mkdirSync(dirname(join(path, file)), { recursive: true });
    cpSync(from, join(path, file), { recursive: true });
  }
  symlinkSync(join(checkout, 'node_modules'), join(path, 'node_modules'));
  return { path, remove: () => rmSync(parent, { recursive: true, force: true }) };
}
