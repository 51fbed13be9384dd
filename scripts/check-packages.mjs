// Whether the packages can be taken alone: packs x509 and inspect, installs them into an empty folder outside the
// repository, and runs the examples of their READMEs there. Needs `npm run build:packages`, and the npm registry for
// `yaml`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const names = ['x509', 'inspect'];
const corpus = join(root, 'packages', 'inspect', 'corpus');

/** A command of the npm that runs this script, or else of the npm on the path. */
function npm(cwd, ...args) {
  const script = process.env['npm_execpath'];
  const [command, ...start] = script?.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
  return execFileSync(command, [...start, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The first block `js` of a package's README. */
function example(name) {
  const [, code] = /^```js\n([^]*?)^```$/m.exec(readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')) ?? [];
  if (code === undefined) throw new Error(`the README of ${name} has no example`);
  return code;
}

function mustContain(output, expected) {
  if (!output.includes(expected)) throw new Error(`expected ${JSON.stringify(expected)} in:\n${output}`);
}

const folder = mkdtempSync(join(tmpdir(), 'kubepass-packages-'));
try {
  const files = names.map((name) =>
    join(folder, npm(join(root, 'packages', name), 'pack', '--silent', '--pack-destination', folder).trim()),
  );
  const run = (...args) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', ...files);
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
  if (installed.join() !== '@kubepass,yaml') throw new Error(`npm installed ${installed.join(', ')}`);

  writeFileSync(join(folder, 'client.crt'), readFileSync(join(corpus, 'user', 'input.pem')));
  for (const name of names) writeFileSync(join(folder, `${name}.js`), example(name));
  mustContain(run('x509.js'), 'Subject Public Key Info:');
  const kubeconfig = join(corpus, 'kubeconfig-client-expired', 'input.yaml');
  mustContain(run('inspect.js', kubeconfig), 'kubeconfig: Kubeconfig');
  mustContain(run('inspect.js', kubeconfig), 'The private key is not encrypted.');
  const program = join(folder, 'node_modules', '@kubepass', 'inspect', 'dist', 'offline', 'kubepass-inspect.js');
  mustContain(run(program, '--severity', 'error', join(corpus, 'user', 'input.pem')), '1 object');
  console.log(`${files.map((file) => file.slice(folder.length + 1)).join(' and ')} work alone`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
