// What a fresh clone needs before anything else runs: the packages of the lockfile, and better-sqlite3's native
// add-on for the Node that is running. `npm run quickstart` and `npm test` call it first; when there is nothing to
// do it returns at once. No package's install script runs (.npmrc, ignore-scripts): the one add-on is built here,
// by name.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const addonFolder = join(modules, 'better-sqlite3');
const addonFile = join(addonFolder, 'build', 'Release', 'better_sqlite3.node');
const stampFile = join(modules, '.kubepass-setup');

/** How long a prebuilt add-on may take to arrive before it is compiled here, in seconds. */
const PREBUILT_TIMEOUT_SECONDS = 20;

export class SetupError extends Error {}

const say = (text) => console.error(`setup: ${text}`);

/** Installs and builds what is missing. Throws `SetupError` with a text for people. */
export async function setUp() {
  const stamp = describeState();
  if (existsSync(addonFile) && readIfThere(stampFile) === stamp) return;
  if (!packagesAreInstalled()) {
    await step(
      'installing the packages of package-lock.json (10-60 s, from the npm registry)',
      npm('ci', '--include=dev', '--no-audit', '--no-fund'),
    );
  }
  if (!(await addonWorks())) await buildAddon();
  writeFileSync(stampFile, stamp);
}

/** What an installed tree depends on: the lockfile, and the Node and machine that its add-on was built for. */
function describeState() {
  const lockfile = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return [lockfile, process.versions.modules, process.platform, process.arch].join(' ');
}

/** Compares the lockfile with npm's own record of what it installed; packages for other platforms may be absent. */
function packagesAreInstalled() {
  const record = readIfThere(join(modules, '.package-lock.json'));
  if (record === null) return false;
  const installed = JSON.parse(record).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      (installed[path] === undefined
        ? entry.optional === true
        : installed[path].version === entry.version && existsSync(join(root, path))),
  );
}

/**
 * Loads the add-on and has statements collected as garbage, which aborts the process where it was compiled against
 * the headers that `soundHeaders` mends. Asks a child, because that one may crash.
 */
async function addonWorks() {
  if (!existsSync(addonFile)) return false;
  const check = `
    const database = new (require(${JSON.stringify(addonFolder)}))(':memory:');
    const round = (left) => {
      for (let i = 0; i < 500; i++) database.prepare('SELECT 1');
      Array.from({ length: 50_000 }, () => ({}));
      if (left > 1) setImmediate(round, left - 1);
    };
    round(10);`;
  return (await run([process.execPath, '-e', check])).code === 0;
}

async function buildAddon() {
  if (process.env['npm_config_build_from_source'] !== 'true') {
    const prebuilt = await attempt(
      `looking for a prebuilt better-sqlite3 for Node ${process.versions.node} (at most ${PREBUILT_TIMEOUT_SECONDS} s)`,
      [process.execPath, join(modules, 'prebuild-install', 'bin.js')],
      { cwd: addonFolder, timeoutSeconds: PREBUILT_TIMEOUT_SECONDS },
    );
    if (prebuilt.code === 0 && (await addonWorks())) return;
    say('none to be had; compiling it here');
  }
  requireCompiler();
  const headers = soundHeaders(await findHeaders());
  // `npm rebuild` runs the package's own install script, with the node-gyp that comes with npm.
  await step('compiling better-sqlite3 (30-90 s)', npm('rebuild', 'better-sqlite3', '--ignore-scripts=false'), {
    env: {
      npm_config_build_from_source: 'true',
      ...(headers === null ? {} : { npm_config_nodedir: headers }),
      JOBS: 'max',
    },
  });
  if (!(await addonWorks())) {
    throw new SetupError(`better-sqlite3 was compiled but does not work in Node ${process.versions.node}`);
  }
}

function requireCompiler() {
  if (process.platform === 'win32') return; // node-gyp looks for Visual Studio by itself, and says so
  const python = process.env['npm_config_python'] ?? process.env['PYTHON'];
  const missing = [
    ['python3', [python, 'python3', 'python']],
    ['make', [process.env['MAKE'], 'make', 'gmake']],
    ['a C++ compiler', [process.env['CXX']?.split(' ')[0], 'c++', 'g++', 'clang++']],
  ].filter(([, commands]) => !commands.some(isOnPath));
  if (missing.length === 0) return;
  throw new SetupError(
    `better-sqlite3 must be compiled, and this machine lacks ${missing.map(([name]) => name).join(', ')}\n` +
      '  Debian, Ubuntu:  apt-get install -y python3 make g++\n' +
      '  Fedora:          dnf install -y python3 make gcc-c++\n' +
      '  macOS:           xcode-select --install',
  );
}

function isOnPath(command) {
  if (!command) return false;
  const places = command.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  return places.some((place) => {
    try {
      accessSync(join(place, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * A folder with `include/node` of exactly the running Node: its own prefix, or npm's package of that very Node.
 * Null leaves the download to node-gyp.
 */
async function findHeaders() {
  const prefix = resolve(dirname(process.execPath), '..');
  const package_ = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const cache = cacheFolder();
  const fromNpm = join(cache, 'node_modules', package_);
  const given = process.env['npm_config_nodedir'];
  const found = [given, prefix, fromNpm].find((folder) => folder && headersMatch(folder));
  if (found) return found;
  mkdirSync(cache, { recursive: true });
  await attempt(
    `fetching the headers of Node ${process.versions.node} from the npm registry (5-30 s)`,
    npm(
      'install',
      `${package_}@${process.versions.node}`,
      '--prefix',
      cache,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ),
  );
  if (headersMatch(fromNpm)) return fromNpm;
  say('they are not there; node-gyp tries to download them itself');
  return null;
}

/**
 * From 24.19 on, `node::ObjectWrap` takes back a cleanup hook in its destructor, which aborts the process when the
 * garbage collector runs it (nodejs/node#65446); better-sqlite3 12 wraps statements in it. The class is all in its
 * header: with the two calls taken out it is what it was in 24.18.
 */
function soundHeaders(folder) {
  const name = 'node_object_wrap.h';
  const original = folder === null ? null : readIfThere(join(folder, 'include', 'node', name));
  if (!original?.includes('RemoveCleanupHook();')) return folder;
  const mended = join(cacheFolder(), 'mended-headers');
  const include = join(mended, 'include', 'node');
  rmSync(mended, { recursive: true, force: true });
  mkdirSync(include, { recursive: true });
  for (const entry of readdirSync(join(folder, 'include', 'node'))) {
    if (entry !== name) symlinkSync(realpathSync(join(folder, 'include', 'node', entry)), join(include, entry));
  }
  writeFileSync(join(include, name), original.replace(/^ *(Add|Remove)CleanupHook\(\);\n/gm, ''));
  return mended;
}

function cacheFolder() {
  return join(modules, '.cache', 'kubepass', `node-${process.versions.node}`);
}

/** Headers of another version compile without a word and crash when loaded. */
function headersMatch(folder) {
  const text = readIfThere(join(folder, 'include', 'node', 'node_version.h'));
  const part = (name) => text?.match(new RegExp(`#define NODE_${name}_VERSION (\\d+)`))?.[1];
  return [part('MAJOR'), part('MINOR'), part('PATCH')].join('.') === process.versions.node;
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** The npm that runs us where there is one, else the one on the path. */
function npm(...args) {
  const script = process.env['npm_execpath'];
  return script?.endsWith('npm-cli.js') ? [process.execPath, script, ...args] : ['npm', ...args];
}

async function step(what, command, options) {
  const { code, output } = await attempt(what, command, options);
  if (code !== 0) throw new SetupError(`failed: ${what}\n${output.trimEnd().split('\n').slice(-40).join('\n')}`);
}

/** Runs a command, saying what it does, every ten seconds that it goes on, and how long it took. */
async function attempt(what, command, options) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  say(what);
  const progress = setInterval(() => say(`  … ${seconds()} s`), 10_000);
  const result = await run(command, options);
  clearInterval(progress);
  say(`  ${result.code === 0 ? 'done' : 'did not work'} after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
}

/** Runs a command to its end and collects what it prints. A command that cannot be started ends with code 127. */
function run([command, ...args], { cwd = root, env = {}, timeoutSeconds = 0 } = {}) {
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  return new Promise((resolvePromise) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(timeoutSeconds > 0 ? { timeout: timeoutSeconds * 1000, killSignal: 'SIGKILL' } : {}),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => (output = (output + text).slice(-100_000)));
    }
    child.on('error', (error) => resolvePromise({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolvePromise({ code: code ?? 1, output }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
