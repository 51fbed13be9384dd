// Writes the software bill of materials of an image, of the service alone, or of a bundle: CycloneDX 1.6 as JSON. It
// names each npm package with the SHA-512 of the lockfile, Node, and the packages of Debian, and nothing else. The same
// files give the same octets. It needs Node alone, because it runs while the image is built.
//
//   node scripts/release/sbom.mjs --image-root DIR [--app DIR] [--created TIME] [--out FILE]
//   node scripts/release/sbom.mjs --app-only [--created TIME] [--out FILE]
//
// https://cyclonedx.org/docs/1.6/json/, https://github.com/package-url/purl-spec
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { productionFolders } from '../image-modules.mjs';

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const text = (...path) => readFileSync(join(...path), 'utf8');
const json = (...path) => JSON.parse(text(...path));

/**
 * The SBOM of an image: `root` has its files, `app` those of its /app where they lie elsewhere, and `lockfile` is the
 * package-lock.json that they were installed by. `created` is a time of RFC 3339, or empty for none.
 */
export function sbomOfImage({ root, app = join(root, 'app'), lockfile, created = '' }) {
  const { packages } = JSON.parse(readFileSync(lockfile ?? join(checkout, 'package-lock.json'), 'utf8'));
  const folders = installedFolders(app);
  for (const folder of folders) mustBeAsLocked(folder, json(app, folder, 'package.json'), packages[folder]);
  const debian = debianPackages(root);
  const node = nodeOf(join(root, 'usr', 'local', 'bin', 'node'));
  return billOf({
    created,
    subject: { ...serviceOf(app, packages), folders: [''] },
    parts: npmComponents(folders, packages, '/app'),
    runtime: { node, debian },
    packages,
  });
}

/**
 * The SBOM of the service without a base: the npm packages that every image has, and Node. `dist/console/` must be
 * built.
 */
export function sbomOfService({ created = '' } = {}) {
  const { packages } = json(checkout, 'package-lock.json');
  const folders = productionFolders(packages).map((one) => (packages[one].link ? packages[one].resolved : one));
  const [, version] = /^FROM .*\bnode:(\d+\.\d+\.\d+)/m.exec(text(checkout, 'Dockerfile'));
  return billOf({
    created,
    subject: { ...serviceOf(checkout, packages), folders: [''] },
    parts: npmComponents(folders, packages),
    runtime: { node: nodeComponent(version), debian: [] },
    packages,
  });
}

/**
 * The SBOM of a package of the checkout that is a bundle of others. `folder` is the package
 * (`packages/kubectl-kubepass`), and `inputs` are the files in it, relative to the checkout, as `inputs` of esbuild's
 * metafile has them.
 */
export function sbomOfBundle({ folder, inputs, created = '' }) {
  const { packages } = json(checkout, 'package-lock.json');
  const manifest = json(checkout, folder, 'package.json');
  const folders = [...new Set(inputs.map((file) => folderOf(file, packages)))].filter((one) => one !== folder).sort();
  return billOf({
    created,
    subject: { component: { type: 'application', ...npmComponent(manifest, packages[folder]) }, folders: [folder] },
    parts: npmComponents(folders, packages),
    packages,
    isBundle: true,
  });
}

/** An SBOM as the octets of its file. */
export function sbomAsText(bill) {
  return `${JSON.stringify(bill, null, 2)}\n`;
}

/**
 * A part is a component with the folders of the lockfile that it lies in: two folders may hold the same version of a
 * package.
 */
function billOf({ created, subject, parts, runtime, packages, isBundle = false }) {
  const all = [subject, ...parts];
  const edges = new Map(
    all.map(({ component, folders }) => [component['bom-ref'], dependenciesOf(folders, all, packages)]),
  );
  const components = parts.map(({ component }) => component);
  // All that is in a bundle is needed by it, whatever its manifest says: those are dependencies of who builds it.
  if (isBundle) edges.set(subject.component['bom-ref'], new Set(components.map((one) => one['bom-ref'])));
  if (runtime !== undefined) {
    const { node, debian } = runtime;
    edges.get(subject.component['bom-ref']).add(node['bom-ref']);
    edges.set(node['bom-ref'], new Set(debian.map(({ component }) => component['bom-ref'])));
    for (const { component, needs } of debian)
      edges.set(
        component['bom-ref'],
        new Set(debian.filter((one) => needs.has(one.component.name)).map((one) => one.component['bom-ref'])),
      );
    components.push(node, ...debian.map(({ component }) => component));
  }
  const content = {
    metadata: { ...(created === '' ? {} : { timestamp: created }), component: subject.component },
    components: components.sort((a, b) => compare(a['bom-ref'], b['bom-ref'])),
    dependencies: [...edges]
      .sort(([a], [b]) => compare(a, b))
      .map(([ref, needed]) => ({ ref, dependsOn: [...needed].sort(compare) })),
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
}

/** By code units, as every locale and machine orders them. */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** A UUID of version 8, whose bits the application chooses (RFC 9562 5.8): a hash of the content. */
function uuidOf(content) {
  const octets = createHash('sha256').update(content).digest().subarray(0, 16);
  octets[6] = (octets[6] & 0x0f) | 0x80;
  octets[8] = (octets[8] & 0x3f) | 0x80;
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// npm

/**
 * The packages that npm finds below a folder, as the lockfile names them: `node_modules/pg`, `packages/x509`. A link is
 * named by what it leads to.
 */
function installedFolders(app, modules = 'node_modules') {
  const names = readdirSync(join(app, modules)).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(app, modules, name)).map((one) => `${name}/${one}`) : [name],
  );
  // A link is read, not followed: while the image is built, it leads elsewhere.
  const folders = names
    .map((name) => join(modules, name))
    .map((path) =>
      lstatSync(join(app, path)).isSymbolicLink() ? join(path, '..', readlinkSync(join(app, path))) : path,
    )
    .filter((folder) => existsSync(join(app, folder, 'package.json')));
  const below = folders.map((folder) => join(folder, 'node_modules')).filter((one) => existsSync(join(app, one)));
  return [...folders, ...below.flatMap((one) => installedFolders(app, one))].sort(compare);
}

function mustBeAsLocked(folder, manifest, locked) {
  if (locked === undefined || (locked.name ?? nameOf(folder)) !== manifest.name || locked.version !== manifest.version)
    throw new Error(`${folder} is ${manifest.name} ${manifest.version}, and the lockfile says something else`);
}

const nameOf = (folder) => folder.replace(/^.*node_modules\//, '');

/** The folder of the lockfile that a file is in. The service's own sources are in the folder ''. */
function folderOf(file, packages) {
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder))
    if (packages[folder] !== undefined) return folder;
  return '';
}

/** The parts for these folders of the lockfile. `place` is where they lie in an image. */
function npmComponents(folders, packages, place) {
  const parts = new Map();
  for (const folder of folders) {
    const locked = packages[folder];
    const component = npmComponent({ name: locked.name ?? nameOf(folder), version: locked.version }, locked);
    const part = parts.get(component['bom-ref']) ?? { component: { type: 'library', ...component }, folders: [] };
    part.folders.push(folder);
    parts.set(component['bom-ref'], part);
  }
  if (place !== undefined)
    for (const { component, folders: where } of parts.values())
      component.evidence = { occurrences: where.map((folder) => ({ location: `${place}/${folder}` })) };
  return [...parts.values()];
}

function npmComponent({ name, version }, { integrity, license, ...locked }) {
  const [scope, bare] = name.startsWith('@') ? name.split('/') : [undefined, name];
  // The service itself is in no registry, and somebody else may take its name there.
  const type = locked.workspaces === undefined ? 'npm' : 'generic';
  const purl = `pkg:${type}/${scope === undefined ? '' : `${encodeURIComponent(scope)}/`}${bare}@${encodeURIComponent(version)}`;
  return {
    'bom-ref': purl,
    ...(scope === undefined ? {} : { group: scope }),
    name: bare,
    version,
    ...(integrity === undefined ? {} : { hashes: [hashOf(integrity)] }),
    ...(license === undefined ? {} : { licenses: [licenceOf(license)] }),
    purl,
  };
}

/** A name of SPDX, or an expression of several. */
const licenceOf = (license) => (/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license });

/** The lockfile's `sha512-` with base64 is of the archive in the registry. */
function hashOf(integrity) {
  const [, octets] = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity) ?? [];
  if (octets === undefined) throw new Error(`the lockfile has no SHA-512 but ${integrity}`);
  return { alg: 'SHA-512', content: Buffer.from(octets, 'base64').toString('hex') };
}

/**
 * The application. Within it are the packages that the console's scripts are bundled from: they lie in no folder of
 * their own, so the file of their licences says which they are.
 */
function serviceOf(app, packages) {
  const { name, version, description } = json(app, 'package.json');
  const assets = join(app, 'dist', 'console', 'assets');
  const notices = existsSync(assets) ? readdirSync(assets).find((file) => /^licences-\w+\.txt$/.test(file)) : undefined;
  if (notices === undefined) throw new Error('the console is not built: npm run build:console');
  const bundled = text(assets, notices)
    .split(`\n${'-'.repeat(72)}\n\n`)
    .map((notice) => `node_modules/${notice.slice(0, notice.indexOf(' '))}`);
  const components = npmComponents(bundled, packages).map(({ component }) => component);
  const component = { type: 'application', ...npmComponent({ name, version }, packages['']), description };
  return { component: { ...component, components } };
}

/** The `bom-ref` of each dependency of these folders that is there. Node takes it from the nearest node_modules. */
function dependenciesOf(folders, parts, packages) {
  const refs = new Map(parts.flatMap(({ component, folders: own }) => own.map((one) => [one, component['bom-ref']])));
  const found = new Set();
  for (const folder of folders) {
    const { dependencies, optionalDependencies, peerDependencies } = packages[folder];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      for (const place of placesFrom(folder)) {
        const locked = packages[`${place}node_modules/${name}`];
        if (locked === undefined) continue;
        const ref = refs.get(locked.link ? locked.resolved : `${place}node_modules/${name}`);
        if (ref !== undefined) found.add(ref);
        break;
      }
  }
  return found;
}

/** The folder itself and those above it, each with a slash behind it. */
function placesFrom(folder) {
  const names = folder === '' ? [] : folder.split('/');
  return [...names.keys(), names.length].reverse().map((length) =>
    names
      .slice(0, length)
      .map((name) => `${name}/`)
      .join(''),
  );
}

// Node

const nodeComponent = (version, hashes) => ({
  type: 'application',
  'bom-ref': `pkg:generic/node@${version}`,
  name: 'node',
  version,
  ...(hashes === undefined ? {} : { hashes }),
  licenses: [{ license: { id: 'MIT' } }],
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  purl: `pkg:generic/node@${version}`,
});

/** The program may be of another platform, so it is read and not run. */
function nodeOf(file) {
  const program = readFileSync(file);
  const marker = Buffer.from('https://nodejs.org/download/release/v');
  const at = program.indexOf(marker);
  const [version] =
    /^\d+\.\d+\.\d+/.exec(program.toString('latin1', at + marker.length, at + marker.length + 20)) ?? [];
  if (at < 0 || version === undefined) throw new Error(`${file} does not say which version of Node it is`);
  return {
    ...nodeComponent(version, [{ alg: 'SHA-256', content: createHash('sha256').update(program).digest('hex') }]),
    evidence: { occurrences: [{ location: '/usr/local/bin/node' }] },
  };
}

// Debian

/** The packages of var/lib/dpkg/status.d/, each with the names that it depends on. */
function debianPackages(root) {
  const release = fieldsOf(text(root, 'etc', 'os-release'), '=');
  const distribution = `${release.get('ID')}-${release.get('VERSION_ID')}`.replaceAll('"', '');
  const folder = join(root, 'var', 'lib', 'dpkg', 'status.d');
  return readdirSync(folder)
    .sort(compare)
    .map((file) => {
      const fields = fieldsOf(text(folder, file), ': ');
      const [name, version, architecture] = ['Package', 'Version', 'Architecture'].map((field) => fields.get(field));
      // Each part of a purl is encoded, but for what its specification leaves as it is.
      const encoded = [name, version].map((part) => encodeURIComponent(part).replaceAll('%3A', ':')).join('@');
      const purl = `pkg:deb/debian/${encoded}?arch=${architecture}&distro=${distribution}`;
      const alternatives = `${fields.get('Depends') ?? ''},${fields.get('Pre-Depends') ?? ''}`.split(/[,|]/);
      const component = {
        type: 'library',
        'bom-ref': purl,
        name,
        version,
        purl,
        evidence: { occurrences: [{ location: `/var/lib/dpkg/status.d/${file}` }] },
      };
      return { component, needs: new Set(alternatives.map((one) => one.trim().replace(/[ :].*$/, ''))) };
    });
}

/** The fields of a file with one in a line. A line that goes on is not read. */
function fieldsOf(lines, separator) {
  return new Map(
    lines
      .split('\n')
      .filter((line) => /^[A-Za-z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf(separator)), line.slice(line.indexOf(separator) + separator.length)]),
  );
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      'image-root': { type: 'string' },
      app: { type: 'string' },
      'app-only': { type: 'boolean', default: false },
      created: { type: 'string', default: '' },
      out: { type: 'string' },
    },
  });
  const { 'image-root': root, app, 'app-only': isAppOnly, created, out } = values;
  if ((root === undefined) !== isAppOnly) throw new Error('one of --image-root DIR and --app-only is needed');
  const bill = sbomAsText(isAppOnly ? sbomOfService({ created }) : sbomOfImage({ root, app, created }));
  if (out === undefined) process.stdout.write(bill);
  else writeFileSync(out, bill);
}
