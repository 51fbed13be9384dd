// Prepares a fresh clone: a Node that is new enough (runtime.mjs), the packages of the lockfile, and the Prisma clients
// that prisma/ describes. Every script of package.json but `start` calls it first; when there is nothing to do it
// returns at once. Nothing is compiled, and no package's install script runs (.npmrc, ignore-scripts).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLinked, linkRuntime, neededRuntime } from './runtime.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.kubepass-setup');
const databases = ['sqlite', 'postgresql'];
const clients = join(root, 'src', 'store', 'generated');
const clientsStampFile = join(clients, '.made-from');

class SetupError extends Error {}

const say = (text) => console.error(`setup: ${text}`);

/** Installs and generates what is missing. Throws `SetupError` with a text for people. */
async function setUp() {
  const runtime = neededRuntime();
  const node = runtime?.executable ?? process.execPath;
  await installWhatIsMissing(runtime, node);
  await generateClients(node);
}

async function installWhatIsMissing(runtime, node) {
  const stamp = describeState(runtime);
  if (isLinked(runtime) && readIfThere(stampFile) === stamp) return;
  if (runtime !== null && !runtime.brought()) await bring(runtime);
  if (!packagesAreInstalled()) await installPackages(node);
  linkRuntime(runtime);
  await checkAddon(node);
  writeFileSync(stampFile, stamp);
}

/** Generates the Prisma clients unless they are there already and made from the same models by the same Prisma. */
async function generateClients(node) {
  const stamp = describeClients();
  const complete = databases.every((database) => existsSync(join(clients, database, 'client.ts')));
  if (complete && readIfThere(clientsStampFile) === stamp) return;
  // A run that is interrupted leaves no stamp, so the next one generates again.
  rmSync(clientsStampFile, { force: true });
  const prisma = join(modules, 'prisma', 'build', 'index.js');
  await step(
    'generating the database clients from prisma/ (1-5 s)',
    databases.map((database) => [node, prisma, 'generate', '--no-hints', '--schema', join('prisma', database)]),
  );
  writeFileSync(clientsStampFile, stamp);
}

/** Prisma's version, and a hash of all that it reads: the client of each database is a function of these. */
function describeClients() {
  const files = ['models', ...databases].flatMap((folder) =>
    readdirSync(join(root, 'prisma', folder))
      .filter((name) => name.endsWith('.prisma'))
      .sort()
      .map((name) => join('prisma', folder, name)),
  );
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  const { version } = JSON.parse(readFileSync(join(modules, 'prisma', 'package.json'), 'utf8'));
  return `${version} ${hash.digest('hex')}`;
}

async function bring(runtime) {
  const { version, instead, prefix, executable, offered } = runtime;
  const byHand = 'install Node 24 or newer yourself, for example from nodejs.org';
  if (!offered) {
    throw new SetupError(
      `this is Node ${instead}, and npm offers no newer one for ${process.platform}-${process.arch}: ${byHand}`,
    );
  }
  // It is an optional package, so npm says nothing where it is not there.
  const whyNot = () => (runtime.brought() ? null : `npm has not brought it. You may also ${byHand}`);
  const what = `this is Node ${instead}, so Node ${version} is brought from npm (5-30 s)`;
  await install(what, process.execPath, ['--prefix', prefix], whyNot);
  // Its C library may be another one than this machine's.
  const { code, output } = await run([executable, '--version']);
  if (code !== 0) throw new SetupError(`the Node ${version} of npm does not run here: ${byHand}\n${output}`);
}

/**
 * npm runs under the Node that the packages will run under, because it leaves out optional packages that its own Node
 * cannot run.
 */
function installPackages(node) {
  return install('installing the packages of package-lock.json (10-60 s, from the npm registry)', node, [
    '--include=dev',
  ]);
}

/** Without a registry npm would try for more than a minute, so it is told to use what is in its cache alone. */
async function install(what, node, args, whyNot) {
  const why = await whyNoRegistry(node);
  if (why !== null) say(`${why}, so npm's cache alone is looked at`);
  try {
    await step(what, [npm(node, 'ci', ...(why === null ? [] : ['--offline']), ...args)], node, whyNot);
  } catch (error) {
    const ways =
      'Behind a proxy: npm config set proxy http://HOST:PORT, and https-proxy too. With a mirror: npm config set registry URL';
    throw new SetupError(`${error.message}\n${why === null ? '' : `${why}. `}${ways}`);
  }
}

/**
 * Says why npm does not reach its registry, with the proxies and settings that npm has; null where there is an answer,
 * whichever it is. It takes less than ten seconds.
 */
async function whyNoRegistry(node) {
  const ask = npm(node, 'ping', '--fetch-retries=0', '--fetch-timeout=8000');
  const { code, output } = await run(ask, node, 9_000);
  const [, found] = /npm (?:error|ERR!) code (\S+)/.exec(output) ?? [];
  // E404, E401: a registry has answered, which an E502 of a proxy is not.
  if (code === 0 || /^E4\d\d$/.test(found ?? '')) return null;
  const { output: address } = await run(npm(node, 'config', 'get', 'registry'), node);
  const registry = address.trim().replace(/\/\/[^/@]*@/, '//');
  return `the npm registry ${registry} does not answer (${found ?? 'nothing came within 9 s'})`;
}

/** Names everything that an installed tree depends on: the lockfile, the machine, and the Node that it runs under. */
function describeState(runtime) {
  const lockfile = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return [lockfile, process.platform, process.arch, runtime?.version ?? 'at hand'].join(' ');
}

/**
 * Compares the lockfile with npm's own record of what it installed; packages for other platforms may be absent. The
 * packages of this repository are its sources, whatever their version.
 */
function packagesAreInstalled() {
  const record = readIfThere(join(modules, '.package-lock.json'));
  if (record === null) return false;
  const installed = JSON.parse(record).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      path.startsWith('packages/') ||
      (installed[path] === undefined
        ? entry.optional === true
        : installed[path].version === entry.version && existsSync(join(root, path))),
  );
}

/** Loads the one native add-on, whose package brings a binary for each common platform. */
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

/** A command of the npm that runs this script, or else of the npm on the path. */
function npm(node, command, ...args) {
  const script = process.env['npm_execpath'];
  const start = script?.endsWith('npm-cli.js') ? [node, script] : ['npm'];
  return [...start, command, '--ignore-scripts', '--no-audit', '--no-fund', ...args];
}

/**
 * Runs commands side by side to their end. Says what they do, that they go on every ten seconds, and how long it took.
 * `whyNot` says afterwards why it is not done all the same.
 */
async function step(what, commands, node, whyNot = () => null) {
  const started = Date.now();
  say(what);
  const progress = setInterval(() => say(`  … ${Math.round((Date.now() - started) / 1000)} s`), 10_000);
  const ends = await Promise.all(commands.map((command) => run(command, node)));
  clearInterval(progress);
  for (const { code, output } of ends) if (code !== 0) throw new SetupError(`failed: ${what}\n${lastLines(output)}`);
  const lack = whyNot();
  if (lack !== null) throw new SetupError(`failed: ${what}\n${lack}`);
  say(`  done after ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const lastLines = (output) => output.trimEnd().split('\n').slice(-40).join('\n');

/**
 * Runs a command to its end, with this `node` first on the path, and collects what it prints. A command that cannot be
 * started ends with code 127. After `milliseconds`, if they are not 0, it is killed.
 */
function run([command, ...args], node = process.execPath, milliseconds = 0) {
  const path = `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
  return new Promise((resolvePromise) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: milliseconds,
      killSignal: 'SIGKILL',
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
