#!/usr/bin/env node
// The hook `kubepass-inspect` of .pre-commit-hooks.yaml. pre-commit clones this repository and runs the hook from its
// clone, in which nothing is built. So the first run brings the packages that the build of the programs needs, as the
// lockfile pins them, and builds kubepass-inspect. Each later run starts it at once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'packages', 'kubectl-kubepass');
const program = join(folder, 'dist', 'kubepass-inspect.cjs');
const built = join(folder, '.built-for-pre-commit');
const lock = join(folder, '.being-built-for-pre-commit');
const longestBuildSeconds = 300;

/** Another commit may start at the same time: one of them builds. A lock that is too old is of a process that died. */
function buildOnce() {
  for (let waited = 0; !existsSync(built); waited += 1)
    try {
      mkdirSync(lock);
      try {
        if (!existsSync(built)) build();
        return;
      } finally {
        rmSync(lock, { recursive: true });
      }
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (ageOf(lock) > longestBuildSeconds) rmSync(lock, { recursive: true, force: true });
      if (waited > longestBuildSeconds) throw new Error('another hook builds it, and does not end', { cause: error });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    }
}

const ageOf = (path) => (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())) / 1000;

function build() {
  // A clone in which somebody works has them all, and keeps them.
  if (!hasPackages())
    run(
      'npm',
      ...['ci', '--workspace', 'kubectl-kubepass', '--include-workspace-root=false', '--include=dev'],
      ...['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    );
  run(process.execPath, join(folder, 'build.mjs'));
  writeFileSync(built, '');
}

function hasPackages() {
  const { resolve: find } = createRequire(join(folder, 'build.mjs'));
  try {
    return [find('esbuild'), find('yaml')].length === 2;
  } catch {
    return false;
  }
}

/** Its output goes to standard error: that of the hook is the findings. */
function run(command, ...args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ''} ended with ${String(status)}`);
}

try {
  buildOnce();
} catch (error) {
  console.error(`kubepass-inspect could not be built, which takes npm and a registry: ${error.message}`);
  process.exit(2);
}
// The program runs here, because another process would wait for Node once more. It reads the same arguments.
createRequire(import.meta.url)(program);
