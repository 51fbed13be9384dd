// Compares the files of an image with its SBOM and with its platform: `node .ci/image-content.mjs ROOT PLATFORM LISTS`.
// The platform is `amd64` or `arm64`, and LISTS is the folder var/lib/dpkg/info of the base. It looks at the files
// itself, as a scanner would, and asks scripts/release/sbom.mjs nothing. CREATED in the environment is the time that
// the SBOM must have. Prints the sizes, and what it finds, and then ends with 1.
import { createHash } from 'node:crypto';
import { globSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sbomProblems } from './sbom-schema.mjs';

const [, , root, platform, lists] = process.argv;
const problems = [];
const mustHold = (holds, problem) => holds || problems.push(problem);
/** Both must have the same elements. */
function mustEqual(found, said, things) {
  for (const one of new Set(found).difference(new Set(said))) problems.push(`the SBOM does not name ${things} ${one}`);
  for (const one of new Set(said).difference(new Set(found)))
    problems.push(`the SBOM names ${things} ${one}, which is not there`);
}
const json = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
/** The first octets of a file. */
const begins = (path, octets) => readFileSync(join(root, path)).subarray(0, octets.length).equals(octets);

/** Every file and link, from the root: `/app/package.json`. */
const filesIn = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
  );
const files = filesIn('/');

// Size, and what must not be there.

const sizes = new Map();
const seen = new Set();
for (const file of files) {
  const { size, ino } = lstatSync(join(root, file));
  const part = /^\/app\/node_modules\//.test(file)
    ? 'packages'
    : /^\/app\//.test(file)
      ? 'the service'
      : /\/node$/.test(file)
        ? 'Node'
        : 'Debian';
  if (!seen.has(ino)) sizes.set(part, (sizes.get(part) ?? 0) + size / 2 ** 20);
  seen.add(ino);
}
const total = [...sizes.values()].reduce((sum, one) => sum + one, 0);
console.log(
  `${platform}: ${total.toFixed(1)} MiB: ${[...sizes].map(([part, size]) => `${part} ${size.toFixed(1)}`).join(', ')}`,
);
mustHold(total <= 235, `it has ${total.toFixed(1)} MiB`);

const tools =
  /^(?:(?:ba|da|z|k|fi)?sh|busybox|toybox|env|touch|npm|npx|corepack|yarn|pnpm|apt(?:-get)?|dpkg|apk|python[\d.]*|perl[\d.]*|cc|gcc|make)$/;
const ofSystem = files.filter((file) => !file.startsWith('/app/'));
for (const file of files)
  mustHold(
    !tools.test(basename(file)) || (file.startsWith('/app/') && (lstatSync(join(root, file)).mode & 0o111) === 0),
    `it has ${file}`,
  );
for (const folder of ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'])
  for (const file of files.filter((one) => dirname(one) === folder))
    mustHold(file === '/usr/local/bin/node', `it has the program ${file}`);

// Programs and libraries are of the platform (ELF, e_machine).

const machine = { amd64: 62, arm64: 183 }[platform];
const isFile = (file) => lstatSync(join(root, file)).isFile();
const elf = files.filter((file) => isFile(file) && begins(file, Buffer.from('\x7fELF')));
for (const file of elf)
  mustHold(readFileSync(join(root, file)).readUInt16LE(18) === machine, `${file} is of another platform`);
mustHold(elf.length > 5 && elf.includes('/usr/local/bin/node'), 'it has no program');
// The magic numbers of Mach-O and PE.
for (const file of files.filter((one) => isFile(one) && /\.(?:node|dylib|dll|exe|so)$/.test(one)))
  mustHold(elf.includes(file), `${file} is of another system`);

// The SBOM.

const bill = json('app/sbom.cdx.json');
problems.push(...sbomProblems(bill).map((problem) => `the SBOM is not valid: ${problem}`));
const application = bill.metadata.component;
const { name, version } = json('app/package.json');
mustHold(application.name === name && application.version === version, 'the SBOM is not of the application');
mustHold(bill.metadata.timestamp === process.env.CREATED, `the SBOM is of ${bill.metadata.timestamp}`);
const componentsOf = (type) => bill.components.filter(({ purl }) => purl.startsWith(`pkg:${type}/`));
const placesOf = (components) =>
  components.flatMap(({ evidence }) => evidence.occurrences.map(({ location }) => location));
mustEqual(
  bill.components.map(({ purl }) => purl),
  ['npm', 'deb', 'generic'].flatMap((type) => componentsOf(type).map(({ purl }) => purl)),
  'of some other kind',
);

// npm: every package.json with a name and a version, wherever it lies, is of a package of the SBOM, and its hash is the
// lockfile's.

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const manifests = files
  .filter((file) => basename(file) === 'package.json' && file !== '/app/package.json')
  .map((file) => ({ folder: dirname(file), ...json(file) }))
  .filter((manifest) => manifest.name !== undefined && manifest.version !== undefined);
const purlOf = (one) => `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`;
mustEqual(
  manifests.map((one) => `${purlOf(one)} in ${one.folder}`),
  componentsOf('npm').flatMap(({ purl, ...one }) => placesOf([one]).map((place) => `${purl} in ${place}`)),
  'the package',
);
// Every folder of node_modules is a package, although its manifest may say nothing.
const folders = files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
const linked = (folder) =>
  lstatSync(join(root, folder)).isSymbolicLink() ? join(dirname(folder), readlinkSync(join(root, folder))) : folder;
mustHold(folders.length > 100, 'it has no packages');
mustEqual(folders.map(linked), placesOf(componentsOf('npm')), 'the folder');
for (const { purl, evidence, hashes, licenses } of componentsOf('npm'))
  for (const { location } of evidence.occurrences) {
    const { integrity, license } = packages[location.slice('/app/'.length)];
    const expected = integrity && [
      { alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') },
    ];
    mustHold(JSON.stringify(hashes) === JSON.stringify(expected), `the SBOM has another hash for ${purl}`);
    mustHold(
      (licenses[0].license?.id ?? licenses[0].expression) === license,
      `the SBOM has another licence for ${purl}`,
    );
  }
// Packages whose code is in the scripts of the console are within the application.
const notices = globSync('app/dist/console/assets/licences-*.txt', { cwd: root }).map((file) =>
  readFileSync(join(root, file), 'utf8'),
);
mustEqual(
  [...notices.join('').matchAll(/^(\S+) (\d\S*)\n\n/gm)].map(([, name, version]) => purlOf({ name, version })),
  application.components.map(({ purl }) => purl),
  "the console's",
);

// Debian: the packages that are on record for scanners, and every library is of one of them.

const records = readdirSync(join(root, 'var/lib/dpkg/status.d')).map((file) => {
  const record = readFileSync(join(root, 'var/lib/dpkg/status.d', file), 'utf8');
  const field = (key) => new RegExp(`^${key}: (.*)$`, 'm').exec(record)?.[1];
  mustHold(
    field('Package') === file && ['all', platform].includes(field('Architecture')),
    `the record of ${file} is of another package`,
  );
  return `pkg:deb/debian/${encodeURIComponent(file)}@${encodeURIComponent(field('Version'))}?arch=${field('Architecture')}&distro=debian-12`;
});
mustEqual(
  records,
  componentsOf('deb').map(({ purl }) => purl),
  'the package',
);
/** As the lists have it where /lib is a link, and where it is not. */
const forms = (file) => [file, file.replace(/^\/usr\/lib/, '/lib')];
const owned = new Set(
  componentsOf('deb').flatMap((one) =>
    globSync(`{${one.name},${one.name}:*}.list`, { cwd: lists }).flatMap((list) =>
      readFileSync(join(lists, list), 'utf8').split('\n'),
    ),
  ),
);
const addOns = /^\/app\/node_modules\/better-sqlite3\/prebuilds\/linux-(?:x64|arm64)\.node$/;
for (const file of elf)
  mustHold(
    file === '/usr/local/bin/node' || addOns.test(file) || forms(file).some((form) => owned.has(form)),
    `no component has ${file}`,
  );
for (const { name: one } of componentsOf('deb'))
  mustHold(readFileSync(join(root, `usr/share/doc/${one}/copyright`)).length > 0, `there is no licence of ${one}`);

// Node.

const [node, ...moreNodes] = componentsOf('generic');
const program = readFileSync(join(root, 'usr/local/bin/node'));
mustHold(
  moreNodes.length === 0 && node.name === 'node' && program.includes(`node-v${node.version}-headers`),
  'the SBOM names another Node',
);
mustHold(
  node.hashes[0].content === createHash('sha256').update(program).digest('hex'),
  'the SBOM has another hash for Node',
);
// Everything follows from the application.
const edges = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
const reached = new Set([application['bom-ref']]);
for (const ref of reached) for (const next of edges.get(ref) ?? []) reached.add(next);
mustEqual(
  reached,
  [application, ...bill.components]
    .map((one) => one['bom-ref'])
    .filter((ref) => !ref.startsWith('pkg:deb/debian/base-files@') || reached.has(ref)),
  'as a dependency',
);

mustHold(ofSystem.length > 20, 'it has no system');
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
