// `npm run release:artefacts -- --out DIR [--image REF@sha256:…] [--repository URL] [--downloads URL]`: the files of a
// release, of the commit that is checked out. RELEASE_BUILDER_ID may be a URI that names the machine.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPlugin } from '../../packages/kubectl-kubepass/build.mjs';
import { packChart } from './chart.js';
import { commitOf, mustBeClean } from './git.js';
import { installManifest } from './install-manifest.js';
import { krewManifest, packPlugin } from './plugin.js';
import { checksums, type Parameters, parseBaseUrl, parseImageReference, provenance, sha256 } from './provenance.js';
import { ReleaseError, runProgram } from './release-error.js';
import { sbomAsText, sbomOfBundle, sbomOfService } from './sbom.mjs';
import { readPlace, versionOf, versionPlaces } from './version-places.js';

/**
 * The files of a release by their names: a function of the commit and the parameters. `builder` is a URI for the
 * machine. Throws `ReleaseError` if the tree differs from its commit, or has two versions.
 */
export async function makeArtefacts(
  root: string,
  parameters: Parameters,
  builder: string | null,
): Promise<ReadonlyMap<string, Buffer>> {
  mustBeClean(root);
  const { version, image, repository, downloads } = parameters;
  mustBeOneVersion(root, version);
  const commit = commitOf(root);
  const created = commit.time.toISOString().replace('.000Z', 'Z');
  const plugin = await builtPlugin();
  // The bill of the service names the packages in the console's scripts.
  execFileSync(process.execPath, [join(root, 'scripts', 'build-console.mjs')], { stdio: 'inherit' });

  const artefacts = new Map<string, Buffer>();
  const add = (name: string, content: Buffer | string) => artefacts.set(name, Buffer.from(content));
  add(`kubepass-${version}.tgz`, await packChart(root, 'deploy/chart/kubepass', commit.time, image));
  // Nothing runs by the other one, so it names no image.
  add(`kubepass-access-${version}.tgz`, await packChart(root, 'deploy/chart/kubepass-access', commit.time, null));
  add(`kubepass-${version}.yaml`, installManifest(join(root, 'deploy', 'kubernetes'), version, image));
  const archive = `kubectl-kubepass-${version}.tgz`;
  const packed = await packPlugin(join(root, pluginFolder), plugin.bundles, commit.time, repository);
  add(archive, packed);
  const uri = downloads === null ? archive : `${downloads}/${archive}`;
  add('kubepass.yaml', krewManifest({ version, uri, sha256: sha256(packed), repository }));
  add(`kubepass-${version}.cdx.json`, sbomAsText(sbomOfService({ created })));
  const bill = sbomOfBundle({ folder: pluginFolder, inputs: plugin.inputs, created });
  add(`kubectl-kubepass-${version}.cdx.json`, sbomAsText(bill));
  add(`openapi-${version}.json`, readFileSync(join(root, 'openapi', 'openapi.json')));

  const digests = () => new Map([...artefacts].map(([name, content]) => [name, sha256(content)]));
  const lockfile = sha256(readFileSync(join(root, 'package-lock.json')));
  const statement = provenance(digests(), parameters, { commit, lockfile, builder });
  add(`provenance-${version}.json`, `${JSON.stringify(statement, null, 2)}\n`);
  add('SHA256SUMS', checksums(digests()));
  // A build that changed a file would have made something else than its commit.
  mustBeClean(root);
  return artefacts;
}

const pluginFolder = 'packages/kubectl-kubepass';

/** Built elsewhere, because somebody may use the one in its `dist`. */
async function builtPlugin(): ReturnType<typeof buildPlugin> {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-kubepass-'));
  try {
    return await buildPlugin(join(folder, 'dist'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mustBeOneVersion(root: string, version: string): void {
  for (const place of versionPlaces(root))
    for (const found of place.find(readPlace(root, place)))
      if (found.version !== version)
        throw new ReleaseError(`${place.file} (${found.where}) has ${found.version} instead of ${version}: mend it`);
}

function mustBeNewOrEmpty(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found !== undefined && (!found.isDirectory() || readdirSync(folder).length > 0))
    throw new ReleaseError(`${folder} is there and is no empty folder: choose a new one`);
}

await runProgram(import.meta.url, async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      image: { type: 'string' },
      repository: { type: 'string' },
      downloads: { type: 'string' },
    },
  });
  if (!values.out) throw new ReleaseError('say where to write them: npm run release:artefacts -- --out DIR');
  const out = resolve(values.out);
  mustBeNewOrEmpty(out);
  const parameters = {
    version: versionOf(root),
    image: values.image === undefined ? null : parseImageReference(values.image),
    repository: values.repository === undefined ? null : parseBaseUrl(values.repository, '--repository'),
    downloads: values.downloads === undefined ? null : parseBaseUrl(values.downloads, '--downloads'),
  };
  const artefacts = await makeArtefacts(root, parameters, process.env['RELEASE_BUILDER_ID'] || null);
  mkdirSync(out, { recursive: true });
  for (const [name, content] of artefacts) writeFileSync(join(out, name), content);
  for (const [name, content] of artefacts) console.log(`${String(content.length).padStart(9)} octets  ${name}`);
});
