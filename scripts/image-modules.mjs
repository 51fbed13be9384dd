// Removes from a production node_modules what the service never reads: `node scripts/image-modules.mjs NODE_MODULES
// ARCHITECTURE`, for the Dockerfile. The architecture has Node's name (`x64`, `arm64`). No manifests stay but those of
// packages, so that a scanner of the image finds the packages and nothing that their tests or benchmarks name.
import { globSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Packages that npm installs for production and nothing loads: types, the headers for compiling an add-on, and the
 * workspaces that are built into other things.
 */
export const unusedPackages = ['@kubepass/console', 'kubectl-kubepass', '@types/*', 'undici-types', 'node-addon-api'];

/** Whether a folder of node_modules (`node_modules/@types/node`) is one of them. */
export function isUnused(folder) {
  const name = folder.replace(/^.*node_modules\//, '');
  return unusedPackages.some((unused) => name === unused || name.replace(/\/.*/, '/*') === unused);
}

/** Folders at the top of a package for its developers, among which some have a manifest of their own. */
const forDevelopers = ['benchmark', 'benchmarks', 'e2e', 'example', 'examples', 'test', 'tests'];

/** Globs of all that goes. */
function unread(architecture) {
  return [
    `{,**/node_modules/}{${unusedPackages.join()}}`,
    // npm's own: its list still has the packages above, and nobody runs the programs of packages.
    '.package-lock.json',
    '.bin',
    '**/node_modules/.bin',
    // Sources of the add-on, and its libraries for other machines.
    'better-sqlite3/{deps,src,binding.gyp}',
    `better-sqlite3/prebuilds/!(linux-${architecture}.node)`,
    // Query compilers of other databases, and the larger forms of these two.
    '@prisma/client/runtime/query_compiler_!(small_bg.sqlite.*mjs|small_bg.postgresql.*mjs)',
    `{,**/node_modules/}{*,@*/*}/{${forDevelopers.join()}}`,
    '**/{yarn.lock,package-lock.json,npm-shrinkwrap.json,pnpm-lock.yaml}',
    // Types and source maps.
    '**/*.{map,d.ts,d.mts,d.cts}',
  ];
}

export function removeUnread(modules, architecture) {
  for (const path of globSync(unread(architecture), { cwd: modules }))
    rmSync(join(modules, path), { recursive: true, force: true });
  // A scope that lost its packages.
  for (const scope of globSync('{,**/node_modules/}@*', { cwd: modules }))
    if (readdirSync(join(modules, scope)).length === 0) rmdirSync(join(modules, scope));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [, , modules, architecture] = process.argv;
  if (!['x64', 'arm64'].includes(architecture)) throw new Error(`there is no add-on for ${architecture}`);
  removeUnread(modules, architecture);
}
