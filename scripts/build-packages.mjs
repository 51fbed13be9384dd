// Compiles the libraries in packages/, each into its `dist`, which its package.json exports. The order is that of their
// imports. Options are those of tsc.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

for (const name of ['x509', 'inspect']) {
  const folder = join(root, 'packages', name);
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  chmodSync(join(folder, 'LICENSE'), 0o644);
  const { status } = spawnSync(
    process.execPath,
    [tsc, '-p', join(folder, 'tsconfig.build.json'), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  if (status !== 0) process.exit(status ?? 1);
}
