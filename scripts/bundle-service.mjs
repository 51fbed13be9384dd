// Writes the program of the service with its threads, and all that they load, into few files: `node
// scripts/bundle-service.mjs [FOLDER]`, `dist` where nothing else is said. Opening 1,780 modules is a fifth of a start.
// What a verb loads is in FOLDER/chunks, and a comment above each module names its source. The former commands are
// files beside the program.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { formerCommands, textOf } from './former-commands.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'src');
const folder = resolve(process.argv[2] ?? join(root, 'dist'));

/**
 * The first four packages read files beside themselves, or start threads of their own. Prisma has megabytes of engines,
 * of which a process loads one. Prisma's adapter refuses a pool that another copy of pg made.
 */
const apart = ['better-sqlite3', 'pino', 'piscina', '@fastify/swagger-ui', '@prisma/*', 'pg'];

/** A module finds its threads and files from its place in the tree of sources, wherever the bundle has it. */
const FOLDER = '@folder/';
const placed = {
  name: 'placed',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return null;
      const place = JSON.stringify(`${FOLDER}${relative(sources, path).replace(/\.ts$/, '.js')}`);
      return { loader: 'ts', contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`) };
    });
  },
};

/** A thread is named where it is started. */
function threads() {
  return globSync('**/*.ts', { cwd: sources }).flatMap((file) => {
    const text = readFileSync(join(sources, file), 'utf8');
    const started = text.matchAll(/workerFile\(import\.meta\.url, '([\w-]+)'\)/g);
    return [...started.map(([, name]) => join(dirname(file), `${name}.ts`))];
  });
}

for (const old of globSync('*', { cwd: folder, exclude: ['console'] })) rmSync(join(folder, old), { recursive: true });
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['programs/kubepass.ts', ...threads()].map((file) => ({
    in: join(sources, file),
    out: file.replace(/^programs\/|\.ts$/g, ''),
  })),
  outdir: folder,
  outbase: sources,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  write: false,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: apart,
  plugins: [placed],
  legalComments: 'none',
  logLevel: 'warning',
  // Packages in CommonJS call for Node's own modules.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
});
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  const up = `${relative(dirname(path), folder) || '.'}/`;
  writeFileSync(path, text.replaceAll(`"${FOLDER}`, `"${up}`));
}
for (const former of formerCommands)
  if (former.program !== undefined) writeFileSync(join(folder, `${former.program}.js`), textOf(former));
