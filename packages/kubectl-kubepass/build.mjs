// Bundles the programs of this package into its `dist`: one file for each, on Node's builtins alone, so that people
// install them without the service and its database. The same sources give the same octets: nothing of the machine, the
// folder or the time is in them.
import { createRequire, isBuiltin } from 'node:module';
import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '..', '..');

/**
 * The programs by their bundles. All are CommonJS, which starts faster. An old Node reads the plugin as far as the line
 * that says that it is too old.
 */
const plugin = { target: 'node16' };
const program = { target: 'node20' };
const bundled = {
  'kubectl-kubepass.cjs': { source: 'packages/kubectl-kubepass/src/kubectl-kubepass.ts', ...plugin },
  'kubectl_complete-kubepass.cjs': { source: 'packages/kubectl-kubepass/src/kubectl-complete-kubepass.ts', ...plugin },
  'kubepass-inspect.cjs': { source: 'packages/inspect/src/offline/kubepass-inspect.ts', ...program },
  'kubepass-verify.cjs': { source: 'src/programs/kubepass-verify.ts', ...program },
};

const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
};

/**
 * Builds into the folder, and answers the octets of each bundle by its name, and the files that are in the bundles, as
 * paths from the root of the repository.
 */
export async function buildPlugin(folder = join(here, 'dist')) {
  rmSync(folder, { recursive: true, force: true });
  const bundles = {};
  const inputs = new Set();
  const add = ({ inputs: files }) => {
    // A folder node_modules that is a link leads out of the repository.
    for (const file of Object.keys(files))
      if (!file.startsWith('text:')) inputs.add(file.replace(/^\.\.\/.*?(?=node_modules\/)/, ''));
  };
  const plugins = modulesAsTexts(add);
  for (const [name, { source, ...form }] of Object.entries(bundled)) {
    const outfile = join(folder, name);
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [source],
      outfile,
      ...common,
      ...form,
      metafile: true,
      plugins,
    });
    mustStandAlone(name, metafile);
    add(metafile);
    chmodSync(outfile, 0o755);
    bundles[name] = readFileSync(outfile);
  }
  copyFileSync(join(root, 'LICENSE'), join(here, 'LICENSE'));
  // npm packs modes too, and those of the clone and of new files follow the umask of whoever builds.
  for (const name of ['package.json', 'LICENSE', 'README.md']) chmodSync(join(here, name), 0o644);
  return { bundles, inputs: [...inputs].sort() };
}

function mustStandAlone(name, { outputs }) {
  const outside = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external && !isBuiltin(path));
  if (outside.length > 0) throw new Error(`${name} needs ${outside.map(({ path }) => path).join(', ')}`);
}

/**
 * Two modules lie in the bundles as texts, which are compiled when they are needed. The main program of the plugin:
 * mostly the cache answers, and compiling all of it would take as long as Node takes to start. The YAML library: it is
 * a quarter of kubepass-inspect, and most files that it reads are PEM.
 */
function modulesAsTexts(add) {
  const asText = (name, filter, { entry, exported, plugins }) => ({
    name,
    setup({ onResolve, onLoad }) {
      onResolve({ filter }, () => ({ path: name, namespace: 'text' }));
      onLoad({ filter: new RegExp(`^${name}$`), namespace: 'text' }, async () => {
        const { outputFiles, metafile } = await build({
          absWorkingDir: root,
          entryPoints: [entry],
          ...common,
          target: 'node20',
          write: false,
          metafile: true,
          plugins,
        });
        mustStandAlone(name, metafile);
        add(metafile);
        const text = JSON.stringify(outputFiles[0].text);
        const contents = `let loaded;
          const load = () => {
            if (loaded) return loaded;
            const main = { exports: {} };
            new Function('require', 'module', 'exports', ${text})(require, main, main.exports);
            return (loaded = main.exports);
          };
          module.exports = { ${exported.map((each) => `get ${each}() { return load().${each}; }`).join()} };`;
        return { contents, loader: 'js' };
      });
    },
  });
  const exported = Object.keys(createRequire(import.meta.url)('yaml'));
  const yaml = asText('yaml', /^yaml$/, { entry: 'yaml', exported, plugins: [] });
  const entry = 'packages/kubectl-kubepass/src/run-plugin.ts';
  const main = asText('main-program', /\/run-plugin\.js$/, { entry, exported: ['runPlugin'], plugins: [yaml] });
  return [main, yaml];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bundles } = await buildPlugin();
  for (const [name, octets] of Object.entries(bundles)) console.log(`${name}: ${octets.length} octets`);
}
