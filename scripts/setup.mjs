// What a fresh clone needs before anything else runs: a Node that is new enough (runtime.mjs) and the packages of the
// lockfile. Every script of package.json but `start` calls it first; when there is nothing to do it returns at once.
// Nothing is compiled, and no package's install script runs (.npmrc, ignore-scripts).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLinked, linkRuntime, neededRuntime } from './runtime.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.kubepass-setup');

class SetupError extends Error {}

const say = (text) => console.error(`setup: ${text}`);

/** Installs what is missing. Throws `SetupError` with a text for people. */
async function setUp() {
  const runtime = neededRuntime();
  const stamp = describeState(runtime);
  if (isLinked(runtime) && readIfThere(stampFile) === stamp) return;
  // Side by side: the one mostly waits for the network, the other mostly writes files.
  await Promise.all([
    runtime === null || runtime.brought() ? undefined : bring(runtime),
    packagesAreInstalled() ? undefined : installPackages(),
  ]);
  linkRuntime(runtime);
  await checkAddon(runtime?.executable ?? process.execPath);
  writeFileSync(stampFile, stamp);
}

async function bring(runtime) {
  const { version, instead, prefix, executable, offered } = runtime;
  const byHand = 'install Node 24 or newer yourself, for example from nodejs.org';
  if (!offered) {
    throw new SetupError(
      `this is Node ${instead}, and npm offers no newer one for ${process.platform}-${process.arch}: ${byHand}`,
    );
  }
  await step(`this is Node ${instead}, so Node ${version} is brought from npm (5-30 s)`, npm('ci', '--prefix', prefix));
  // Its C library may be another one than this machine's.
  const { code, output } = await run([executable, '--version']);
  if (code !== 0) throw new SetupError(`the Node ${version} of npm does not run here: ${byHand}\n${output}`);
}

/** npm's own warning that the Node at hand is too old would be beside the point. */
function installPackages() {
  return step(
    'installing the packages of package-lock.json (10-60 s, from the npm registry)',
    npm('ci', '--include=dev'),
    {
      env: { npm_config_engine_strict: 'false' },
    },
  );
}

/** What an installed tree depends on: the lockfiles, the machine, and the Node that it runs under. */
function describeState(runtime) {
  const lockfile = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return [lockfile, process.platform, process.arch, runtime?.version ?? 'at hand'].join(' ');
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

/** The one native add-on comes as a binary for each common platform, inside its package. */
async function checkAddon(node) {
  const check = `new (require(${JSON.stringify(join(modules, 'better-sqlite3'))}))(':memory:').close()`;
  const { code, output } = await run([node, '-e', check]);
  if (code === 0) return;
  throw new SetupError(
    `better-sqlite3 does not load: its package has binaries for Linux (glibc and musl), macOS and Windows on x64 and\n` +
      `arm64, and this is ${process.platform}-${process.arch}. To build one, with a C++ compiler, make and python3:\n` +
      `  cd node_modules/better-sqlite3 && npx node-gyp rebuild --release --force_build=1\n${lastLines(output)}`,
  );
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** The npm that runs us where there is one, else the one on the path. */
function npm(command, ...args) {
  const script = process.env['npm_execpath'];
  const start = script?.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
  return [...start, command, '--ignore-scripts', '--no-audit', '--no-fund', ...args];
}

/** Runs a command to its end, saying what it does, every ten seconds that it goes on, and how long it took. */
async function step(what, command, options) {
  const started = Date.now();
  say(what);
  const progress = setInterval(() => say(`  … ${Math.round((Date.now() - started) / 1000)} s`), 10_000);
  const { code, output } = await run(command, options);
  clearInterval(progress);
  if (code !== 0) throw new SetupError(`failed: ${what}\n${lastLines(output)}`);
  say(`  done after ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const lastLines = (output) => output.trimEnd().split('\n').slice(-40).join('\n');

/** Runs a command to its end and collects what it prints. A command that cannot be started ends with code 127. */
function run([command, ...args], { env = {} } = {}) {
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  return new Promise((resolvePromise) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
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

try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
