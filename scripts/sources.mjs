// Lets a process or a thread run the sources: `node --import ./scripts/sources.mjs src/programs/kubepass.ts serve`. The
// tests start hundreds of them, and `tsx` would take a second of processor time for each: it starts a process and a
// thread of its own, and parses its cache anew. Here esbuild translates a file once, and every later start reads what
// came out. A process's program is read from a bundle, because the thousand modules of the service take a third of its
// start.
import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const esbuild = dirname(require.resolve('esbuild/package.json'));
const { version } = JSON.parse(readFileSync(join(esbuild, 'package.json'), 'utf8'));
/**
 * Maps take an eighth of a start, so there are none without `--enable-source-maps`: then stacks name lines of the
 * translation.
 */
const sourcemap = process.sourceMapsEnabled ? 'inline' : false;
const settings = { loader: 'ts', format: 'esm', target: 'node24', sourcemap };
/** Beside the packages: who removes those removes this too. */
const cache = join(dirname(esbuild), '.cache', 'kubepass-sources', version, sourcemap || 'unmapped');
const root = fileURLToPath(new URL('..', import.meta.url));
const bundler = fileURLToPath(new URL('bundle-program.mjs', import.meta.url));
/** npm writes it whenever the packages change. */
const packages = join(dirname(esbuild), '.package-lock.json');

/**
 * An import names the file that the build makes. From the sources that is the file beside it, and for one of our
 * packages its index, as in `paths` of tsconfig.json.
 */
function sourceOf(name, parent = '') {
  const [, library, part = '.'] = /^@kubepass\/([^/]+)(?:\/(.+))?$/.exec(name) ?? [];
  if (library !== undefined) return pathToFileURL(join(root, 'packages', library, 'src', part, 'index.ts')).href;
  if (!/^(?:\.|\/|file:).*\.js$/.test(name) || parent.includes('/node_modules/')) return null;
  const url = new URL(`${name.slice(0, -'js'.length)}ts`, parent || undefined);
  return existsSync(url) ? url.href : null;
}

function translated(path) {
  const source = readFileSync(path, 'utf8');
  const file = join(cache, createHash('sha256').update(path).update('\0').update(source).digest('hex'));
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const { code } = require('esbuild').transformSync(source, { ...settings, sourcefile: path });
    keep(file, code);
    return code;
  }
}

/** Under a name of its own until it is complete, because other processes may read the file meanwhile. */
function keep(file, code) {
  const incomplete = `${file}-${randomUUID()}`;
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(incomplete, code);
    renameSync(incomplete, file);
  } catch {
    // Somebody who may not write here translates each time.
  }
}

/** The time and the size of a file, which change when somebody edits it. */
function stateOf(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size}` : 'gone';
}

/**
 * The bundle of a program as it is now, made by the first process that runs it. Null for somebody who may not write it.
 */
function bundleOf(program) {
  const name = createHash('sha256').update(program).digest('hex').slice(0, 16);
  const index = join(cache, `${name}.json`);
  try {
    const { entry, files } = JSON.parse(readFileSync(index, 'utf8'));
    if (existsSync(entry) && Object.entries(files).every(([file, state]) => stateOf(file) === state)) return entry;
  } catch {
    // Nobody made one.
  }
  const folder = join(cache, `${name}-${randomUUID()}`);
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    return null;
  }
  const begun = Date.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundler, program, folder], {
    encoding: 'utf8',
    env: {},
  });
  if (status !== 0) throw new Error(`${program} cannot be bundled: ${stderr}`);
  const sources = JSON.parse(stdout).map((file) => join(root, file));
  const entry = join(folder, 'program.mjs');
  const files = [...sources, packages, bundler];
  // Somebody may have edited one that was read already.
  if (files.every((file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < begun))
    keep(index, JSON.stringify({ entry, files: Object.fromEntries(files.map((file) => [file, stateOf(file)])) }));
  removeOlder(name, folder);
  return entry;
}

/** A process that runs may still load parts of the last one, so those of the last hour stay. */
function removeOlder(name, folder) {
  for (const other of readdirSync(cache).filter((file) => file.startsWith(`${name}-`))) {
    const path = join(cache, other);
    const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (path !== folder && Date.now() - made > 3_600_000) rmSync(path, { recursive: true, force: true });
  }
}

registerHooks({
  resolve(name, context, next) {
    // A thread has few modules. Source maps are for looking at each module.
    if (isMainThread && context.parentURL === undefined && name.endsWith('.ts') && !sourcemap) {
      const bundle = bundleOf(name.startsWith('file:') ? fileURLToPath(name) : resolve(name));
      if (bundle !== null) return { url: pathToFileURL(bundle).href, format: 'module', shortCircuit: true };
    }
    const url = sourceOf(name, context.parentURL);
    return url === null ? next(name, context) : { url, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
    return { format: 'module', source: translated(fileURLToPath(url)), shortCircuit: true };
  },
});
