// Writes a program of the sources and all that it loads into few files: `node scripts/bundle-program.mjs PROGRAM
// FOLDER`, for scripts/sources.mjs. Prints the program's own sources as JSON.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const [, , program, folder] = process.argv;

/** A module sees the file that it comes from, not the bundle: it looks for files and threads beside itself. */
const placed = {
  name: 'placed',
  setup({ onLoad, onResolve }) {
    // Megabytes of the database's engines, of which a process loads one.
    onResolve({ filter: /\.wasm-base64\./ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /\.(?:[cm]?js|ts)$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const loader = path.endsWith('.ts') ? 'ts' : 'js';
      if (text.includes('import.meta'))
        return { loader, contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
      if (!/\b__(?:dirname|filename)\b/.test(text)) return null;
      const names = `var __dirname = ${JSON.stringify(dirname(path))}, __filename = ${JSON.stringify(path)};`;
      return { loader, contents: names + text };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { program },
  outdir: folder,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'error',
  metafile: true,
  plugins: [placed],
  // It finds its library from where it lies. The other one is optional, and not installed.
  external: ['better-sqlite3', 'pg-native'],
  outExtension: { '.js': '.mjs' },
  banner: {
    js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(${JSON.stringify(program)});`,
  },
});
process.stdout.write(JSON.stringify(Object.keys(metafile.inputs).filter((file) => !file.startsWith('node_modules/'))));
