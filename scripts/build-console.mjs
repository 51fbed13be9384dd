// Builds the pages of packages/console into dist/console/: index.html, and beside it assets/, whose names have the hash
// of their content, each with a brotli and a gzip form, and the licences of the packages that are in them. It does
// nothing where the stamp of the sources fits.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const script = fileURLToPath(import.meta.url);
const root = resolve(dirname(script), '..');
const sources = join(root, 'packages', 'console', 'src');
const target = join(root, 'dist', 'console');
const stampFile = join(target, '.stamp');

/** SHA-256 of all that the result depends on. Declarations bring nothing into it, and one of them is generated. */
function stampOf() {
  const hash = createHash('sha256');
  const inside = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of [script, join(root, 'package-lock.json'), ...inside])
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** The notices of the packages whose code is in the scripts: their licences want them kept with every copy. */
function licencesOf({ inputs }) {
  // A folder node_modules that is a link leads out of the repository.
  const packages = Object.keys(inputs).flatMap(
    (path) => /(?<=^|^\.\.\/.*\/)node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
  );
  return [...new Set(packages)]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      return `${name} ${version}\n\n${readFileSync(join(root, folder, 'LICENSE'), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(72)}\n\n`);
}

/** The document with the names of its files, and of the scripts that its own needs: a browser asks for all at once. */
function documentWith({ outputs }, licences) {
  const names = [...Object.keys(outputs), licences].map((path) => basename(path));
  const [, main] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint?.endsWith('main.tsx'));
  const needed = main.imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => basename(path));
  const preload = needed.map((name) => `<link rel="modulepreload" href="/console/assets/${name}" />\n    `).join('');
  return readFileSync(join(sources, 'index.html'), 'utf8')
    .replace('<link rel="stylesheet"', `${preload}<link rel="stylesheet"`)
    .replace(/"(main|scheme|icon|licences)\.(css|js|svg|txt)"/g, (_, stem, ending) => {
      const name = names.find((one) => one.startsWith(`${stem}-`) && one.endsWith(`.${ending}`));
      return `"/console/assets/${name}"`;
    });
}

async function buildConsole(stamp) {
  const { build } = await import('esbuild');
  const folder = `${target}-${process.pid}`;
  rmSync(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      main: join(sources, 'main.tsx'),
      scheme: join(sources, 'scheme.ts'),
      icon: join(sources, 'icon.svg'),
    },
    loader: { '.svg': 'copy' },
    outdir: join(folder, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  const texts = licencesOf(metafile);
  const licences = `licences-${createHash('sha256').update(texts).digest('hex').slice(0, 8).toUpperCase()}.txt`;
  writeFileSync(join(folder, 'assets', licences), texts);
  writeFileSync(join(folder, 'index.html'), documentWith(metafile, licences));
  const assets = readdirSync(join(folder, 'assets')).map((name) => join('assets', name));
  for (const name of ['index.html', ...assets]) {
    const octets = readFileSync(join(folder, name));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(octets, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: octets.length };
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(octets, { params }));
  }
  writeFileSync(join(folder, '.stamp'), stamp);
  rmSync(target, { recursive: true, force: true });
  try {
    renameSync(folder, target);
  } catch (error) {
    // Another process built the same meanwhile.
    rmSync(folder, { recursive: true, force: true });
    if (!existsSync(stampFile)) throw error;
  }
}

const stamp = stampOf();
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  mkdirSync(dirname(target), { recursive: true });
  await buildConsole(stamp);
}
