// Lets a process or a thread run the sources: `node --import ./scripts/sources.mjs src/server.ts`. The tests start hundreds
// of them, and `tsx` would take a second of processor time for each: it starts a process and a thread of its own, and parses
// its cache anew. Here esbuild translates a file once, and every later start reads what came out.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const esbuild = dirname(require.resolve('esbuild/package.json'));
const { version } = JSON.parse(readFileSync(join(esbuild, 'package.json'), 'utf8'));
/** Maps take an eighth of a start, so there are none without `--enable-source-maps`: then stacks name lines of the translation. */
const sourcemap = process.sourceMapsEnabled ? 'inline' : false;
const settings = { loader: 'ts', format: 'esm', target: 'node24', sourcemap };
/** Beside the packages: who removes those removes this too. */
const cache = join(dirname(esbuild), '.cache', 'kubepass-sources', version, sourcemap || 'unmapped');

/** An import names the file that the build makes. From the sources that is the file beside it. */
function sourceOf(name, parent = '') {
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

registerHooks({
  resolve(name, context, next) {
    const url = sourceOf(name, context.parentURL);
    return url === null ? next(name, context) : { url, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
    return { format: 'module', source: translated(fileURLToPath(url)), shortCircuit: true };
  },
});
