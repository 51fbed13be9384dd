// Copies the packages that the service needs out of a complete node_modules: `node scripts/image-modules.mjs TO OF`,
// for the Dockerfile. The lockfile says which packages those are, so npm installs once, for the build. TO gets all that
// is the same on every platform, and OF/amd64 and OF/arm64 get the add-on of each. No manifests are copied but those of
// packages, so that a scanner of the image finds the packages and nothing that their tests or benchmarks name.
import { cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Packages that npm installs for production and nothing loads: types, the headers for compiling an add-on, and the
 * workspaces that are built into other things.
 */
const unused = ['@kubepass/console', 'kubectl-kubepass', '@types/*', 'undici-types', 'node-addon-api'];

/**
 * The folders of node_modules (`node_modules/pg`) that are installed for production and used, by `packages` of the
 * lockfile. Prisma's command is an optional peer, so it is not among them (`npm ci --omit=dev --omit=optional`).
 */
export function productionFolders(packages) {
  return Object.keys(packages).filter((folder) => {
    const { dev, optional, devOptional } = packages[folder];
    const [, name] = /^(?:.*\/)?node_modules\/(.+)$/.exec(folder) ?? [];
    if (name === undefined || dev || optional || devOptional) return false;
    return !unused.includes(name) && !unused.includes(name.replace(/\/.*/, '/*'));
  });
}

/** Folders at the top of a package for its developers. Some have a manifest of their own. */
const forDevelopers = ['benchmark', 'benchmarks', 'e2e', 'example', 'examples', 'test', 'tests'];
/** Types, source maps, and lists of packages that are not installed. */
const forTools = /\.(?:map|d\.[cm]?ts)$|^(?:yarn\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml)$/;

/** Whether a file or folder of a package is read on every platform. `path` is relative to the package. */
function isShared(name, path) {
  const [top] = path.split('/');
  if (top === 'node_modules' || forDevelopers.includes(top) || forTools.test(basename(path))) return false;
  // The sources of the add-on, and its libraries.
  if (name === 'better-sqlite3') return !['deps', 'src', 'binding.gyp', 'prebuilds'].includes(top);
  // The query compilers of other databases, and the larger forms of these two.
  if (name === '@prisma/client' && basename(path).startsWith('query_compiler_'))
    return /^query_compiler_small_bg\.(?:sqlite|postgresql)\..*mjs$/.test(basename(path));
  return true;
}

/** The add-on by the names that platforms have in images. */
const addOns = {
  amd64: 'better-sqlite3/prebuilds/linux-x64.node',
  arm64: 'better-sqlite3/prebuilds/linux-arm64.node',
};

function copyModules(to, of) {
  const { packages } = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8'));
  for (const folder of productionFolders(packages)) {
    const from = join(checkout, folder);
    const target = join(to, relative('node_modules', folder));
    const name = folder.replace(/^.*node_modules\//, '');
    const { link, resolved } = packages[folder];
    mkdirSync(dirname(target), { recursive: true });
    // A workspace, which lies beside node_modules.
    if (link) symlinkSync(relative(dirname(folder), resolved), target);
    else cpSync(from, target, { recursive: true, filter: (file) => isShared(name, relative(from, file)) });
  }
  for (const [platform, addOn] of Object.entries(addOns))
    cpSync(join(checkout, 'node_modules', addOn), join(of, platform, 'node_modules', addOn));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  copyModules(...process.argv.slice(2));
